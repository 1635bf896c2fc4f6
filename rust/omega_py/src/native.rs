//! Strategies of the core, as Python names them; they run with the interpreter released.

use std::sync::Arc;

use pyo3::prelude::*;

use super::conditions::Mask;
use super::error::to_pyerr;
use super::indicators::IndicatorView;
use super::interrupts;
use super::strategy::Raised;
use super::tracks::Tracks;
use omega_core::error::OmegaError;
use omega_core::execution::Action;
use omega_core::indicators::{Comparison, Operand, compare};
use omega_core::replay::{Foresight, Outlook, State, Strategy, View};
use omega_core::store::SymbolCandles;
use omega_core::strategies::{
    self, Entries, Level, Native, Signals, SymbolSignals, Values, Wanted, WarmedUp,
};
use omega_core::types::SymbolId;

/// A strategy of the core, ready to run over the candles that it was made for.
#[pyclass(frozen, module = "omega._core")]
pub struct NativeStrategy(Native);

#[pymethods]
impl NativeStrategy {
    /// Complete bars that it needs.
    #[getter(warmup)]
    fn needed(&self) -> usize {
        self.0.warmup()
    }
}

impl NativeStrategy {
    /// A fresh one: a run changes what it remembers.
    pub(super) fn fresh(&self) -> Native {
        self.0.clone()
    }

    /// Of a strategy that is made elsewhere.
    pub(super) fn of(native: Native) -> Self {
        Self(native)
    }

    pub(super) fn warmup(&self) -> usize {
        self.0.warmup()
    }
}

/// A truth for each step, or a column whose sign counts.
#[derive(FromPyObject)]
enum Truth<'py> {
    Mask(Bound<'py, Mask>),
    Column(Bound<'py, IndicatorView>),
}

/// One direction for all entries, or a column: above 0 long, below 0 short.
#[derive(FromPyObject)]
enum Directions<'py> {
    Word(String),
    Signs(Truth<'py>),
}

/// A level: whether it is a distance, and its column.
type LevelFields<'py> = (bool, Bound<'py, IndicatorView>);

/// The signal columns of one symbol, as the Python face found them.
#[derive(FromPyObject)]
struct SymbolFields<'py> {
    symbol: usize,
    entry: Option<Truth<'py>>,
    direction: Option<Directions<'py>>,
    exit: Option<Truth<'py>>,
    long_entry: Option<Truth<'py>>,
    long_exit: Option<Truth<'py>>,
    short_entry: Option<Truth<'py>>,
    short_exit: Option<Truth<'py>>,
    stop_loss: Option<LevelFields<'py>>,
    take_profit: Option<LevelFields<'py>>,
    size: Option<Bound<'py, IndicatorView>>,
}

/// Signal columns of all symbols.
#[derive(FromPyObject)]
pub(super) struct SignalFields<'py> {
    symbols: Vec<SymbolFields<'py>>,
    reverse: bool,
    accumulate: bool,
    warmup: Option<usize>,
}

/// Where something is wanted, by step.
type Steps = Option<Arc<[u8]>>;

impl Truth<'_> {
    /// Where it is above 0; a truth that holds is.
    fn above(&self, tracks: &Tracks) -> PyResult<Steps> {
        match self {
            Self::Mask(mask) => Ok(Some(mask.get().truths())),
            Self::Column(view) => against_zero(tracks, view, Comparison::Above),
        }
    }

    /// Where it is below 0; a truth never is.
    fn below(&self, tracks: &Tracks) -> PyResult<Steps> {
        match self {
            Self::Mask(_) => Ok(None),
            Self::Column(view) => against_zero(tracks, view, Comparison::Below),
        }
    }
}

/// Where a column is above or below 0; with NaN it is neither (E1).
fn against_zero(
    tracks: &Tracks,
    view: &Bound<'_, IndicatorView>,
    how: Comparison,
) -> PyResult<Steps> {
    let view = view.get();
    let column = Operand::Column(view.track_in(tracks)?, view.values());
    let found = compare(&tracks.market, how, column, Operand::Number(0.0));
    Ok(Some(found.into()))
}

/// Where both hold; nowhere where one of them is not there.
fn both(one: Steps, other: Steps) -> Steps {
    let (one, other) = (one?, other?);
    Some(one.iter().zip(other.iter()).map(|(a, b)| a & b).collect())
}

/// Where either holds.
fn either(one: Steps, other: Steps) -> Steps {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(one.iter().zip(other.iter()).map(|(a, b)| a | b).collect())
        }
        (one, other) => one.or(other),
    }
}

