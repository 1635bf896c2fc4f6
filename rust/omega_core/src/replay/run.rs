//! The steps of a run, one after the other.

use super::step::StepContext;
use super::{
    Ahead, Executor, Feed, Foresight, Observer, Outlook, Plan, Portfolio, State, Strategy, View,
};
use crate::execution::Semantics;
use crate::store::{ClosedWalk, Stretch, Walk};

/// Steps between two calls of the observer: often enough for an interrupt, rarely enough to cost
/// nothing.
// 1,024 in the reference as well, so that both report progress at the same bars. A power of two:
// the remainder is a mask, and the 65,536 steps of the observer that takes the interpreter are a
// multiple of it, which it would otherwise step over.
const STEPS_BETWEEN_TICKS: usize = 1024;

/// Steps shown to a strategy that decides ahead: at first, and at most.
const SHORTEST_OUTLOOK: usize = 16;
const LONGEST_OUTLOOK: usize = 256;

/// What the loop counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Steps walked; of one symbol each bar is a step.
    pub bars: usize,
    /// Orders that the strategy submitted, changes and cancellations included.
    pub signals: usize,
}

/// Runs a strategy over a market: for each step PREPARE, STRATEGY, PROCESS, EXITS, MANAGE,
/// PORTFOLIO and PROGRESS, in this order (L1).
///
/// # Errors
/// Whatever the strategy, a strict executor or the observer raises; the run ends there.
pub fn run<S, E, P, O>(
    feed: &mut Feed<'_>,
    plan: &Plan,
    strategy: &mut S,
    executor: &mut E,
    portfolio: &mut P,
    observer: &mut O,
) -> Result<RunCounts, S::Error>
where
    S: Strategy<E::Action>,
    E: Executor,
    P: Portfolio,
    O: Observer<Error = S::Error>,
    S::Error: From<E::Error>,
{
    let Some(mut walk) = Walk::at(feed.market, plan.start) else {
        return Ok(RunCounts::default());
    };
    if plan.semantics == Semantics::Two {
        walk.wait_for(&plan.needs);
    }
    let mut replay = Replay {
        actions: Vec::new(),
        context: StepContext::new(feed, plan.semantics),
        closed: ClosedWalk::default(),
        seen: Seen::default(),
        flat: 0,
        decided: 0,
        sleeps: false,
        assumed: None,
        reach: SHORTEST_OUTLOOK,
        profits: Vec::new(),
        feed,
        walk,
        strategy,
        executor,
        portfolio,
    };
    let mut counts = RunCounts::default();
    let mut step = plan.start;
    while step < plan.end {
        // No stretch goes beyond a tick, so that a jump never passes one.
        let to_tick = STEPS_BETWEEN_TICKS - counts.bars % STEPS_BETWEEN_TICKS;
        let taken = replay.steps(step, (plan.end - step).min(to_tick), &mut counts)?;
        counts.bars += taken;
        step += taken;
        if counts.bars.is_multiple_of(STEPS_BETWEEN_TICKS) {
            observer.tick(counts.bars)?;
        }
        // After the last step the walk stays at it: positions are closed at its bars, and data may
        // go on after the end of the plan.
        match taken - usize::from(step == plan.end) {
            0 => {}
            1 => replay.walk.advance(),
            steps => replay.walk.skip(steps),
        }
    }
    replay.finish(plan.close_at_end)?;
    observer.tick(counts.bars)?;
    Ok(counts)
}

/// How many fills and trades the strategy has seen.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    fills: usize,
    trades: usize,
}

/// What a strategy sees of the account besides equity, as far as changes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Assumed {
    changes: u64,
    fills: usize,
    balance: u64,
}

