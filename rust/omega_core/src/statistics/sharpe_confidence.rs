//! How sure a Sharpe ratio is: its standard error, its probability, and how long it takes.

use super::normal::{cdf, ppf};

/// At which Sharpe ratio the variance of an estimate is taken, and over how many observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variance {
    /// At the observed ratio, over one observation less (Bailey and López de Prado 2012).
    #[default]
    Observed,
    /// At the ratio that is tested, over all observations (López de Prado and others 2025).
    Tested,
}

/// What is known of the returns that a Sharpe ratio was measured on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Sharpe ratio of a period.
    pub sr: f64,
    /// Periods.
    pub n: f64,
    /// Skewness.
    pub skewness: f64,
    /// Kurtosis; 3 for normal returns.
    pub kurtosis: f64,
    /// Autocorrelation of the first order.
    pub autocorrelation: f64,
    /// How the variance of the estimate is taken.
    pub variance: Variance,
}

/// The least number of observations that have a standard error.
const LEAST: f64 = 3.0;

impl Sample {
    /// The variance of one observation's estimate: `a − bγ₃SR + c(γ₄−1)/4·SR²`, with 1 for `a`, `b`
    /// and `c` without autocorrelation; none where it is not above 0.
    fn unit_variance(&self, sr: f64) -> Option<f64> {
        let rho = self.autocorrelation;
        let (r, squared) = (rho / (1.0 - rho), rho * rho / (1.0 - rho * rho));
        let (a, b, c) = (1.0 + 2.0 * r, 1.0 + r + squared, 1.0 + 2.0 * squared);
        let found = a - b * self.skewness * sr + c * (self.kurtosis - 1.0) / 4.0 * (sr * sr);
        (found > 0.0).then_some(found)
    }

    /// The standard error of the ratio where `benchmark` is tested.
    #[must_use]
    pub fn error(&self, benchmark: f64) -> Option<f64> {
        let enough = self.n >= LEAST;
        let (at, over) = match self.variance {
            Variance::Observed => (self.sr, self.n - 1.0),
            Variance::Tested => (benchmark, self.n),
        };
        let variance = self.unit_variance(at).filter(|_| enough)?;
        finite((variance / over).sqrt())
    }
}

/// The probability that the true ratio is above `benchmark` (Bailey and López de Prado 2012).
#[must_use]
pub fn probabilistic(sample: &Sample, benchmark: f64) -> Option<f64> {
    finite(cdf((sample.sr - benchmark) / sample.error(benchmark)?))
}

/// Observations until the probability is `confidence`; none unless the ratio is above `benchmark`.
#[must_use]
pub fn minimum_track_record(sample: &Sample, benchmark: f64, confidence: f64) -> Option<f64> {
    let (at, more) = match sample.variance {
        Variance::Observed => (sample.sr, 1.0),
        Variance::Tested => (benchmark, 0.0),
    };
    let variance = sample.unit_variance(at)?;
    let z = ppf(confidence) / (sample.sr - benchmark);
    (sample.sr > benchmark).then_some(())?;
    finite(more + variance * (z * z))
}

/// What a Sharpe ratio of a period is multiplied with to be that of `q` periods, where returns
/// have an autocorrelation of the first order (Lo 2002).
#[must_use]
pub fn annual_factor(q: f64, rho: f64) -> Option<f64> {
    let decay = (1.0 - rho.powf(q)) / (q * (1.0 - rho));
    let spread = 1.0 + 2.0 * rho / (1.0 - rho) * (1.0 - decay);
    (spread > 0.0)
        .then(|| q.sqrt() / spread.sqrt())
        .and_then(finite)
}

pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
