//! How long the blocks of a bootstrap should be (Politis and White 2004; Patton, Politis and White
//! 2009).

use super::{number, sum, varies, whole};

/// Mean length of the stationary bootstrap's blocks, and length of the circular one's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockLengths {
    /// Of the stationary bootstrap.
    pub stationary: f64,
    /// Of the circular bootstrap.
    pub circular: f64,
}

/// Both lengths; 1 for a series that never varies.
#[must_use]
pub fn block_lengths(values: &[f64]) -> BlockLengths {
    let n = number(values.len());
    let mean = sum(values.iter().copied()) / n;
    let apart: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let most = (3.0 * n.sqrt()).min(n / 3.0).ceil().max(1.0);
    let quiet = whole(n.log10()).max(5);
    let last = (whole(n.sqrt().ceil()) + quiet).min(values.len().saturating_sub(2));
    if !varies(values) || last == 0 {
        return BlockLengths {
            stationary: 1.0,
            circular: 1.0,
        };
    }
    let (covariances, correlations) = lags(&apart, last);
    let band = 2.0 * (n.log10() / n).sqrt();
    let m = match first_quiet(&correlations, quiet, band) {
        Some(lag) => (2 * lag.max(1)).min(last),
        None => last,
    };
    let (mut g, mut spread) = (0.0, covariances[0]);
    for (lag, covariance) in covariances.iter().enumerate().take(m + 1).skip(1) {
        let part = number(lag) / number(m);
        let weight = if part <= 0.5 { 1.0 } else { 2.0 * (1.0 - part) };
        g += 2.0 * weight * number(lag) * covariance;
        spread += 2.0 * weight * covariance;
    }
    let squared = spread * spread;
    let length = |d: f64| {
        let found = (2.0 * (g * g) / d).powf(1.0 / 3.0) * n.powf(1.0 / 3.0);
        // A spread of 0 has no such length; a block has one row at least.
        if found.is_finite() {
            found.clamp(1.0, most)
        } else {
            most
        }
    };
    BlockLengths {
        stationary: length(2.0 * squared),
        circular: length(4.0 / 3.0 * squared),
    }
}

/// Autocovariances over all rows, and autocorrelations over those that have a partner.
fn lags(apart: &[f64], last: usize) -> (Vec<f64>, Vec<f64>) {
    let n = apart.len();
    let square = |values: &[f64]| sum(values.iter().map(|a| a * a));
    let one = |lag: usize| {
        let cross = sum(apart[lag..].iter().zip(apart).map(|(a, b)| a * b));
        let scale = square(&apart[lag + 1..]) * square(&apart[..n - lag - 1]);
        (cross / number(n), cross.abs() / scale.sqrt())
    };
    (0..=last).map(one).unzip()
}

/// The first lag that begins a window of correlations inside the band.
fn first_quiet(correlations: &[f64], window: usize, band: f64) -> Option<usize> {
    (window..correlations.len())
        .map(|end| end - window)
        .find(|&begin| {
            correlations[begin..begin + window]
                .iter()
                .all(|c| *c < band)
        })
}
