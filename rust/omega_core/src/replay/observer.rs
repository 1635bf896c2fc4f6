//! What may end a run from outside: interrupts, and a failing display of progress.

use std::marker::PhantomData;

/// Called every so many bars.
pub trait Observer {
    /// What it may raise; the run ends there.
    type Error;

    /// Takes the number of bars done.
    ///
    /// # Errors
    /// An interrupt, or a failure of the progress display.
    // An error and not a flag: an interrupt has to arrive as the exception that it is.
    fn tick(&mut self, bars_done: usize) -> Result<(), Self::Error>;
}

/// No interrupts and no progress.
#[derive(Debug, Clone, Copy)]
pub struct NoObserver<E>(PhantomData<E>);

impl<E> NoObserver<E> {
    /// One for strategies with this error.
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> Default for NoObserver<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Observer for NoObserver<E> {
    type Error = E;

    #[inline]
    fn tick(&mut self, _bars_done: usize) -> Result<(), E> {
        Ok(())
    }
}
