//! How many independent trials correlated ones are worth.

use super::sharpe::finite;
use super::{Matrix, number, sum, varies};

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
fn products(rows: &[Vec<f64>]) -> Vec<f64> {
    let product = |a: &[f64], b: &[f64]| sum(a.iter().zip(b).map(|(x, y)| x * y));
    rows.iter()
        .flat_map(|a| rows.iter().map(move |b| product(a, b)))
        .collect()
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
