//! Moments of returns: of a whole sample, and of its blocks.

use super::sharpe_confidence::finite;
use super::{Matrix, number, sum, varies};

/// Mean, spread and shape of a sample, corrected for its size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Sample standard deviation; 0 where all values are the same.
    pub deviation: f64,
    /// Skewness; none below three values or without spread.
    pub skewness: Option<f64>,
    /// Kurtosis, 3 for a normal sample; none below four values or without spread.
    pub kurtosis: Option<f64>,
}

impl Moments {
    /// Of at least one value.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let n = number(values.len());
        let mean = sum(values.iter().copied()) / n;
        // In one pass: each sum waits for its own last addition, and not for the others.
        let (squares, cubes, fourths) = values.iter().fold((0.0, 0.0, 0.0), |sums, value| {
            let d = value - mean;
            let square = d * d;
            (
                sums.0 + square,
                sums.1 + square * d,
                sums.2 + square * square,
            )
        });
        // A mean may be rounded, so that equal values would have a spread.
        let varies = varies(values);
        let second = squares / n;
        let deviation = if varies {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        };
        let skewness = (varies && n > 2.0).then(|| {
            let third = cubes / n / (second * second.sqrt());
            third * ((n * (n - 1.0)).sqrt() / (n - 2.0))
        });
        let kurtosis = (varies && n > 3.0).then(|| {
            let fourth = fourths / n / (second * second);
            let factor = (n - 1.0) / ((n - 2.0) * (n - 3.0));
            factor * ((n + 1.0) * (fourth - 3.0) + 6.0) + 3.0
        });
        Self {
            mean,
            deviation,
            skewness: skewness.and_then(finite),
            kurtosis: kurtosis.and_then(finite),
        }
    }

    /// The Sharpe ratio of a period; 0 without spread.
    #[must_use]
    pub fn sharpe(&self) -> f64 {
        if self.deviation > 0.0 {
            self.mean / self.deviation
        } else {
            0.0
        }
    }
}

/// What the blocks of returns add up to, about the first return of each trial.
///
/// The Sharpe ratio of any union of blocks needs no more. About the first return, since its values
/// are near the others' and the sums of a trial that never moves are exactly 0.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockMoments {
    /// Rows of each block; the first are one longer where they are not equal.
    pub lengths: Vec<usize>,
    /// The first return of each trial.
    pub offsets: Vec<f64>,
    /// Sums of the returns, block after block, each with a number for each trial.
    pub sums: Vec<f64>,
    /// Sums of their squares.
    pub squares: Vec<f64>,
}

impl BlockMoments {
    /// Of a matrix with at least as many rows as there are blocks.
    #[must_use]
    pub fn of(returns: Matrix<'_>, blocks: usize) -> Self {
        let trials = returns.trials;
        let lengths = lengths(returns.periods(), blocks);
        let offsets = returns.values[..trials].to_vec();
        let (mut sums, mut squares) = (vec![0.0; blocks * trials], vec![0.0; blocks * trials]);
        let mut rows = returns.rows();
        for (block, &length) in lengths.iter().enumerate() {
            let place = block * trials..(block + 1) * trials;
            let (sums, squares) = (&mut sums[place.clone()], &mut squares[place]);
            for row in rows.by_ref().take(length) {
                let own = sums.iter_mut().zip(squares.iter_mut());
                for ((sum, square), (value, offset)) in own.zip(row.iter().zip(&offsets)) {
                    let apart = value - offset;
                    *sum += apart;
                    *square += apart * apart;
                }
            }
        }
        Self {
            lengths,
            offsets,
            sums,
            squares,
        }
    }
}

/// The rows of each block: no row is lost, and the first blocks are one longer.
fn lengths(periods: usize, blocks: usize) -> Vec<usize> {
    let (each, rest) = (periods / blocks, periods % blocks);
    (0..blocks)
        .map(|block| each + usize::from(block < rest))
        .collect()
}

/// What a sweep keeps of a run: periods, Sharpe ratio, skewness, kurtosis, then the first return,
/// the sums of its blocks and of their squares. NaN is undefined; fewer returns than blocks have
/// the first four alone.
#[must_use]
pub fn trial_moments(returns: &[f64], blocks: usize) -> Vec<f64> {
    if returns.is_empty() {
        return vec![0.0, f64::NAN, f64::NAN, f64::NAN];
    }
    let shape = Moments::of(returns);
    let mut kept = vec![
        number(returns.len()),
        shape.sharpe(),
        shape.skewness.unwrap_or(f64::NAN),
        shape.kurtosis.unwrap_or(f64::NAN),
    ];
    if returns.len() >= blocks {
        let one = Matrix {
            values: returns,
            trials: 1,
        };
        let own = BlockMoments::of(one, blocks);
        kept.extend(own.offsets);
        kept.extend(own.sums);
        kept.extend(own.squares);
    }
    kept
}
