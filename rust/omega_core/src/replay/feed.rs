//! The data of a run, and where its symbols stand at each step.

use std::ops::Range;

use super::{Magnifier, Rates};
use crate::execution::{Concern, Semantics, SymbolBar};
use crate::store::{FETCHED, Market, Walk};
use crate::types::{Bar, Ohlc, SymbolId};

/// From so many symbols on, the bars of a step are fetched together.
const MANY: usize = 64;

/// What a symbol has beside its candles.
#[derive(Debug)]
pub struct SymbolContext {
    /// Account currency per unit of quote currency.
    pub rates: Rates,
    /// Finer candles of the same symbol, to look inside a bar.
    pub magnifier: Option<Magnifier>,
    /// The volume that orders may take a share of.
    pub volume: VolumeOf,
}

/// The bar whose volume limits what is traded (W10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VolumeOf {
    /// None: there is no limit.
    #[default]
    Nothing,
    /// The newest that is complete.
    BarBefore,
    /// The bar at hand, whose volume is not known at its open.
    SameBar,
}

impl SymbolContext {
    /// One rate for all times and no finer candles.
    #[must_use]
    pub fn rate(rate: f64) -> Self {
        Self {
            rates: Rates::Constant(rate),
            magnifier: None,
            volume: VolumeOf::Nothing,
        }
    }
}

/// The bars of the symbols that a step concerns, and what they were at the step before.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// Where each symbol stands, in their order.
    pub bars: Vec<SymbolBar>,
    /// How many of its bars are visible.
    visible: Vec<usize>,
    before: Vec<SymbolBar>,
    visible_before: Vec<usize>,
}

/// The data of a run: the candles that the strategy decides on, and what belongs to each symbol.
#[derive(Debug)]
pub struct Feed<'a> {
    /// The candles walked.
    pub market: &'a Market,
    /// By `SymbolId`.
    pub contexts: Vec<SymbolContext>,
}

impl<'a> Feed<'a> {
    /// Candles alone: one unit of account currency for each of quote currency.
    #[must_use]
    pub fn plain(market: &'a Market) -> Self {
        let symbols = market.symbols().iter();
        Self {
            market,
            contexts: symbols.map(|_| SymbolContext::rate(1.0)).collect(),
        }
    }

    /// The only symbol of a run without finer bars.
    #[inline]
    pub(super) fn only_symbol(&mut self) -> Option<&mut SymbolContext> {
        match self.contexts.as_mut_slice() {
            // Finer candles are data of their own, which may reach what the bar itself does not.
            [context] if context.magnifier.is_none() => Some(context),
            _ => None,
        }
    }

    /// Loads the bars of the symbols that a step concerns: those marked, and the first one, to
    /// which actions without a symbol belong.
    pub(super) fn load(
        &mut self,
        walk: &Walk<'_>,
        (symbols, needs_waiting): (&[Concern], bool),
        loaded: &mut Loaded,
    ) {
        if let [only] = self.contexts.as_mut_slice() {
            // The only symbol has a bar at each step, so that it never stands where it stood.
            loaded.bars.clear();
            loaded.bars.push(only.symbol_bar(SymbolId(0), walk));
            return;
        }
        std::mem::swap(&mut loaded.bars, &mut loaded.before);
        std::mem::swap(&mut loaded.visible, &mut loaded.visible_before);
        loaded.bars.clear();
        loaded.visible.clear();
        let mut place = 0;
        // Of many symbols most have no bar at a step: those that have are among the tracks that
        // moved.
        // All are counted, which needs no branch for each.
        let themselves = symbols.iter().map(|own| u8::from(*own == Concern::Itself));
        if needs_waiting || themselves.fold(0, |any, own| any | own) > 0 {
            // Of few symbols, or few of many, the bars are mostly in a cache.
            let concerned = symbols.iter().filter(|own| **own == Concern::Itself);
            let fetches = symbols.len() >= MANY && 2 * concerned.count() > symbols.len();
            for (symbol, concern) in (0..).map(SymbolId).zip(symbols) {
                if fetches && symbol.index().is_multiple_of(FETCHED) {
                    let past = (symbol.index() + FETCHED).min(symbols.len());
                    walk.fetch(symbol.index()..past);
                }
                let has_part = match concern {
                    Concern::Nothing => false,
                    Concern::ItsBar => needs_waiting || walk.is_present(symbol),
                    Concern::Itself => true,
                };
                if symbol.index() == 0 || has_part {
                    self.load_one(walk, symbol, &mut place, loaded);
                }
            }
            return;
        }
        self.load_one(walk, SymbolId(0), &mut place, loaded);
        for symbol in walk.present().filter(|symbol| symbol.index() > 0) {
            if symbols[symbol.index()] == Concern::ItsBar {
                self.load_one(walk, symbol, &mut place, loaded);
            }
        }
    }

