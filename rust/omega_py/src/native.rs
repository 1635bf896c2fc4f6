//! Strategies of the core, as Python names them; they run with the interpreter released.

use pyo3::prelude::*;

use super::conditions::Mask;
use super::error::to_pyerr;
use super::indicators::IndicatorView;
use super::strategy::Raised;
use omega_core::error::OmegaError;
use omega_core::execution::Action;
use omega_core::replay::{State, Strategy, View};
use omega_core::store::SymbolCandles;
use omega_core::strategies::{self, Level, Native, SignalColumns, Signals, WarmedUp};

/// A strategy of the core, ready to run over the candles that it was made for.
#[pyclass(frozen, module = "omega._core")]
pub struct NativeStrategy(Native);

impl NativeStrategy {
    /// A fresh one: a run changes what it remembers.
    pub(super) fn fresh(&self) -> Native {
        self.0.clone()
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

/// One direction for all entries, or a truth for each: long where it holds.
#[derive(FromPyObject)]
enum Directions<'py> {
    Word(String),
    Truth(Truth<'py>),
}

/// A level: whether it is a distance, and its column.
type LevelFields<'py> = (bool, Bound<'py, IndicatorView>);

/// Signal columns, as the Python face found them.
#[derive(FromPyObject)]
pub(super) struct SignalFields<'py> {
    entry: Truth<'py>,
    direction: Option<Directions<'py>>,
    exit: Option<Truth<'py>>,
    stop_loss: Option<LevelFields<'py>>,
    take_profit: Option<LevelFields<'py>>,
    size: Option<Bound<'py, IndicatorView>>,
    reverse: bool,
    accumulate: bool,
    warmup: Option<usize>,
}

impl Truth<'_> {
    /// The sign of each value; a truth is 1 or 0.
    fn signs(&self) -> Vec<i8> {
        match self {
            Self::Mask(mask) => mask
                .get()
                .truths()
                .iter()
                .map(|&t| t.cast_signed())
                .collect(),
            Self::Column(view) => (view.get().values().iter())
                // NaN is neither above nor below, and so no entry.
                .map(|&value| i8::from(value > 0.0) - i8::from(value < 0.0))
                .collect(),
        }
    }
}

impl SignalFields<'_> {
    /// The direction of each entry: above 0 long, below 0 short.
    fn entries(&self) -> Vec<i8> {
        let entries = self.entry.signs();
        match &self.direction {
            None => entries,
            Some(Directions::Word(word)) => {
                let sign = if word == "long" { 1 } else { -1 };
                (entries.into_iter())
                    .map(|entry| i8::from(entry > 0) * sign)
                    .collect()
            }
            Some(Directions::Truth(truth)) => {
                let signs = truth.signs();
                let pairs = entries.into_iter().zip(signs);
                // Where the truth does not hold the entry is short, not absent: `entry` alone
                // decides whether there is one.
                let side = |sign: i8| 2 * i8::from(sign > 0) - 1;
                pairs
                    .map(|(entry, sign)| i8::from(entry > 0) * side(sign))
                    .collect()
            }
        }
    }
}

/// Signal columns as a strategy.
pub(super) fn signals(fields: &SignalFields<'_>) -> NativeStrategy {
    let values = |view: &Bound<'_, IndicatorView>| view.get().values().clone();
    let level = |fields: &Option<LevelFields<'_>>| {
        fields.as_ref().map(|(is_distance, view)| {
            if *is_distance {
                Level::Distance(values(view))
            } else {
                Level::Price(values(view))
            }
        })
    };
    let exits = fields.exit.as_ref().map(Truth::signs);
    NativeStrategy(Native::Signals(Signals::new(
        &fields.entries(),
        exits.as_deref(),
        SignalColumns {
            stop_loss: level(&fields.stop_loss),
            take_profit: level(&fields.take_profit),
            size: fields.size.as_ref().map(values),
            reverse: fields.reverse,
            accumulate: fields.accumulate,
            warmup: fields.warmup.unwrap_or(0),
        },
    )))
}

/// A built-in strategy by name.
pub(super) fn named(
    py: Python<'_>,
    name: &str,
    parameters: &[(String, f64)],
    candles: &SymbolCandles,
) -> PyResult<NativeStrategy> {
    // Its indicators are computed here, over all bars.
    let made = py.detach(|| strategies::named(name, parameters, candles, None));
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

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Raised> {
        Ok(self.0.evaluate(view, state, actions)?)
    }
}
