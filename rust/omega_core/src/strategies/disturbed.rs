//! A strategy whose orders come late, or are lost: what a robustness test does to it.

use std::mem;

use crate::execution::costs::uniform;
use crate::execution::{Action, CloseTarget, OpenRequest, Phases, Position, Rebalance, ReduceOnly};
use crate::replay::{State, Strategy, View};
use crate::types::{Direction, OrderId, SymbolId, TradeId};

/// What happens to its orders.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Disturbance {
    /// Whether entries go out a step later.
    pub late_entries: bool,
    /// Whether exits do.
    pub late_exits: bool,
    /// Which share of entries is lost, drawn from a seed.
    pub lost: Option<(u64, f64)>,
}

/// Changes what a view of the account was made of, so that it is read anew at the next step.
const OF_LATE: u64 = 1 << 62;

/// The leg of the draws for lost entries, far from those of slippage, which count from 0.
const LEG: u32 = 1 << 20;

/// An action that takes a number and does nothing.
// In place of what is held back: numbers that the strategy was promised stay those of its orders.
const NOTHING: Action = Action::Cancel(OrderId(u32::MAX));

/// Runs a strategy and disturbs its orders.
#[derive(Debug)]
pub struct Disturbed<S> {
    /// The strategy.
    pub strategy: S,
    how: Disturbance,
    /// Actions that are held back, each with the step after which it goes out.
    held: Vec<(usize, Action)>,
    /// What went out late at the step at hand: entries, and trades that are closed.
    entered: Vec<(SymbolId, Direction)>,
    closed: Vec<TradeId>,
    released_at: usize,
    entries: u32,
}

impl<S> Disturbed<S> {
    /// A strategy as it is, where nothing happens to its orders.
    pub fn new(strategy: S, how: Disturbance) -> Self {
        Self {
            strategy,
            how,
            held: Vec::new(),
            entered: Vec::new(),
            closed: Vec::new(),
            released_at: 0,
            entries: 0,
        }
    }

    fn is_active(&self) -> bool {
        self.how != Disturbance::default()
    }

    /// Sends what was held back at an earlier step; gives how many orders that makes.
    fn release(&mut self, step: usize, actions: &mut Vec<Action>) -> usize {
        if self.released_at < step {
            self.entered.clear();
            self.closed.clear();
            self.released_at = step;
        }
        let before = actions.len();
        let (due, held) = mem::take(&mut self.held)
            .into_iter()
            .partition(|(since, _)| *since < step);
        self.held = held;
        for (_, action) in due {
            match &action {
                Action::Open(request) => self.entered.push((request.symbol, request.direction)),
                Action::Close {
                    target: CloseTarget::Trade(trade),
                    ..
                } => self.closed.push(*trade),
                _ => {}
            }
            actions.push(action);
        }
        actions.len() - before
    }

    /// Holds back or drops what the strategy has just requested.
    fn disturb(&mut self, step: usize, state: &State<'_>, requested: &mut [Action]) {
        for action in requested {
            let request = mem::replace(action, NOTHING);
            *action = match request {
                Action::Open(open) if open.reduce_only == ReduceOnly::No => self.entry(step, open),
                Action::Close {
                    target,
                    fraction,
                    reason,
                } if self.how.late_exits => {
                    for trade in trades_of(target, state.positions) {
                        // While it is on its way the position still shows, and is closed again.
                        if self.closed.contains(&trade) {
                            continue;
                        }
                        let target = CloseTarget::Trade(trade);
                        let late = Action::Close {
                            target,
                            fraction,
                            reason,
                        };
                        self.held.push((step, late));
                    }
                    NOTHING
                }
                Action::Rebalance(request) => self.rebalance(step, request),
                other => other,
            };
        }
    }

    /// Holds back what a rebalance reduces, increases or both; each of its targets may be lost as
    /// far as it is bought.
    fn rebalance(&mut self, step: usize, mut request: Rebalance) -> Action {
        let mut lost = Vec::new();
        for target in &request.targets {
            self.entries += 1;
            if self.is_lost() {
                lost.push(target.symbol);
            }
        }
        let (late_entries, late_exits) = (self.how.late_entries, self.how.late_exits);
        if late_entries || late_exits {
            let mut late = request.clone();
            late.phases = Phases {
                no_reductions: !late_exits,
                no_increases: !late_entries,
                lost: lost.clone(),
            };
            self.held.push((step, Action::Rebalance(late)));
        }
        if late_entries && late_exits {
            return NOTHING;
        }
        request.phases = Phases {
            no_reductions: late_exits,
            no_increases: late_entries,
            lost,
        };
        Action::Rebalance(request)
    }

    /// Whether the entry that was counted last is lost.
    fn is_lost(&self) -> bool {
        let lost = self.how.lost;
        lost.is_some_and(|(seed, share)| uniform(seed, self.entries, LEG) < share)
    }

    fn entry(&mut self, step: usize, open: OpenRequest) -> Action {
        self.entries += 1;
        if self.is_lost() {
            return NOTHING;
        }
        if !self.how.late_entries {
            return Action::Open(open);
        }
        // A strategy that sees no position yet enters again: that is the same entry.
        if !self.entered.contains(&(open.symbol, open.direction)) {
            self.held.push((step, Action::Open(open)));
        }
        NOTHING
    }
}

/// The trades that a close is for, as they are open now: not what is opened until it goes out.
fn trades_of(target: CloseTarget, open: &[Position]) -> Vec<TradeId> {
    let meant = |position: &&Position| match target {
        CloseTarget::All => true,
        CloseTarget::Symbol(symbol) => position.symbol == symbol,
        CloseTarget::Trade(trade) => position.id == trade,
    };
    open.iter()
        .filter(meant)
        .map(|position| position.id)
        .collect()
}

/// The account as the strategy sees it after the orders that went out late.
fn behind<'a>(state: &State<'a>, released: usize) -> State<'a> {
    if released == 0 {
        return *state;
    }
    let taken = u32::try_from(released).unwrap_or(u32::MAX);
    State {
        next_order: state.next_order.saturating_add(taken),
        changes: state.changes ^ OF_LATE,
        ..*state
    }
}

impl<S: Strategy> Disturbed<S> {
    /// The decision of the strategy, after the orders that were held back until this step.
    #[inline]
    fn disturbed(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
        decide: impl Fn(&mut S, &View<'_>, &State<'_>, &mut Vec<Action>) -> Result<(), S::Error>,
    ) -> Result<(), S::Error> {
        if !self.is_active() {
            return decide(&mut self.strategy, view, state, actions);
        }
        let released = self.release(view.step(), actions);
        let before = actions.len();
        decide(&mut self.strategy, view, &behind(state, released), actions)?;
        self.disturb(view.step(), state, &mut actions[before..]);
        Ok(())
    }
}

impl<S: Strategy> Strategy for Disturbed<S> {
    type Error = S::Error;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        if self.held.is_empty() {
            self.strategy.next_decision_step(step)
        } else {
            step
        }
    }

    #[inline]
    fn wants_events(&self) -> bool {
        self.strategy.wants_events()
    }

    #[inline]
    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), S::Error> {
        self.disturbed(view, state, actions, S::evaluate)
    }

    fn on_events(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), S::Error> {
        self.disturbed(view, state, actions, S::on_events)
    }

    fn manages(&self) -> bool {
        self.strategy.manages()
    }

    fn manage(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), S::Error> {
        self.strategy.manage(view, state, actions)
    }

    fn finish(&mut self, view: &View<'_>, state: &State<'_>) -> Result<(), S::Error> {
        self.strategy.finish(view, state)
    }
}