/// A run between two steps.
struct Replay<'r, 'f, S, E: Executor, P> {
    feed: &'r mut Feed<'f>,
    walk: Walk<'f>,
    strategy: &'r mut S,
    executor: &'r mut E,
    portfolio: &'r mut P,
    actions: Vec<E::Action>,
    context: StepContext,
    closed: ClosedWalk<'f>,
    seen: Seen,
    /// So many steps have passed without anything open, whose rows are not written yet.
    // Together, once something happens: a callback on each bar would write them one by one.
    flat: usize,
    /// The strategy has decided for so many steps from this one on; its request is for the last.
    decided: usize,
    /// Whether it has skipped steps.
    sleeps: bool,
    /// The account that it decided by, where it can decide again.
    assumed: Option<Assumed>,
    /// So many steps are shown to a strategy that decides ahead.
    // More where it took all, and none where it requested something at once: bars that are walked
    // anyway are not worth a look ahead.
    reach: usize,
    /// Open profits at the closes of the bars ahead.
    profits: Vec<f64>,
}

impl<'f, S, E, P> Replay<'_, 'f, S, E, P>
where
    S: Strategy<E::Action>,
    E: Executor,
    P: Portfolio,
    S::Error: From<E::Error>,
{
    /// Takes the steps from this one on, at most so many, as long as the strategy has nothing to
    /// decide and nothing can happen; else this step alone. Gives how many were taken.
    #[inline]
    fn steps(
        &mut self,
        step: usize,
        most: usize,
        counts: &mut RunCounts,
    ) -> Result<usize, S::Error> {
        let mut undecided = 0;
        if self.decided == 0 {
            let next_decision = self.strategy.next_decision_step(step);
            let has_events = self.has_events();
            // A fill ends a sleep, since the strategy may act on it at the very next open.
            if next_decision > step && !has_events {
                undecided = (next_decision - step).min(most);
                self.sleeps = true;
            } else {
                self.decided = self.decide(has_events, most)?;
                // Without a request it sleeps on from this step: its bar and those after it are
                // taken together. Only of a strategy that has slept is the next decision worth a
                // second call.
                if self.sleeps && self.decided == 1 && self.actions.is_empty() {
                    let next_decision = self.strategy.next_decision_step(step + 1);
                    undecided = next_decision.saturating_sub(step + 1).min(most - 1);
                }
            }
        }
        let requested = usize::from(!self.actions.is_empty());
        let asleep = (undecided + self.decided).saturating_sub(requested);
        let mut taken = if asleep > 0 {
            self.advance_quiet(asleep)?
        } else {
            0
        };
        if taken == 0 {
            taken = self.walk_step(most, counts)?;
        }
        self.decided = self.decided.saturating_sub(taken);
        if self.decided > 0 && self.assumed.is_some_and(|then| then != self.account()) {
            self.decided = 0;
            self.actions.clear();
            self.reach = SHORTEST_OUTLOOK;
        }
        Ok(taken)
    }

    /// Walks one step, with what was requested if that is for this step, and those after it as far
    /// as they are quiet; gives how many were taken.
    fn walk_step(&mut self, most: usize, counts: &mut RunCounts) -> Result<usize, S::Error> {
        if self.decided <= 1 {
            let asleep = self.asleep_after_open(most);
            return self.step(asleep, counts);
        }
        let requested = std::mem::take(&mut self.actions);
        self.step(0, counts)?;
        self.actions = requested;
        Ok(1)
    }

    /// For how many steps from this one on the strategy sleeps after its request, whatever happens
    /// in them.
    #[inline]
    fn asleep_after_open(&mut self, most: usize) -> usize {
        // A step without a request is walked because its bar reaches something.
        let acts = self.strategy.wants_events() || self.strategy.manages();
        if acts || self.actions.is_empty() || self.portfolio.watches() {
            return 0;
        }
        let step = self.walk.step();
        let next_decision = self.strategy.next_decision_step(step + 1);
        most.min(next_decision.saturating_sub(step))
    }

    /// Whether there are fills that the strategy has to get.
    #[inline]
    fn has_events(&self) -> bool {
        self.strategy.wants_events() && self.executor.state().fills.len() > self.seen.fills
    }

    /// STRATEGY: events first, then the decision; gives at how many steps it decided.
    #[inline]
    fn decide(&mut self, has_events: bool, most: usize) -> Result<usize, S::Error> {
        let foresight = self.strategy.looks_ahead();
        let ahead = match foresight {
            Foresight::Never => None,
            _ => self.look_ahead(most, foresight),
        };
        self.assumed = (foresight == Foresight::Anew).then(|| self.account());
        let view = View::new(self.feed.market, &self.walk);
        let state = state(self.executor, self.portfolio, self.seen, self.flat);
        if has_events {
            self.strategy.on_events(&view, &state, &mut self.actions)?;
        }
        let decided = if let Some(bars) = ahead.filter(|_| self.actions.is_empty()) {
            let outlook = Outlook::new(bars, state.balance, &self.profits);
            let actions = &mut self.actions;
            self.strategy
                .decide_ahead(&view, &state, outlook, actions)?
        } else {
            self.strategy.evaluate(&view, &state, &mut self.actions)?;
            1
        };
        self.reach = match decided {
            1 if !self.actions.is_empty() => 0,
            all if ahead.is_some() && all > self.reach => (4 * self.reach).min(LONGEST_OUTLOOK),
            // Its bars are not examined first, so that a longer outlook costs nothing until a
            // decision has to be dropped.
            _ if foresight == Foresight::Anew => LONGEST_OUTLOOK,
            _ => SHORTEST_OUTLOOK,
        };
        // After both calls: the decision sees the same events as `on_events`.
        self.seen = Seen {
            fills: state.fills.len(),
            trades: state.trades.len(),
        };
        self.seen.trades -= self.portfolio.forget_trades();
        let forgotten = self.executor.forget_fills();
        if forgotten > 0 {
            self.seen.fills -= forgotten;
            if let Some(assumed) = &mut self.assumed {
                assumed.fills -= forgotten;
            }
        }
        Ok(decided)
    }

    /// The bars from this step on over which a strategy may decide ahead; with the open profits
    /// where it reads them and anything is open. None where the next bar may change something.
    fn look_ahead(&mut self, most: usize, foresight: Foresight) -> Option<Stretch<'f>> {
        self.profits.clear();
        if self.reach == 0 {
            return None;
        }
        // As in `advance_quiet`: a portfolio or a manager that watches sees each bar by itself.
        if self.portfolio.watches() || self.strategy.manages() || self.feed.is_magnified() {
            return None;
        }
        // The first bar is that of this step, at which it decides anyway.
        let bars = self.walk.stretch(most.min(self.reach + 1))?;
        if self.executor.is_surely_idle() {
            return Some(bars);
        }
        let ahead = Ahead {
            feed: self.feed,
            walk: &self.walk,
            bars: bars.len(),
        };
        let balance = self.portfolio.balance();
        if foresight == Foresight::Anew {
            let is_likely = self.executor.may_be_quiet(ahead, balance);
            return is_likely.then_some(bars);
        }
        let profits = (foresight == Foresight::Equity).then_some(&mut self.profits);
        let quiet = self.executor.foresee(ahead, balance, profits);
        // One step more than quiet bars: what happens in the last of them changes nothing before.
        (quiet > 0).then(|| bars.part(0, quiet + 1))
    }

    /// The account as a strategy sees it that can decide again.
    #[inline]
    fn account(&self) -> Assumed {
        let state = self.executor.state();
        Assumed {
            changes: state.changes,
            fills: state.fills.len(),
            balance: self.portfolio.balance().to_bits(),
        }
    }

    /// Takes the bars ahead in which nothing can happen; gives how many.
    #[inline]
    fn advance_quiet(&mut self, bars: usize) -> Result<usize, S::Error> {
        let watches = self.portfolio.watches();
        if !watches && self.executor.is_surely_idle() {
            self.flat += bars;
            return Ok(bars);
        }
        self.write_flat_rows();
        let is_watched = watches || self.strategy.manages();
        // A quiet range leaves marks and extremes behind until it ends. A manager reads them at
        // each close, and a portfolio that watches gets marked positions with each row.
        if is_watched && !self.executor.is_idle()? {
            return Ok(0);
        }
        let ahead = Ahead {
            feed: self.feed,
            walk: &self.walk,
            bars,
        };
        Ok(self.executor.quiet(ahead, self.portfolio)?)
    }

    /// Writes the rows that are still to be written, before anything happens.
    #[inline]
    fn write_flat_rows(&mut self) {
        if self.flat > 0 {
            self.portfolio.write_flat_rows(self.flat);
            self.flat = 0;
        }
    }

    /// PROCESS, EXITS, MANAGE and PORTFOLIO of one step, and the quiet steps after it as far as the
    /// strategy sleeps through them and the rest of this one is quiet as well; gives how many were
    /// taken.
    fn step(&mut self, asleep: usize, counts: &mut RunCounts) -> Result<usize, S::Error> {
        self.write_flat_rows();
        let (time, symbols) = (self.walk.time(), self.context.symbols());
        // Before the bars are loaded: what was submitted decides which symbols the step concerns.
        counts.signals += self.executor.submit(&mut self.actions, time, symbols);
        // A manager may act on any symbol that has something open.
        let needs_waiting = self.strategy.manages();
        self.context.load(self.feed, &self.walk, needs_waiting);
        self.context.open(self.executor, self.portfolio)?;
        if asleep > 1 {
            let ahead = Ahead {
                feed: self.feed,
                walk: &self.walk,
                bars: asleep,
            };
            let opened = self.context.closes();
            let quiet = self.executor.after_open(opened, ahead, self.portfolio)?;
            if quiet > 0 {
                return Ok(quiet);
            }
        }
        self.context
            .execute(self.feed, self.executor, self.portfolio)?;
        // Before PORTFOLIO (L1): the manager still sees what this close may stop out.
        if self.strategy.manages() && self.executor.state().has_positions {
            self.manage()?;
        }
        self.executor
            .on_close(self.context.closes(), &mut self.actions, self.portfolio)?;
        // After the stop-out, whose closes belong to this row (M6.2).
        let profit = self.executor.marked_profit();
        self.portfolio
            .write_row(self.executor.state().positions, profit);
        Ok(1)
    }

    /// MANAGE by the strategy's own position manager: it sees what the next step will see, and
    /// levels are judged by that.
    fn manage(&mut self) -> Result<(), S::Error> {
        let closed = self.closed.after(&self.walk);
        let view = View::new(self.feed.market, closed);
        let state = state(self.executor, self.portfolio, self.seen, self.flat);
        self.strategy.manage(&view, &state, &mut self.actions)?;
        // A level is tested against the close of the bar that is over, which the strategy had not
        // seen at the open (F12.2).
        self.context.show_newest(closed);
        Ok(())
    }

    /// After the last step: open positions are closed (L4), and the strategy gets the last
    /// events.
    fn finish(&mut self, close_at_end: bool) -> Result<(), S::Error> {
        self.write_flat_rows();
        // Twice, since the first call shows whether anything is open: only then are the last bars
        // loaded.
        self.executor.finish(None, self.portfolio)?;
        if close_at_end && self.executor.state().has_positions {
            self.context.load_last(self.feed, &self.walk);
            let closes = self.context.closes();
            self.executor.finish(Some(closes), self.portfolio)?;
            // The row of the last step was written before its positions were closed (L4.1).
            self.portfolio.rewrite_last_row();
        }
        let view = View::new(self.feed.market, self.closed.after(&self.walk));
        let state = state(self.executor, self.portfolio, self.seen, self.flat);
        self.strategy.finish(&view, &state)
    }
}

/// The state of both components, as the strategy sees it after so many flat steps.
#[inline]
fn state<'a, E: Executor, P: Portfolio>(
    executor: &'a E,
    portfolio: &'a P,
    seen: Seen,
    flat: usize,
) -> State<'a> {
    let executor = executor.state();
    let balance = portfolio.balance();
    State {
        positions: executor.positions,
        fills: executor.fills,
        trades: portfolio.trades(),
        seen_fills: seen.fills,
        seen_trades: seen.trades,
        orders: executor.orders,
        last_trades: executor.last_trades,
        balance,
        equity: if flat > 0 {
            balance
        } else {
            portfolio.marked_equity()
        },
        next_order: executor.next_order,
        changes: executor.changes,
    }
}
