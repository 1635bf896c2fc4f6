//! How many independent trials correlated ones are worth.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::sharpe_confidence::finite;
use super::{Matrix, number, on_threads, sum, varies};

/// How they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Estimator {
    /// `(Σλ)² / Σλ²` of the eigenvalues of the correlation matrix.
    #[default]
    Participation,
    /// `ρ̄ + (1 − ρ̄)·N` of the mean correlation (Bailey and López de Prado 2014).
    Average,
    /// `exp(−Σ p ln p)` of the eigenvalues' shares.
    Entropy,
}

/// Sweeps of the rotations over the matrix; a few are enough.
const SWEEPS: usize = 60;
/// Products that are added up at a time.
const TOGETHER: usize = 8;
/// Below it a share of an eigenvalue is rounding.
const NO_SHARE: f64 = 1e-14;

/// The number of independent trials; those that never vary do not count. None without one that
/// does.
#[must_use]
pub fn effective_trials(returns: Matrix<'_>, estimator: Estimator) -> Option<f64> {
    let scaled = standardised(returns);
    let trials = scaled.len();
    if trials == 0 {
        return None;
    }
    let n = number(trials);
    match estimator {
        Estimator::Participation => {
            // The trace is `N`, and the squares of the entries add up to those of the eigenvalues:
            // also over the products of the rows, which are fewer where there are more trials.
            let gram = if trials <= returns.periods() {
                products(&scaled)
            } else {
                products(&transposed(&scaled))
            };
            finite(n * n / sum(gram.iter().map(|c| c * c)))
        }
        Estimator::Average => {
            let all = sum(products(&scaled));
            let mean = if trials > 1 {
                (all - n) / (n * (n - 1.0))
            } else {
                0.0
            };
            finite(mean + (1.0 - mean) * n)
        }
        Estimator::Entropy => {
            let rows = if trials <= returns.periods() {
                scaled
            } else {
                transposed(&scaled)
            };
            let shares = eigenvalues(products(&rows), rows.len());
            let parts = shares.iter().map(|value| value / n);
            let entropy = sum(parts.filter(|&p| p > NO_SHARE).map(|p| p * p.ln()));
            finite((0.0 - entropy).exp())
        }
    }
}

/// The columns that vary, about their means and of length 1.
fn standardised(returns: Matrix<'_>) -> Vec<Vec<f64>> {
    let means = returns.means();
    (0..returns.trials)
        .filter_map(|trial| {
            let column: Vec<f64> = returns.rows().map(|row| row[trial]).collect();
            let varies = varies(&column);
            let apart: Vec<f64> = column.iter().map(|value| value - means[trial]).collect();
            let length = sum(apart.iter().map(|a| a * a)).sqrt();
            (varies && length > 0.0).then(|| apart.iter().map(|a| a / length).collect())
        })
        .collect()
}

fn transposed(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    (0..rows[0].len())
        .map(|place| rows.iter().map(|row| row[place]).collect())
        .collect()
}

/// The products of all rows with each other, row after row.
///
/// Each is added up from the first value to the last. Some of them at a time go along a row, as a
/// sum alone waits for each of its additions; those below the diagonal are those above it.
fn products(rows: &[Vec<f64>]) -> Vec<f64> {
    let n = rows.len();
    let panels: Vec<(usize, Vec<f64>)> = (0..n)
        .step_by(TOGETHER)
        .map(|first| (first, panel(&rows[first..n.min(first + TOGETHER)])))
        .collect();
    let lines: Vec<Vec<f64>> = on_threads(|| {
        let line = |place: usize| {
            let mut found = vec![0.0; n];
            for (first, panel) in &panels[place / TOGETHER..] {
                let sums = along(&rows[place], panel);
                let until = n.min(first + TOGETHER);
                found[*first..until].copy_from_slice(&sums[..until - first]);
            }
            found
        };
        (0..n).into_par_iter().map(line).collect()
    });
    (0..n * n)
        .map(|place| {
            let (one, two) = (place / n, place % n);
            lines[one.min(two)][one.max(two)]
        })
        .collect()
}

/// Rows side by side: the first values of all of them, then the second ones; 0 for those missing.
fn panel(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut found = vec![0.0; rows[0].len() * TOGETHER];
    for (place, row) in rows.iter().enumerate() {
        for (into, value) in found[place..].iter_mut().step_by(TOGETHER).zip(row) {
            *into = *value;
        }
    }
    found
}

/// The products of a row with those of a panel.
fn along(row: &[f64], panel: &[f64]) -> [f64; TOGETHER] {
    let mut sums = [0.0; TOGETHER];
    for (value, others) in row.iter().zip(panel.chunks_exact(TOGETHER)) {
        for (sum, other) in sums.iter_mut().zip(others) {
            *sum += value * other;
        }
    }
    sums
}

/// Eigenvalues of a symmetric matrix by Jacobi's rotations, in the order of its diagonal.
fn eigenvalues(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                rotated |= rotate(&mut a, n, p, q);
            }
        }
        if !rotated {
            break;
        }
    }
    (0..n).map(|k| a[k * n + k]).collect()
}

/// Turns two rows and columns so that their entry is 0; whether it was not.
fn rotate(matrix: &mut [f64], n: usize, one: usize, two: usize) -> bool {
    let apart = matrix[one * n + two];
    if apart.abs() <= 1e-18 {
        return false;
    }
    let theta = (matrix[two * n + two] - matrix[one * n + one]) / (2.0 * apart);
    let size = 1.0 / (theta.abs() + (theta * theta + 1.0).sqrt());
    let tangent = if theta < 0.0 { 0.0 - size } else { size };
    let along = 1.0 / (tangent * tangent + 1.0).sqrt();
    let across = tangent * along;
    let mut turn = |first: usize, second: usize| {
        let (x, y) = (matrix[first], matrix[second]);
        matrix[first] = along * x - across * y;
        matrix[second] = across * x + along * y;
    };
    for k in 0..n {
        turn(k * n + one, k * n + two);
    }
    for k in 0..n {
        turn(one * n + k, two * n + k);
    }
    true
}