impl SymbolFields<'_> {
    fn wanted(&self, tracks: &Tracks) -> PyResult<Wanted> {
        let above = |truth: &Option<Truth<'_>>| {
            let found = truth.as_ref().map(|truth| truth.above(tracks));
            found.transpose().map(Option::flatten)
        };
        let (long, short) = self.entries(tracks)?;
        let exit = above(&self.exit)?;
        Ok(Wanted {
            long_entry: either(long, above(&self.long_entry)?),
            short_entry: either(short, above(&self.short_entry)?),
            long_exit: either(exit.clone(), above(&self.long_exit)?),
            short_exit: either(exit, above(&self.short_exit)?),
        })
    }

    /// Where `entry` is long and short.
    fn entries(&self, tracks: &Tracks) -> PyResult<(Steps, Steps)> {
        let Some(entry) = &self.entry else {
            return Ok((None, None));
        };
        let entered = entry.above(tracks)?;
        Ok(match &self.direction {
            None => (entered, entry.below(tracks)?),
            Some(Directions::Word(word)) if word == "long" => (entered, None),
            Some(Directions::Word(_)) => (None, entered),
            Some(Directions::Signs(signs)) => (
                both(entered.clone(), signs.above(tracks)?),
                both(entered, signs.below(tracks)?),
            ),
        })
    }

    fn signals(&self, tracks: &Tracks) -> PyResult<SymbolSignals> {
        let values = |view: &Bound<'_, IndicatorView>| {
            let view = view.get();
            Ok::<_, PyErr>(Values(view.track_in(tracks)?, view.values().clone()))
        };
        let level = |fields: &Option<LevelFields<'_>>| {
            let Some((is_distance, view)) = fields else {
                return Ok(None);
            };
            let values = values(view)?;
            Ok::<_, PyErr>(Some(if *is_distance {
                Level::Distance(values)
            } else {
                Level::Price(values)
            }))
        };
        #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
        let symbol = SymbolId(self.symbol as u32);
        Ok(SymbolSignals {
            symbol,
            wanted: self.wanted(tracks)?,
            stop_loss: level(&self.stop_loss)?,
            take_profit: level(&self.take_profit)?,
            size: self.size.as_ref().map(values).transpose()?,
        })
    }
}

/// Signal columns as a strategy.
pub(super) fn signals(tracks: &Tracks, fields: &SignalFields<'_>) -> PyResult<NativeStrategy> {
    let symbols = fields.symbols.iter().map(|own| own.signals(tracks));
    let symbols = symbols.collect::<PyResult<Vec<_>>>()?;
    let entries = Entries {
        reverse: fields.reverse,
        accumulate: fields.accumulate,
        warmup: fields.warmup.unwrap_or(0),
    };
    let signals = Signals::new(&tracks.market, symbols, entries);
    Ok(NativeStrategy(Native::Signals(signals)))
}

/// A built-in strategy by name.
pub(super) fn named(
    py: Python<'_>,
    name: &str,
    parameters: &[(String, f64)],
    candles: &SymbolCandles,
) -> PyResult<NativeStrategy> {
    // Its indicators are computed here, over all bars.
    let made = interrupts::detached(py, || strategies::named(name, parameters, candles, None))?;
    made.map(NativeStrategy).map_err(to_pyerr)
}

/// A strategy of the core under the errors of the binding.
pub(super) struct WithPyError<S>(pub(super) S);

impl<S: Strategy<Error = OmegaError>> Strategy for WithPyError<S> {
    type Error = Raised;

    #[inline]
    // Only what strategies of the core define is passed on; a method of the trait that one of them
    // comes to define has to be added, or the loop uses the default.
    fn next_decision_step(&mut self, step: usize) -> usize {
        self.0.next_decision_step(step)
    }

    #[inline]
    fn wants_events(&self) -> bool {
        self.0.wants_events()
    }

    fn expected_orders(&self) -> usize {
        self.0.expected_orders()
    }

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Raised> {
        Ok(self.0.evaluate(view, state, actions)?)
    }

    fn on_events(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Raised> {
        Ok(self.0.on_events(view, state, actions)?)
    }

    #[inline]
    fn looks_ahead(&self) -> Foresight {
        self.0.looks_ahead()
    }

    fn decide_ahead(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        outlook: Outlook<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<usize, Raised> {
        Ok(self.0.decide_ahead(view, state, outlook, actions)?)
    }

    fn finish(&mut self, view: &View<'_>, state: &State<'_>) -> Result<(), Raised> {
        Ok(self.0.finish(view, state)?)
    }
}
