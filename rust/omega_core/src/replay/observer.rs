//! The outside world: interrupts and progress.

use std::marker::PhantomData;

/// Is called every so many bars.
pub trait Observer {
    /// What it may raise; the run ends there.
    type Error;

    /// So many bars are done.
    ///
    /// # Errors
    /// An interrupt, or a failure of the progress display.
    fn tick(&mut self, bars_done: usize) -> Result<(), Self::Error>;
}

/// Nobody watches the run.
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
