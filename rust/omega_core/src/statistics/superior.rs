//! Whether the best of many trials beats a benchmark: White's reality check (2000), Hansen's test
//! of superior predictive ability (2005), studentised, and Romano's and Wolf's step-down (2005).

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Matrix, number, on_threads, positive, sum, varies, whole};

/// What the returns themselves give.
#[derive(Debug, Clone, PartialEq)]
pub struct Superior {
    /// White's: the largest `√n·mean`.
    pub reality_check: f64,
    /// Hansen's: the largest studentised mean, 0 at least.
    pub spa: f64,
    /// The studentised mean of each trial.
    pub statistics: Vec<f64>,
    /// How many resamples reach each of them.
    pub counts: Counts,
}

/// How many resamples were as large or larger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Of the reality check.
    pub reality_check: u64,
    /// Of Hansen's test, recentred by the lower, the consistent and the upper way.
    pub spa: [u64; 3],
    /// Of the step-down, of each trial: of the largest among those that are not better than it.
    pub trials: Vec<u64>,
}

/// Resamples whose means are made in one pass over the returns.
const AT_ONCE: usize = 8;
/// Trials whose sums stay near the processor.
const CHUNK: usize = 512;
/// A weight below it changes no bit of a sum.
const NO_WEIGHT: f64 = 1e-18;

/// What every resample is compared with.
struct Test<'a> {
    returns: Matrix<'a>,
    means: Vec<f64>,
    /// Deviation of `√n·mean`; 0 for a trial that never varies.
    deviations: &'a [f64],
    root: f64,
    /// What each way of recentring takes off.
    centres: [Vec<f64>; 3],
    statistics: Vec<f64>,
    /// Trials from the worst statistic to the best; of equal ones the last first.
    ascending: Vec<usize>,
    reality_check: f64,
    spa: f64,
}

/// The tests over given resamples, each `periods` row numbers; `deviations` as
/// [`stationary_deviations`] gives them.
#[must_use]
pub fn superior(returns: Matrix<'_>, resamples: &[u32], deviations: &[f64]) -> Superior {
    let test = Test::of(returns, deviations);
    let rows = returns.periods();
    let groups: Vec<&[u32]> = resamples.chunks(rows * AT_ONCE).collect();
    let counts = on_threads(|| {
        let each = groups.into_par_iter().map(|group| test.counts(group));
        each.reduce(|| Counts::none(returns.trials), Counts::and)
    });
    Superior {
        reality_check: test.reality_check,
        spa: test.spa,
        statistics: test.statistics,
        counts,
    }
}

impl<'a> Test<'a> {
    fn of(returns: Matrix<'a>, deviations: &'a [f64]) -> Self {
        let n = number(returns.periods());
        let root = n.sqrt();
        let means = returns.means();
        let statistics: Vec<f64> = means
            .iter()
            .zip(deviations)
            .map(|(mean, deviation)| ratio(root * mean, *deviation))
            .collect();
        let threshold = 2.0 * positive(n.ln().ln());
        let consistent = |mean: f64, deviation: f64| {
            let least = 0.0 - (deviation * deviation / n * threshold).sqrt();
            if mean >= least { mean } else { 0.0 }
        };
        let pairs = || means.iter().zip(deviations);
        let centres = [
            means.iter().map(|mean| positive(*mean)).collect(),
            pairs()
                .map(|(mean, deviation)| consistent(*mean, *deviation))
                .collect(),
            means.clone(),
        ];
        let mut ascending: Vec<usize> = (0..returns.trials).collect();
        ascending.sort_by(|&a, &b| statistics[a].total_cmp(&statistics[b]).then(b.cmp(&a)));
        Self {
            reality_check: largest(means.iter().map(|mean| root * mean)),
            spa: positive(largest(statistics.iter().copied())),
            returns,
            deviations,
            root,
            centres,
            ascending,
            statistics,
            means,
        }
    }

    /// The counts of a few resamples.
    fn counts(&self, resamples: &[u32]) -> Counts {
        let mut counts = Counts::none(self.returns.trials);
        for means in self.resampled(resamples) {
            self.count(&means, &mut counts);
        }
        counts
    }

