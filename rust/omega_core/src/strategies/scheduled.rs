//! A schedule: strategies that follow each other in one run, on one account.
//!
//! In: the steps at which each begins, what becomes of what is open there, and how each is made.
//! Out: the actions of the one in force.

use crate::execution::{Action, CloseTarget, ExitReason, OrderStatus};
use crate::replay::{Foresight, Outlook, State, Strategy, View};

/// What becomes of positions and waiting orders where a stage begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Everything stays.
    Keep,
    /// Positions stay, waiting orders are cancelled, so that nothing opens later.
    Cancel,
    /// Positions are closed at the open, waiting orders are cancelled.
    Flat,
}

/// Changes what a view of the account was made of, so that it is read anew at the next step.
const OF_FLAT: u64 = 1 << 63;

/// Runs one strategy after the other.
pub struct Scheduled<S, M> {
    /// Where each stage begins, in order.
    stages: Vec<(usize, Border)>,
    /// Makes the strategy of a stage, given the one before; none decides nothing.
    // Made when its stage begins, so that the columns of one are in memory at a time.
    make: M,
    own: Option<S>,
    /// The stage that begins next.
    next: usize,
}

impl<S, M> Scheduled<S, M>
where
    S: Strategy,
    M: FnMut(usize, Option<S>, &View<'_>) -> Result<Option<S>, S::Error>,
{
    /// Of stages in the order of their steps.
    pub fn new(stages: Vec<(usize, Border)>, make: M) -> Self {
        Self {
            stages,
            make,
            own: None,
            next: 0,
        }
    }

    /// The strategy in force.
    pub fn own(&self) -> Option<&S> {
        self.own.as_ref()
    }

    #[inline]
    fn border(&self) -> usize {
        self.stages
            .get(self.next)
            .map_or(usize::MAX, |stage| stage.0)
    }

    /// Begins the last of the stages that begin by now.
    fn begin(&mut self, view: &View<'_>) -> Result<Border, S::Error> {
        let mut border = Border::Keep;
        while self.border() <= view.step() {
            border = self.stages[self.next].1;
            self.next += 1;
        }
        self.own = (self.make)(self.next - 1, self.own.take(), view)?;
        Ok(border)
    }
}

/// Closes and cancels what does not go over a border, positions first.
fn leave(border: Border, state: &State<'_>, actions: &mut Vec<Action>) {
    if border == Border::Flat {
        actions.extend(state.positions.iter().map(|position| Action::Close {
            target: CloseTarget::Trade(position.id),
            fraction: 1.0,
            reason: ExitReason::Window,
        }));
    }
    if border != Border::Keep {
        let waiting = state.orders.iter();
        let waiting = waiting.filter(|order| order.status == OrderStatus::Working);
        actions.extend(waiting.map(|order| Action::Cancel(order.id)));
    }
}

/// The account of a strategy that begins with nothing: positions that are being closed are not
/// shown.
fn without<'a>(border: Border, state: &State<'a>, submitted: usize) -> State<'a> {
    let positions = if border == Border::Flat {
        &[]
    } else {
        state.positions
    };
    State {
        positions,
        orders: &[],
        next_order: u32::try_from(submitted)
            .map_or(u32::MAX, |taken| state.next_order.saturating_add(taken)),
        changes: state.changes ^ OF_FLAT,
        ..*state
    }
}

impl<S, M> Strategy for Scheduled<S, M>
where
    S: Strategy,
    M: FnMut(usize, Option<S>, &View<'_>) -> Result<Option<S>, S::Error>,
{
    type Error = S::Error;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        let own = self.own.as_mut();
        let own = own.map_or(usize::MAX, |own| own.next_decision_step(step));
        own.min(self.border().max(step))
    }

    #[inline]
    fn wants_events(&self) -> bool {
        self.own.as_ref().is_some_and(Strategy::wants_events)
    }

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), S::Error> {
        if self.border() > view.step() {
            let own = self.own.as_mut();
            return own.map_or(Ok(()), |own| own.evaluate(view, state, actions));
        }
        // A new one decides at its first step, whatever wakes it later: it has not seen what is
        // open.
        let border = self.begin(view)?;
        let Some(own) = &mut self.own else {
            leave(border, state, actions);
            return Ok(());
        };
        if border == Border::Keep {
            return own.evaluate(view, state, actions);
        }
        let before = actions.len();
        leave(border, state, actions);
        let seen = without(border, state, actions.len() - before);
        own.evaluate(view, &seen, actions)
    }

    #[inline]
    fn looks_ahead(&self) -> Foresight {
        let own = self.own.as_ref();
        own.map_or(Foresight::Never, Strategy::looks_ahead)
    }

    fn decide_ahead(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        outlook: Outlook<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<usize, S::Error> {
        let border = self.border();
        match &mut self.own {
            // The next stage begins at a step of its own.
            Some(own) if border > view.step() => {
                let outlook = outlook.cut(border - view.step() - 1);
                own.decide_ahead(view, state, outlook, actions)
            }
            _ => {
                self.evaluate(view, state, actions)?;
                Ok(1)
            }
        }
    }

    /// What happened on the last bar of a stage goes to the one that follows, where everything
    /// stays.
    fn on_events(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), S::Error> {
        if self.border() <= view.step() {
            if self.stages[self.next].1 != Border::Keep {
                return Ok(());
            }
            self.begin(view)?;
        }
        match &mut self.own {
            Some(own) if own.wants_events() => own.on_events(view, state, actions),
            _ => Ok(()),
        }
    }

    fn manages(&self) -> bool {
        self.own.as_ref().is_some_and(Strategy::manages)
    }

    fn manage(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), S::Error> {
        let own = self.own.as_mut();
        own.map_or(Ok(()), |own| own.manage(view, state, actions))
    }

    fn finish(&mut self, view: &View<'_>, state: &State<'_>) -> Result<(), S::Error> {
        let own = self.own.as_mut();
        own.map_or(Ok(()), |own| own.finish(view, state))
    }
}
