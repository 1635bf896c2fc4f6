//! One piece of work a row, for each stage: the same data and the same answer in each process.
//!
//! [`all`] lists them. A workload makes its data once; from then on it gives as often as wanted a
//! [`Work`], which is run once and leaves what it did as a number. What it needs to be new, such as
//! rows that become tables, it copies before, where nobody counts.

mod bars;
mod columns;
mod indicators;
mod replay;
mod results;

use omega_core::error::OmegaError;

/// What is measured: it is run once, and its answer shows what it did.
pub type Work = Box<dyn FnOnce() -> f64>;

/// Gives the work anew.
pub type Again = Box<dyn Fn() -> Work>;

/// A piece of work with a name.
pub struct Workload {
    /// The stage, and what of it.
    pub name: &'static str,
    /// Makes the data.
    pub prepare: fn() -> Result<Again, OmegaError>,
    /// What each run of it answers.
    pub answer: Answer,
}

/// What is known of an answer.
pub enum Answer {
    /// The number itself.
    Is(f64),
    /// A sum over values that another test holds: finite and not 0.
    Finite,
}

impl Workload {
    /// The data, after the work was done once and its answer was right.
    ///
    /// # Errors
    /// Whatever the core raises.
    ///
    /// # Panics
    /// Where the answer is another, or differs from one run to the next.
    pub fn checked(&self) -> Result<Again, OmegaError> {
        let again = (self.prepare)()?;
        let answer = again()();
        match self.answer {
            Answer::Is(expected) => assert!(
                answer.to_bits() == expected.to_bits(),
                "{}: the answer is {answer}, expected {expected}",
                self.name
            ),
            Answer::Finite => assert!(
                answer.is_finite() && answer != 0.0,
                "{}: the answer is {answer}, expected a number other than 0",
                self.name
            ),
        }
        let second = again()();
        assert!(
            answer.to_bits() == second.to_bits(),
            "{}: the second answer is {second}, expected {answer} again",
            self.name
        );
        Ok(again)
    }
}

/// All workloads, in the order of the stages.
pub fn all() -> impl Iterator<Item = &'static Workload> {
    [
        columns::WORKLOADS,
        indicators::WORKLOADS,
        replay::WORKLOADS,
        results::WORKLOADS,
    ]
    .into_iter()
    .flatten()
}
