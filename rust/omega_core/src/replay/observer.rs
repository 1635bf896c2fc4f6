//! The outside world: interrupts and progress.

use std::convert::Infallible;
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
pub struct NoObserver<E = Infallible>(PhantomData<E>);

impl<E> Default for NoObserver<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E> Observer for NoObserver<E> {
    type Error = E;

    #[inline]
    fn tick(&mut self, _bars_done: usize) -> Result<(), E> {
        Ok(())
    }
}
