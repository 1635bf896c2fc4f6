//! What a unit of quote currency is worth in account currency (M2).

use std::sync::Arc;

use crate::store::SymbolCandles;
use crate::types::Bar;

/// Where the rate comes from.
#[derive(Debug, Clone)]
pub enum Rates {
    /// One rate for all times; 1 where quote and account currency are the same.
    Constant(f64),
    /// The middle of a symbol's close, or one over that.
    Symbol {
        /// The conversion pair.
        candles: Arc<SymbolCandles>,
        /// Whether the pair is quoted the other way round.
        inverse: bool,
        /// The bar of the last look-up; times come in order, or nearly so.
        newest: usize,
    },
}

impl Rates {
    /// The rate that holds at all times, where there is one.
    #[inline]
    #[must_use]
    pub fn constant(&self) -> Option<f64> {
        match self {
            Self::Constant(rate) => Some(*rate),
            Self::Symbol { .. } => None,
        }
    }

    /// The rate at a time, wherever it was looked at before.
    #[must_use]
    pub fn looked_up(&self, time: i64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Symbol {
                candles, inverse, ..
            } => {
                // A search and no cursor: views of several bars and threads share these rates.
                let after = candles.first_at_or_after(time.saturating_add(1));
                rate_of(&candles.bar(after.saturating_sub(1)), *inverse)
            }
        }
    }

    /// The rate at a time: of the newest bar whose open time is not after it.
    #[inline]
    pub fn at(&mut self, time: i64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Symbol {
                candles,
                inverse,
                newest,
            } => {
                // Forward and back by single bars, since the times of two looks are mostly
                // neighbours.
                while *newest + 1 < candles.len() && candles.time(*newest + 1) <= time {
                    *newest += 1;
                }
                while *newest > 0 && candles.time(*newest) > time {
                    *newest -= 1;
                }
                rate_of(&candles.bar(*newest), *inverse)
            }
        }
    }
}

fn rate_of(bar: &Bar, inverse: bool) -> f64 {
    let middle = f64::midpoint(bar.bid.close, bar.ask.close);
    if inverse { 1.0 / middle } else { middle }
}
