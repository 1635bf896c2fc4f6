//! A pause in decisions after entries and exits.

use crate::execution::Limits;
use crate::replay::{Foresight, Outlook, State, Strategy, View};
use crate::types::SymbolId;

/// A strategy that is not called for decisions while every symbol cools down. It still gets what
/// happened, and still manages what is open.
#[derive(Debug)]
pub struct Cooldown<S> {
    /// The strategy itself.
    pub strategy: S,
    /// None where there is no pause.
    limits: Option<Limits>,
}

impl<S> Cooldown<S> {
    /// A pause of so many bars and so much time after an entry, and so much time after an exit.
    pub fn new(strategy: S, bars: usize, after_entry: i64, after_exit: i64) -> Self {
        let limits = Limits {
            cooldown_bars: bars,
            cooldown_entry: after_entry,
            cooldown_exit: after_exit,
            ..Limits::default()
        };
        Self {
            strategy,
            limits: (limits != Limits::default()).then_some(limits),
        }
    }

    /// Whether every symbol cools down at the step of a view.
    fn is_pausing(&self, view: &View<'_>, state: &State<'_>) -> bool {
        let Some(limits) = &self.limits else {
            return false;
        };
        let symbols = (0_u32..).map(SymbolId).zip(state.last_trades);
        symbols.into_iter().all(|(symbol, last)| {
            // The length of a day matters to sessions alone, and there are none.
            let (index, time, units_per_day) = (view.index(symbol), view.time(), 1);
            limits
                .check_time(symbol, index, time, units_per_day, last)
                .is_err()
        })
    }
}

impl<A, S: Strategy<A>> Strategy<A> for Cooldown<S> {
    type Error = S::Error;

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<A>,
    ) -> Result<(), S::Error> {
        if self.is_pausing(view, state) {
            return Ok(());
        }
        self.strategy.evaluate(view, state, actions)
    }

    fn on_events(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<A>,
    ) -> Result<(), S::Error> {
        self.strategy.on_events(view, state, actions)
    }

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        self.strategy.next_decision_step(step)
    }

    #[inline]
    fn wants_events(&self) -> bool {
        self.strategy.wants_events()
    }

    #[inline]
    fn manages(&self) -> bool {
        self.strategy.manages()
    }

    #[inline]
    fn looks_ahead(&self) -> Foresight {
        if self.limits.is_some() {
            // A pause ends at a step of its own.
            return Foresight::Never;
        }
        self.strategy.looks_ahead()
    }

    fn decide_ahead(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        outlook: Outlook<'_>,
        actions: &mut Vec<A>,
    ) -> Result<usize, S::Error> {
        self.strategy.decide_ahead(view, state, outlook, actions)
    }

    fn manage(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<A>,
    ) -> Result<(), S::Error> {
        self.strategy.manage(view, state, actions)
    }

    fn finish(&mut self, view: &View<'_>, state: &State<'_>) -> Result<(), S::Error> {
        self.strategy.finish(view, state)
    }
}
