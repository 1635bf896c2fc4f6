//! Strategies of other languages: functions over a C struct, called without the interpreter.

pub(crate) mod abi;
mod frame;
mod idle;
pub(crate) mod inbox;

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use omega_core::error::OmegaError;
use omega_core::execution::Action;
use omega_core::replay::{Foresight, Outlook, Rates, State, Strategy, View, Wakeups};
use omega_core::store::{Market, TrackId};
use omega_core::strategies::WarmedUp;
use pyo3::prelude::*;

use super::conditions::Mask;
use super::error::to_pyerr;
use super::indicators::IndicatorView;
use super::tracks::Tracks;
use crate::memory::calls::{Function, Steps, functions};
use frame::{Shown, event_row};
use idle::Idle;
use inbox::Inbox;

/// The values of an indicator, and the track that they belong to.
#[derive(Debug, Clone)]
struct Values(TrackId, ScalarBuffer<f64>);

/// A strategy of another language: its functions, and what they read.
#[derive(Debug, Clone)]
pub(super) struct ForeignPlan {
    on_bar: Option<Function>,
    compiled: Option<Compiled>,
    triggers: Vec<(Function, Arc<[u8]>)>,
    on_fill: Option<Function>,
    columns: Vec<Values>,
}

/// What is known of code that was compiled here.
#[derive(Debug, Clone, Copy, FromPyObject)]
struct Compiled {
    #[pyo3(item)]
    reads_equity: bool,
    /// Whether one call changes what the next one reads.
    #[pyo3(item)]
    remembers: bool,
    /// The address of what finds the steps at which `on_bar` does nothing.
    #[pyo3(item)]
    idle: Option<NonZeroUsize>,
}

/// The same as Python holds it, with what the functions need to be there.
#[pyclass(frozen, module = "omega._core")]
pub struct ForeignStrategy {
    plan: ForeignPlan,
    /// The library, the context, and whatever else has to live as long.
    _keeps: Py<PyAny>,
}

impl ForeignStrategy {
    pub(super) fn plan(&self) -> ForeignPlan {
        self.plan.clone()
    }
}

/// A strategy of another language, as the Python face gives it: addresses, and their context.
#[derive(FromPyObject)]
pub(super) struct ForeignFields<'py> {
    #[pyo3(item)]
    on_bar: Option<usize>,
    #[pyo3(item)]
    triggers: Vec<(usize, Bound<'py, Mask>)>,
    #[pyo3(item)]
    on_fill: Option<usize>,
    #[pyo3(item)]
    compiled: Option<Compiled>,
    #[pyo3(item)]
    context: usize,
    #[pyo3(item)]
    columns: Vec<Bound<'py, IndicatorView>>,
    #[pyo3(item)]
    keeps: Py<PyAny>,
}

/// A strategy of another language over the candles of a run.
pub(super) fn foreign(tracks: &Tracks, fields: ForeignFields<'_>) -> PyResult<ForeignStrategy> {
    let context = fields.context;
    let function = |address: usize| {
        let address = NonZeroUsize::new(address).ok_or_else(|| to_pyerr(no_function()))?;
        Ok::<_, PyErr>(Function { address, context })
    };
    let triggers = fields
        .triggers
        .iter()
        .map(|(address, mask)| Ok::<_, PyErr>((function(*address)?, mask.get().truths())));
    let columns = fields.columns.iter().map(|view| {
        let view = view.get();
        Ok::<_, PyErr>(Values(view.track_in(tracks)?, view.values().clone()))
    });
    Ok(ForeignStrategy {
        plan: ForeignPlan {
            on_bar: fields.on_bar.map(function).transpose()?,
            compiled: fields.compiled,
            triggers: triggers.collect::<PyResult<_>>()?,
            on_fill: fields.on_fill.map(function).transpose()?,
            columns: columns.collect::<PyResult<_>>()?,
        },
        _keeps: fields.keeps,
    })
}

fn no_function() -> OmegaError {
    OmegaError::Config {
        parameter: "foreign".into(),
        given: "the address 0".into(),
        expected: "the address of a function".into(),
        hint: "Look up whether the library has it".into(),
    }
}

impl ForeignPlan {
    /// Ready for one run, on the thread that makes it.
    pub(super) fn start(self, market: &Market, rates: Vec<Rates>) -> Foreign {
        let triggers = self.triggers.into_iter();
        let idle = self.compiled.and_then(|compiled| compiled.idle);
        let idle = idle.zip(self.on_bar).filter(|_| triggers.len() == 0);
        let look = idle.map(|(address, on_bar)| Function { address, ..on_bar });
        Foreign {
            on_bar: self.on_bar,
            idle: look.map(Idle::new),
            compiled: self.compiled,
            triggers: triggers
                .map(|(function, truths)| (function, Wakeups::new(truths)))
                .collect(),
            on_fill: self.on_fill,
            shown: Shown::new(market, &self.columns, rates),
            inbox: Box::new(Inbox::new(market.symbols().len())),
            _columns: self.columns,
        }
    }
}

/// A strategy of another language in a run.
pub(super) struct Foreign {
    on_bar: Option<Function>,
    /// None where it cannot be idle, or seldom is.
    idle: Option<Idle>,
    compiled: Option<Compiled>,
    triggers: Vec<(Function, Wakeups)>,
    on_fill: Option<Function>,
    shown: Shown,
    inbox: Box<Inbox>,
    _columns: Vec<Values>,
}

impl Foreign {
    /// Shows the bar, and readies the inbox for what is requested.
    #[inline]
    fn show(&mut self, view: &View<'_>, state: &State<'_>, actions: usize) {
        self.shown.show(view, state, &mut self.inbox);
        let queued = u32::try_from(actions).unwrap_or(u32::MAX);
        self.inbox.first = state.next_order.saturating_add(queued);
        self.shown.frame.core = (&raw mut *self.inbox).cast();
    }

