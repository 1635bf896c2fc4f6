//! Signal columns: what to do stands in columns before the run begins (form 4).

use std::mem;
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;

use super::{WarmedUp, close, enter};
use crate::error::OmegaError;
use crate::execution::{Action, ExitReason, Position};
use crate::replay::{State, Strategy, View, Wakeups};
use crate::store::{Market, TrackId, Walk};
use crate::types::{Direction, SymbolId};

const EXIT_LONG: u8 = 1;
const EXIT_SHORT: u8 = 2;
const LONG: u8 = 4;
const SHORT: u8 = 8;

/// One value for each bar of a track, NaN where there is none.
#[derive(Debug, Clone)]
pub struct Values(pub TrackId, pub ScalarBuffer<f64>);

impl Values {
    /// The value at the newest bar.
    fn newest(&self, view: &View<'_>) -> Option<f64> {
        let Self(TrackId(track), values) = self;
        let bar = view.visible()[*track].checked_sub(1)?;
        let value = values[bar];
        (!value.is_nan()).then_some(value)
    }
}

/// Where a protective exit stands: at a price, or so far from the close of the side that the entry
/// trades on.
#[derive(Debug, Clone)]
pub enum Level {
    /// A price for each bar.
    Price(Values),
    /// A distance for each bar.
    Distance(Values),
}

/// Where something is wanted: a byte for each step, 1 where it is.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Where long entries are.
    pub long_entry: Option<Arc<[u8]>>,
    /// Where short entries are.
    pub short_entry: Option<Arc<[u8]>>,
    /// Where what is long is closed.
    pub long_exit: Option<Arc<[u8]>>,
    /// Where what is short is closed.
    pub short_exit: Option<Arc<[u8]>>,
}

impl Wanted {
    /// A byte for each step, of a bit for each that is wanted.
    // One byte, so that 0 means that nothing is to be done, which `Wakeups` searches for in blocks.
    fn bits(&self, steps: usize) -> Vec<u8> {
        let columns = [
            (&self.long_exit, EXIT_LONG),
            (&self.short_exit, EXIT_SHORT),
            (&self.long_entry, LONG),
            (&self.short_entry, SHORT),
        ];
        let mut bits = vec![0; steps];
        for (column, bit) in columns {
            for (bits, wanted) in bits.iter_mut().zip(column.iter().flat_map(|c| c.iter())) {
                *bits |= wanted * bit;
            }
        }
        bits
    }
}

/// The signals of one symbol.
#[derive(Debug, Clone)]
pub struct SymbolSignals {
    /// The symbol.
    pub symbol: SymbolId,
    /// Where it is entered and left.
    pub wanted: Wanted,
    /// Stop loss of an entry.
    pub stop_loss: Option<Level>,
    /// Take profit of an entry.
    pub take_profit: Option<Level>,
    /// Lots of an entry; the run's sizer where there is none.
    pub size: Option<Values>,
}

/// How entries are taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries {
    /// Whether an entry closes what is open the other way.
    pub reverse: bool,
    /// Whether an entry adds to what is open.
    pub accumulate: bool,
    /// Complete bars before the first decision.
    pub warmup: usize,
}

/// Acts on signal columns.
#[derive(Debug, Clone)]
pub struct Signals {
    symbols: Arc<[(SymbolSignals, Arc<[u8]>)]>,
    entries: Entries,
    wakeups: Wakeups,
}

impl Signals {
    /// Over the signals of symbols of a market, which are read once, so that the run jumps from one
    /// to the next.
    #[must_use]
    pub fn new(market: &Market, mut symbols: Vec<SymbolSignals>, entries: Entries) -> Self {
        let mut bits: Vec<_> = symbols
            .iter_mut()
            // Taken, so that what the bits were made of is let go.
            .map(|own| mem::take(&mut own.wanted).bits(market.steps()))
            .collect();
        if market.symbols().len() > 1 {
            only_fresh(market, &symbols, &mut bits);
        }
        let bits: Vec<Arc<[u8]>> = bits.into_iter().map(Arc::from).collect();
        Self {
            wakeups: Wakeups::new(together(&bits)),
            symbols: symbols.into_iter().zip(bits).collect(),
            entries,
        }
    }

