//! Statistics of many trials: how much of the best of them is luck.
//!
//! In: Sharpe ratios and their moments, or a matrix of returns, a row a period and a column a
//! trial. Out: probabilities. Nothing is annualised; a kurtosis is that of the whole, 3 for normal
//! returns; what is undefined is `None`. Sums run from the first row to the last, so that the
//! reference backend comes to the same bits. `docs/guides/how-much-is-luck.md` explains what each
//! number means.

mod blocks;
mod bootstrap;
mod deflated;
mod effective;
mod intervals;
mod moments;
mod normal;
mod overfitting;
mod plateau;
mod sharpe_confidence;
mod superior;
mod trade_order;

pub use blocks::{BlockLengths, block_lengths};
pub use bootstrap::{draws, every_draw};
pub use deflated::{deflated, expected_maximum, minimum_backtest_years, trials_to_doubt};
pub use effective::{Estimator, effective_trials};
pub use intervals::{Interval, Method, Statistic, interval, quantile, resampled};
pub use moments::{BlockMoments, Moments, trial_moments};
pub use normal::{cdf, maximum, ppf};
pub use overfitting::{Overfitting, overfitting};
pub use plateau::{Plateau, plateau};
pub use sharpe_confidence::{Sample, Variance, annual_factor, minimum_track_record, probabilistic};
pub use superior::{Counts, Superior, stationary_deviations, superior};
pub use trade_order::{Path, every_order, orders, paths};

/// Returns of trials: a row a period, a column a trial, row after row.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    /// All values.
    pub values: &'a [f64],
    /// Columns.
    pub trials: usize,
}

impl<'a> Matrix<'a> {
    /// Rows.
    #[must_use]
    pub fn periods(&self) -> usize {
        self.values.len() / self.trials.max(1)
    }

    fn rows(&self) -> impl Iterator<Item = &'a [f64]> {
        self.values.chunks_exact(self.trials.max(1))
    }

    /// The mean of each column.
    fn means(&self) -> Vec<f64> {
        let n = number(self.periods());
        let mut sums = vec![0.0; self.trials];
        for row in self.rows() {
            add(&mut sums, row);
        }
        sums.iter().map(|sum| sum / n).collect()
    }
}

/// Adds numbers to others, each to the one in its place.
fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Added up from the first to the last, starting at 0.
fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |total, value| total + value)
}

/// The value where it is above 0, else 0: a comparison, since the larger of 0 and −0 has no sign.
fn positive(value: f64) -> f64 {
    if value > 0.0 { value } else { 0.0 }
}

/// Whether two numbers are equal, bit for bit but for the sign of 0.
#[expect(
    clippy::float_cmp,
    reason = "ties and series that never move are exact"
)]
fn same(a: f64, b: f64) -> bool {
    a == b
}

/// Whether a series has two values that differ.
fn varies(values: &[f64]) -> bool {
    values.iter().any(|value| !same(*value, values[0]))
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

/// A number that is not below 0, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not below 0, and counts are far below 2^53"
)]
fn whole(number: f64) -> usize {
    number as usize
}

/// The threads of this machine for one task; its outcome does not depend on how many they are.
fn on_threads<T: Send>(task: impl FnOnce() -> T + Send) -> T {
    // A pool of its own, which leaves no threads behind; without one the task goes on this thread.
    match rayon::ThreadPoolBuilder::new().build() {
        Ok(pool) => pool.install(task),
        Err(_) => task(),
    }
}