    /// Looks at what a call gave, and passes on what it requested.
    #[inline]
    fn collect(
        &mut self,
        code: i32,
        newest: usize,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        if code != 0 {
            return Err(self.failed(code, newest));
        }
        if self.inbox.is_untouched() {
            return Ok(());
        }
        self.pass_on(actions)
    }

    #[inline(never)]
    fn pass_on(&mut self, actions: &mut Vec<Action>) -> Result<(), OmegaError> {
        if let Some(problem) = self.inbox.problem() {
            return Err(problem);
        }
        let taken = u32::try_from(self.inbox.actions.len()).unwrap_or(u32::MAX);
        if actions.is_empty() {
            // An action is large: one by one, each would be moved.
            std::mem::swap(actions, &mut self.inbox.actions);
        } else {
            actions.append(&mut self.inbox.actions);
        }
        // The next function of the same step numbers its orders after these.
        self.inbox.first = self.inbox.first.saturating_add(taken);
        Ok(())
    }

    #[cold]
    fn failed(&mut self, code: i32, newest: usize) -> OmegaError {
        let failed = OmegaError::StrategyFailed { code, bar: newest };
        self.inbox.problem().unwrap_or(failed)
    }
}

impl WarmedUp for Foreign {
    /// Its indicators have declared what they need.
    fn warmup(&self) -> usize {
        0
    }
}

impl Strategy for Foreign {
    type Error = OmegaError;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        if let Some(idle) = &mut self.idle {
            return idle.next(step, &mut self.shown);
        }
        if self.on_bar.is_some() {
            return step;
        }
        let next = self.triggers.iter_mut().map(|(_, due)| due.next(step));
        next.min().unwrap_or(usize::MAX)
    }

    #[inline]
    fn wants_events(&self) -> bool {
        self.on_fill.is_some()
    }

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        self.show(view, state, actions.len());
        for place in 0..self.triggers.len() {
            let (function, due) = &self.triggers[place];
            if due.at(view.step()) != 0 {
                let code = function.decide(&self.shown.frame);
                self.collect(code, view.newest(), actions)?;
            }
        }
        let Some(on_bar) = self.on_bar else {
            return Ok(());
        };
        let code = if self.compiled.is_some() {
            let mut alone = Steps::NONE;
            on_bar.walk(&mut self.shown.frame, &mut alone)
        } else {
            on_bar.decide(&self.shown.frame)
        };
        let before = actions.len();
        self.collect(code, view.newest(), actions)?;
        if actions.len() == before && self.idle.as_mut().is_some_and(Idle::is_in_vain) {
            self.idle = None;
        }
        Ok(())
    }

    #[inline]
    fn looks_ahead(&self) -> Foresight {
        if self.idle.is_some() || !self.triggers.is_empty() || !self.shown.has_one_track() {
            return Foresight::Never;
        }
        match self.compiled {
            Some(compiled) if !compiled.reads_equity && !compiled.remembers => Foresight::Anew,
            Some(compiled) if !compiled.reads_equity => Foresight::Bars,
            _ => Foresight::Equity,
        }
    }

    fn decide_ahead(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        outlook: Outlook<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<usize, OmegaError> {
        if let (Some(on_bar), Some(_)) = (self.on_bar, self.compiled) {
            self.show(view, state, actions.len());
            let mut steps = self.shown.steps(&outlook);
            let code = on_bar.walk(&mut self.shown.frame, &mut steps);
            let taken = usize::try_from(steps.taken).unwrap_or(0);
            self.shown.note_steps(taken);
            let is_sure = taken == 0 || self.looks_ahead() != Foresight::Anew;
            if !is_sure && (code != 0 || self.inbox.is_refused()) {
                // Something may happen before the step at which it failed: it decides there again.
                self.inbox.clear();
                return Ok(taken);
            }
            self.collect(code, view.newest() + taken, actions)?;
            return Ok(1 + taken);
        }
        self.evaluate(view, state, actions)?;
        let mut decided = 1;
        let Some(on_bar) = self.on_bar.filter(|_| view.waiting().is_empty()) else {
            return Ok(decided);
        };
        for next in outlook {
            if !actions.is_empty() {
                break;
            }
            self.shown.show_next(next);
            let code = on_bar.decide(&self.shown.frame);
            self.collect(code, view.newest() + decided, actions)?;
            decided += 1;
        }
        Ok(decided)
    }

    fn on_events(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let Some(on_fill) = self.on_fill else {
            return Ok(());
        };
        if let Some(idle) = &mut self.idle {
            idle.forget();
        }
        self.show(view, state, actions.len());
        for (fill, trade) in state.events() {
            let code = on_fill.receive(&self.shown.frame, &event_row(fill, trade));
            self.collect(code, view.newest(), actions)?;
        }
        Ok(())
    }

    fn finish(&mut self, view: &View<'_>, state: &State<'_>) -> Result<(), OmegaError> {
        // No step is left in which an action could be taken.
        self.on_events(view, state, &mut Vec::new())
    }
}

/// By struct of `omega.h` its size, and the offset of each field.
#[pyfunction]
pub(super) fn foreign_layout() -> Vec<abi::Struct> {
    abi::layout()
}

/// The addresses of what compiled strategies call, by name.
#[pyfunction]
pub(super) fn foreign_functions() -> Vec<(&'static str, usize)> {
    functions()
}

/// The version of the structs.
#[pyfunction]
pub(super) fn foreign_version() -> i64 {
    abi::VERSION
}