    /// Closes, then enters.
    fn act(
        &self,
        (own, bits): &(SymbolSignals, Arc<[u8]>),
        (view, state): (&View<'_>, &State<'_>),
        actions: &mut Vec<Action>,
    ) {
        let bits = view.step().checked_sub(1).map_or(0, |step| bits[step]);
        let direction = match bits & (LONG | SHORT) {
            LONG => Some(Direction::Long),
            SHORT => Some(Direction::Short),
            // Both contradict each other.
            _ => None,
        };
        let held = state.positions.iter().filter(|p| p.symbol == own.symbol);
        let turns = self.entries.reverse
            && direction.is_some_and(|direction| held.clone().any(|p| p.direction != direction));
        let leaves = |p: &Position| {
            let exit = match p.direction {
                Direction::Long => EXIT_LONG,
                Direction::Short => EXIT_SHORT,
            };
            turns || bits & exit != 0
        };
        let stays = held.clone().any(|p| !leaves(p));
        // Before the entry: actions are processed in order, and a reversal needs the margin that
        // closing frees.
        if stays {
            let left = held.filter(|p| leaves(p));
            actions.extend(left.map(|p| close(p, ExitReason::Signal)));
        } else if held.count() > 0 {
            actions.push(Action::close_all(own.symbol));
        }
        if let Some(direction) = direction
            && (self.entries.accumulate || !stays)
        {
            actions.push(own.enter(direction, view));
        }
    }
}

/// Leaves out the steps with which no bar of the symbol became complete: its signals were acted on
/// (X2).
fn only_fresh(market: &Market, symbols: &[SymbolSignals], bits: &mut [Vec<u8>]) {
    let Some(mut walk) = Walk::at(market, 0) else {
        return;
    };
    for step in 0..market.steps() {
        walk.advance();
        for (own, bits) in symbols.iter().zip(bits.iter_mut()) {
            if !walk.is_fresh(TrackId(own.symbol.index())) {
                bits[step] = 0;
            }
        }
    }
}

/// What is wanted of any symbol with each step.
fn together(bits: &[Arc<[u8]>]) -> Arc<[u8]> {
    let [first, rest @ ..] = bits else {
        return Arc::default();
    };
    if rest.is_empty() {
        return Arc::clone(first);
    }
    let mut any = first.to_vec();
    for bits in rest {
        for (any, bits) in any.iter_mut().zip(bits.iter()) {
            *any |= bits;
        }
    }
    any.into()
}

impl SymbolSignals {
    fn enter(&self, direction: Direction, view: &View<'_>) -> Action {
        let level = |level: &Option<Level>, beyond: f64| match level.as_ref()? {
            Level::Price(prices) => prices.newest(view),
            Level::Distance(distances) => {
                // The last price known on the side that the entry trades on: the fill itself comes
                // a bar later.
                let bar = view.bar_of(TrackId(self.symbol.index()), 0)?;
                let close = bar.side(direction.entry_side()).close;
                Some(close + beyond * direction.sign() * distances.newest(view)?)
            }
        };
        let exits = (level(&self.stop_loss, -1.0), level(&self.take_profit, 1.0));
        let size = self.size.as_ref().and_then(|size| size.newest(view));
        enter(self.symbol, direction, exits, size)
    }
}

impl WarmedUp for Signals {
    fn warmup(&self) -> usize {
        self.entries.warmup
    }
}

impl Strategy for Signals {
    type Error = OmegaError;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        self.wakeups.next(step)
    }

    #[inline]
    fn wants_events(&self) -> bool {
        // Reads its columns only, so that no fill or exit has to wake it.
        false
    }

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        for own in self.symbols.iter() {
            self.act(own, (view, state), actions);
        }
        Ok(())
    }
}