    /// The means of all trials over each resample: of how often each row was drawn, from the first
    /// row to the last.
    fn resampled(&self, resamples: &[u32]) -> Vec<Vec<f64>> {
        let (rows, trials) = (self.returns.periods(), self.returns.trials);
        let drawn: Vec<Vec<f64>> = resamples
            .chunks_exact(rows)
            .map(|draw| {
                let mut times = vec![0.0; rows];
                for &row in draw {
                    times[row as usize] += 1.0;
                }
                times
            })
            .collect();
        let mut sums = vec![vec![0.0; trials]; drawn.len()];
        for begin in (0..trials).step_by(CHUNK) {
            let end = (begin + CHUNK).min(trials);
            for (row, values) in self.returns.rows().enumerate() {
                for (sums, times) in sums.iter_mut().zip(&drawn) {
                    let times = times[row];
                    for (sum, value) in sums[begin..end].iter_mut().zip(&values[begin..end]) {
                        *sum += times * value;
                    }
                }
            }
        }
        for sum in sums.iter_mut().flatten() {
            *sum /= number(rows);
        }
        sums
    }

    /// Compares one resample with the returns themselves.
    fn count(&self, means: &[f64], counts: &mut Counts) {
        let apart = |trial: usize, centre: &[f64]| self.root * (means[trial] - centre[trial]);
        let all = 0..means.len();
        let white = largest(all.clone().map(|trial| apart(trial, &self.means)));
        counts.reality_check += u64::from(white >= self.reality_check);
        for (count, centre) in counts.spa.iter_mut().zip(&self.centres) {
            let each = all.clone();
            let each = each.map(|trial| ratio(apart(trial, centre), self.deviations[trial]));
            *count += u64::from(positive(largest(each)) >= self.spa);
        }
        let mut most = f64::NEG_INFINITY;
        for &trial in &self.ascending {
            let own = ratio(apart(trial, &self.means), self.deviations[trial]);
            most = if own > most { own } else { most };
            counts.trials[trial] += u64::from(most >= self.statistics[trial]);
        }
    }
}

impl Counts {
    fn none(trials: usize) -> Self {
        Self {
            reality_check: 0,
            spa: [0; 3],
            trials: vec![0; trials],
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.reality_check += other.reality_check;
        for (own, more) in self.spa.iter_mut().zip(other.spa) {
            *own += more;
        }
        for (own, more) in self.trials.iter_mut().zip(other.trials) {
            *own += more;
        }
        self
    }
}

/// 0 for a trial that never varies: it is not better than anything.
fn ratio(value: f64, deviation: f64) -> f64 {
    if deviation > 0.0 {
        value / deviation
    } else {
        0.0
    }
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(
        f64::NEG_INFINITY,
        |most, value| if value > most { value } else { most },
    )
}

/// The deviation of `√n·mean` of each column under the stationary bootstrap of this mean block
/// length, in closed form (Politis and Romano 1994).
#[must_use]
pub fn stationary_deviations(returns: Matrix<'_>, block: f64) -> Vec<f64> {
    let n = returns.periods();
    let weights = weights(n, 1.0 / block);
    let means = returns.means();
    on_threads(|| {
        let each = (0..returns.trials).into_par_iter().map(|trial| {
            let column: Vec<f64> = returns.rows().map(|row| row[trial]).collect();
            if !varies(&column) {
                return 0.0;
            }
            let apart: Vec<f64> = column.iter().map(|value| value - means[trial]).collect();
            deviation(&apart, &weights)
        });
        each.collect()
    })
}

/// Lags and their weights: `(1 − i/n)(1 − p)^i + (i/n)(1 − p)^(n − i)`.
fn weights(n: usize, p: f64) -> Vec<(usize, f64)> {
    let mut powers = vec![1.0; n + 1];
    for i in 1..=n {
        powers[i] = powers[i - 1] * (1.0 - p);
    }
    let weight = |i: usize| {
        let (i, rest) = (number(i), number(n - i));
        rest / number(n) * powers[whole(i)] + i / number(n) * powers[whole(rest)]
    };
    (1..n)
        .map(|i| (i, weight(i)))
        .filter(|(_, weight)| *weight > NO_WEIGHT)
        .collect()
}

fn deviation(apart: &[f64], weights: &[(usize, f64)]) -> f64 {
    let n = number(apart.len());
    let covariance = |lag: usize| sum(apart[lag..].iter().zip(apart).map(|(a, b)| a * b)) / n;
    let mut variance = covariance(0);
    for &(lag, weight) in weights {
        variance += 2.0 * weight * covariance(lag);
    }
    // Rounding may leave less than nothing.
    positive(variance).sqrt()
}
