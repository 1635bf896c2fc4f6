//! Signal columns: what to do stands in columns before the run begins (form 4).

use arrow_buffer::ScalarBuffer;

use super::{WarmedUp, enter};
use crate::error::OmegaError;
use crate::execution::{Action, Position};
use crate::replay::{State, Strategy, View, Wakeups};
use crate::types::{Direction, SymbolId};

const EXIT: u8 = 1;
const LONG: u8 = 2;
const SHORT: u8 = 4;

/// Where a protective exit stands: at a price, or so far from the close of the side that the entry
/// trades on.
#[derive(Debug, Clone)]
pub enum Level {
    /// A price for each bar.
    Price(ScalarBuffer<f64>),
    /// A distance for each bar.
    Distance(ScalarBuffer<f64>),
}

/// Columns beside entries and exits, one value for each bar, NaN where there is none; and how
/// entries are taken.
#[derive(Debug, Clone, Default)]
pub struct SignalColumns {
    /// Stop loss of an entry.
    pub stop_loss: Option<Level>,
    /// Take profit of an entry.
    pub take_profit: Option<Level>,
    /// Lots of an entry; the run's sizer where there is none.
    pub size: Option<ScalarBuffer<f64>>,
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
    columns: SignalColumns,
    wakeups: Wakeups,
}

impl Signals {
    /// Over entries, of which those above 0 are long and those below 0 short, and exits, which
    /// close what is open where they are above 0. They are read once, so that the run jumps from
    /// one to the next.
    #[must_use]
    pub fn new(entries: &[i8], exits: Option<&[i8]>, columns: SignalColumns) -> Self {
        // Bits, so that one byte holds exit and entry of a bar and 0 means that nothing is to be
        // done, which `Wakeups` searches for in blocks of 32.
        let entry = |&sign: &i8| u8::from(sign > 0) * LONG + u8::from(sign < 0) * SHORT;
        let mut asks: Vec<u8> = entries.iter().map(entry).collect();
        for (ask, &exit) in asks.iter_mut().zip(exits.unwrap_or_default()) {
            *ask |= u8::from(exit > 0) * EXIT;
        }
        Self {
            columns,
            wakeups: Wakeups::new(asks.into()),
        }
    }

    fn enter(&self, direction: Direction, bar: usize, view: &View<'_>) -> Action {
        let level = |level: &Option<Level>, beyond: f64| match level {
            None => None,
            Some(Level::Price(prices)) => known(prices[bar]),
            Some(Level::Distance(distances)) => {
                // The last price known on the side that the entry trades on: the fill itself comes
                // a bar later.
                let close = view.bar(0)?.side(direction.entry_side()).close;
                known(close + beyond * direction.sign() * distances[bar])
            }
        };
        let exits = (
            level(&self.columns.stop_loss, -1.0),
            level(&self.columns.take_profit, 1.0),
        );
        let size = self.columns.size.as_ref().and_then(|size| known(size[bar]));
        enter(SymbolId(0), direction, exits, size)
    }
}

fn known(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

impl WarmedUp for Signals {
    fn warmup(&self) -> usize {
        self.columns.warmup
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
        let bar = view.newest();
        let asks = self.wakeups.at(view.step());
        let direction = match asks & (LONG | SHORT) {
            LONG => Some(Direction::Long),
            SHORT => Some(Direction::Short),
            _ => None,
        };
        let other_way = |p: &Position| direction.is_some_and(|direction| p.direction != direction);
        let leaves =
            asks & EXIT != 0 || (self.columns.reverse && state.positions.iter().any(other_way));
        let is_open = !state.positions.is_empty();
        if leaves && is_open {
            // Before the entry: actions are processed in order, and a reversal needs the margin
            // that closing frees.
            actions.push(Action::close_all(SymbolId(0)));
        }
        if let Some(direction) = direction
            && (self.columns.accumulate || leaves || !is_open)
        {
            actions.push(self.enter(direction, bar, view));
        }
        Ok(())
    }
}
