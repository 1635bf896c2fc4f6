//! Whole-column kernels: columns in, one value a bar out, NaN in warm-up.
//!
//! A value depends on bars up to its own only. NaN in gives NaN out at that place (and wherever a
//! window holds it); recursions skip it and go on from their last state.

pub mod channels;
pub mod clusters;
mod double;
mod exact;
mod extremes;
pub mod garch;
mod recursive;
mod rolling;
mod series;
pub mod special;
pub mod statistics;
pub mod volatility;
mod wide;

use crate::error::OmegaError;

pub use series::{Series, Source};

/// An indicator and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indicator {
    /// Simple moving average over a window.
    Sma(usize),
    /// Exponential moving average, `alpha = 2 / (n + 1)`, started with the mean of the first n.
    Ema(usize),
    /// Wilder's average true range.
    Atr(usize),
    /// Sample standard deviation over a window.
    RollingStd(usize),
    /// Distance from the window's mean in sample standard deviations of the window.
    Zscore(usize),
}

/// The names that `Indicator::named` knows.
pub const NAMES: [&str; 5] = ["sma", "ema", "atr", "rolling_std", "zscore"];

impl Indicator {
    /// The indicator of this name and window.
    ///
    /// # Errors
    /// `Config` where the name is unknown or the window too short.
    pub fn named(name: &str, window: usize) -> Result<Self, OmegaError> {
        let (least, indicator) = match name {
            "sma" => (1, Self::Sma(window)),
            "ema" => (1, Self::Ema(window)),
            "atr" => (1, Self::Atr(window)),
            "rolling_std" => (2, Self::RollingStd(window)),
            "zscore" => (2, Self::Zscore(window)),
            _ => {
                return Err(OmegaError::Config {
                    parameter: "indicator".into(),
                    given: name.into(),
                    expected: format!("one of {}", NAMES.join(", ")),
                    hint: "Or use self.column() with any Polars expression".into(),
                });
            }
        };
        if window < least {
            return Err(OmegaError::Config {
                parameter: format!("{name} window"),
                given: window.to_string(),
                expected: format!("at least {least}"),
                hint: "Choose a longer window".into(),
            });
        }
        Ok(indicator)
    }

    /// Bars needed before the first value.
    #[must_use]
    pub fn warmup(self) -> usize {
        match self {
            Self::Sma(n) | Self::Ema(n) | Self::RollingStd(n) | Self::Zscore(n) => n,
            Self::Atr(n) => n + 1,
        }
    }

    /// Its values over one series; `Atr` reads high, low and close instead (`atr`).
    #[must_use]
    pub fn over(self, values: &Series<'_>) -> Vec<f64> {
        match self {
            Self::Sma(n) => rolling::sma(values, n),
            Self::Ema(n) => recursive::ema(values, n),
            Self::RollingStd(n) => rolling::std(values, n),
            Self::Zscore(n) => rolling::zscore(values, n),
            Self::Atr(n) => recursive::rma(values, n),
        }
    }
}

/// Wilder's average true range over n bars: the first value is the plain mean of n true ranges,
/// which need the close before, so it stands at bar n (Wilder 1978; TA-Lib's `ATR`).
#[must_use]
pub fn atr(high: &Series<'_>, low: &Series<'_>, close: &Series<'_>, n: usize) -> Vec<f64> {
    recursive::atr(high, low, close, n)
}
