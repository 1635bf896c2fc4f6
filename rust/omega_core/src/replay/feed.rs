//! The data of a run, and the moments that its symbols are at.

use std::ops::Range;

use super::{Magnifier, Rates};
use crate::execution::{Moment, Moments};
use crate::store::{Market, Walk};
use crate::types::{Bar, Ohlc, SymbolId};

/// What stands behind the candles of a symbol.
#[derive(Debug)]
pub struct Behind {
    /// Account currency per unit of quote currency.
    pub rates: Rates,
    /// Finer candles of the same symbol, to look inside a bar.
    pub magnifier: Option<Magnifier>,
}

impl Behind {
    /// One rate for all times and no finer candles.
    #[must_use]
    pub fn rate(rate: f64) -> Self {
        Self {
            rates: Rates::Constant(rate),
            magnifier: None,
        }
    }
}

/// The data of a run: the candles that the strategy decides on, and what stands behind them.
#[derive(Debug)]
pub struct Feed<'a> {
    /// The candles walked.
    pub market: &'a Market,
    /// By `SymbolId`.
    pub behind: Vec<Behind>,
}

impl Feed<'_> {
    /// The moments of the symbols that matter at a step: those with something live, those that an
    /// action means, and the first one, which answers for actions on nothing.
    pub(super) fn look(&mut self, walk: &Walk<'_>, wanted: &[bool], moments: &mut Moments) {
        moments.clear();
        for (place, behind) in self.behind.iter_mut().enumerate() {
            if place > 0 && !wanted[place] {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            let symbol = SymbolId(place as u32);
            moments.push(behind.moment(symbol, walk));
        }
    }

    /// The finer bars inside the bar that a symbol is at.
    pub(super) fn inside(&mut self, now: &Moment) -> Range<usize> {
        let magnifier = self.behind[now.symbol.index()].magnifier.as_mut();
        magnifier.filter(|_| now.trades).map_or(0..0, |magnifier| {
            magnifier.inside(self.market.symbol(now.symbol), now.index)
        })
    }

    /// One of them.
    pub(super) fn finer_bar(&self, now: &Moment, index: usize) -> Bar {
        let magnifier = self.behind[now.symbol.index()].magnifier.as_ref();
        magnifier.map_or(now.bar, |magnifier| magnifier.bar(index))
    }

    /// The moments after the last step: each symbol at the last bar that it had.
    pub(super) fn last(&mut self, walk: &Walk<'_>, wanted: &[bool], moments: &mut Moments) {
        self.look(walk, wanted, moments);
        for now in moments
            .iter_mut()
            .filter(|now| !now.trades && now.index > 0)
        {
            now.index -= 1;
            now.bar = self.market.symbol(now.symbol).bar(now.index);
            now.rate = self.behind[now.symbol.index()].rates.at(now.bar.time);
            now.trades = true;
        }
        for now in moments.iter_mut() {
            let finer = self.inside(now);
            if let Some(last) = finer.last() {
                now.bar.time = self.finer_bar(now, last).time;
            }
        }
    }
}

impl Behind {
    /// Where a symbol stands at a step.
    fn moment(&mut self, symbol: SymbolId, walk: &Walk<'_>) -> Moment {
        let trades = walk.is_present(symbol);
        let last = walk.newest(symbol).unwrap_or_else(|| unknown(walk.time()));
        let bar = match walk.bar(symbol) {
            Some(bar) if trades => bar,
            _ => Bar {
                time: walk.time(),
                ..last
            },
        };
        let last_rate = self.rates.at(last.time);
        Moment {
            symbol,
            index: walk.index(symbol),
            trades,
            since: walk.since(symbol).unwrap_or(bar.time),
            bar,
            last,
            rate: self.rates.at(bar.time),
            last_rate,
        }
    }
}

/// The bar before the first one: no price is known.
fn unknown(time: i64) -> Bar {
    let nothing = Ohlc {
        open: f64::NAN,
        high: f64::NAN,
        low: f64::NAN,
        close: f64::NAN,
    };
    Bar {
        time,
        bid: nothing,
        ask: nothing,
    }
}