    /// Loads the bar of a symbol; those before it were at places before this one.
    #[inline]
    fn load_one(
        &mut self,
        walk: &Walk<'_>,
        symbol: SymbolId,
        place: &mut usize,
        loaded: &mut Loaded,
    ) {
        let context = &mut self.contexts[symbol.index()];
        let visible = walk.visible()[symbol.index()];
        loaded.visible.push(visible);
        if walk.is_present(symbol) {
            // Its bar at the step before is not needed, and with many symbols no longer in a cache.
            loaded.bars.push(context.symbol_bar(symbol, walk));
            return;
        }
        let is_behind = |before: &SymbolBar| before.symbol < symbol;
        while loaded.before.get(*place).is_some_and(is_behind) {
            *place += 1;
        }
        let known = loaded.visible_before.get(*place) == Some(&visible);
        let before = loaded
            .before
            .get(*place)
            .filter(|before| known && before.symbol == symbol && is_unmoved(before, walk));
        loaded.bars.push(match before {
            Some(before) => context.waits_on(before, walk),
            None => context.symbol_bar(symbol, walk),
        });
    }

    /// Whether any symbol has finer bars.
    pub(super) fn is_magnified(&self) -> bool {
        let mut contexts = self.contexts.iter();
        contexts.any(|context| context.magnifier.is_some())
    }

    /// The finer bars inside the bar that a symbol is at.
    pub(super) fn inside(&mut self, now: &SymbolBar) -> Range<usize> {
        let magnifier = self.contexts[now.symbol.index()].magnifier.as_mut();
        magnifier.filter(|_| now.trades).map_or(0..0, |magnifier| {
            magnifier.inside(self.market.symbol(now.symbol), now.index)
        })
    }

    /// One of them.
    pub(super) fn finer_bar(&self, now: &SymbolBar, index: usize) -> Bar {
        let magnifier = self.contexts[now.symbol.index()].magnifier.as_ref();
        magnifier.map_or(now.bar, |magnifier| magnifier.bar(index))
    }

    /// Loads the bars after the last step: each symbol at the last bar that it had, at the time of
    /// the last step (F15).
    pub(super) fn load_last(&mut self, walk: &Walk<'_>, loaded: &mut Loaded, semantics: Semantics) {
        let all = vec![Concern::Itself; self.contexts.len()];
        self.load(walk, (&all, true), loaded);
        let bars = &mut loaded.bars;
        // A symbol without a bar at the last step stands at its next one; its positions are closed
        // at the bar before, with that bar's index and rate (L4.2).
        for now in bars.iter_mut().filter(|now| !now.trades && now.index > 0) {
            now.index -= 1;
            now.bar = self.market.symbol(now.symbol).bar(now.index);
            now.rate = self.contexts[now.symbol.index()].rates.at(now.bar.time);
            now.trades = true;
        }
        for now in bars.iter_mut() {
            let finer = self.inside(now);
            if let Some(last) = finer.last() {
                // The time alone: the price is the close of the coarse bar (I5.1).
                now.bar.time = self.finer_bar(now, last).time;
            }
        }
        if semantics == Semantics::Two {
            // Fills are in order of time, also of a symbol whose data end before the others'.
            let last = bars.iter().map(|now| now.bar.time).max();
            for now in bars {
                now.bar.time = last.unwrap_or(now.bar.time);
            }
        }
    }
}

impl SymbolContext {
    /// Where a symbol stands that has seen no further bar and has none at this step either.
    // Of many symbols most wait at most steps, and to look a bar up reads many columns.
    fn waits_on(&mut self, before: &SymbolBar, walk: &Walk<'_>) -> SymbolBar {
        let time = walk.time();
        SymbolBar {
            is_ready: walk.is_ready(before.symbol),
            bar: Bar {
                time,
                ..before.last
            },
            opens: time,
            since: walk.since(before.symbol).unwrap_or(time),
            rate: self.rates.at(time),
            ..*before
        }
    }

    /// Where a symbol stands at a step.
    fn symbol_bar(&mut self, symbol: SymbolId, walk: &Walk<'_>) -> SymbolBar {
        let trades = walk.is_present(symbol);
        let last = walk.newest(symbol).unwrap_or_else(|| unknown(walk.time()));
        // Only where it trades: a step of many symbols has a bar of few.
        let bar = if trades { walk.bar(symbol) } else { None };
        let bar = bar.unwrap_or_else(|| Bar {
            time: walk.time(),
            ..last
        });
        // The older time first, so that the look-up of rates goes forward from step to step.
        let last_rate = self.rates.at(last.time);
        SymbolBar {
            symbol,
            index: walk.index(symbol),
            trades,
            is_ready: walk.is_ready(symbol),
            bar,
            closes: true,
            opens: bar.time,
            // Before its first bar no night has passed for it.
            since: walk.since(symbol).unwrap_or(bar.time),
            last,
            rate: self.rates.at(bar.time),
            last_rate,
            volume: self.volume(symbol, walk),
        }
    }

    /// The volume that orders may take a share of.
    #[inline]
    fn volume(&self, symbol: SymbolId, walk: &Walk<'_>) -> f64 {
        match self.volume {
            VolumeOf::Nothing => f64::NAN,
            VolumeOf::BarBefore => walk.newest_volume(symbol).unwrap_or(f64::NAN),
            VolumeOf::SameBar => walk.volume(symbol).unwrap_or(f64::NAN),
        }
    }
}

/// Whether a symbol without a bar has had none since the step before either.
fn is_unmoved(before: &SymbolBar, walk: &Walk<'_>) -> bool {
    !before.trades && before.index == walk.index(before.symbol)
}

/// The bar before the first one: no price is known.
fn unknown(time: i64) -> Bar {
    // NaN, which `accept` refuses: 0 would be a price to compute sizes from.
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
