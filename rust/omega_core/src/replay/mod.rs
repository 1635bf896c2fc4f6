//! The loop: all control flow of a run, and nothing else.
//!
//! In: a market, a plan, and three components. Out: whatever the components wrote down. The loop is
//! generic over its components, so that native ones are inlined and a Python one costs one adapter.

mod components;
mod feed;
mod magnifier;
mod plan;
mod rates;
mod strategy;
mod wakeups;

use std::ops::Range;

use crate::error::OmegaError;
use crate::execution::{Action, Moment, Moments};
use crate::store::Walk;
use crate::types::SymbolId;

pub use components::{Executor, Observer, Portfolio};
pub use feed::{Behind, Feed};
pub use magnifier::Magnifier;
pub use plan::Plan;
pub use rates::Rates;
pub use strategy::{State, Strategy, View};
pub use wakeups::Wakeups;

/// Steps between two looks at the outside world: interrupts and progress.
const STEPS_BETWEEN_TICKS: usize = 1024;

/// From so many quiet steps on they are taken column by column.
const SHORTEST_STRETCH: usize = 8;

/// What the loop counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Steps walked; of one symbol each bar is a step.
    pub bars: usize,
    /// Actions that the strategy asked for.
    pub signals: usize,
}

/// Runs a strategy over a market: for each step PREPARE, STRATEGY, PROCESS, EXITS, MANAGE,
/// PORTFOLIO and PROGRESS, in this order (semantics, section 2).
///
/// # Errors
/// Whatever the strategy, a strict executor or the observer raises; the run ends there.
pub fn run<S, E, P, O>(
    feed: &mut Feed<'_>,
    plan: &Plan,
    strategy: &mut S,
    desk: (&mut E, &mut P),
    observer: &mut O,
) -> Result<RunCounts, S::Error>
where
    S: Strategy,
    E: Executor,
    P: Portfolio,
    O: Observer<Error = S::Error>,
{
    let (executor, portfolio) = desk;
    let market = feed.market;
    let mut counts = RunCounts::default();
    let Some(mut walk) = Walk::at(market, plan.start) else {
        return Ok(counts);
    };
    let mut actions: Vec<Action> = Vec::new();
    let mut scene = Scene::new(market.symbols().len(), strategy.manages());
    let mut step = plan.start;
    while step < plan.end {
        let slept = sleep(step, plan, feed, &walk, strategy, (executor, portfolio));
        if slept > 0 {
            counts.bars += slept;
            step += slept;
            if counts.bars.is_multiple_of(STEPS_BETWEEN_TICKS) {
                observer.tick(counts.bars)?;
            }
            // After the last step the walk stays at it.
            walk.skip(slept - usize::from(step == plan.end));
            continue;
        }
        if strategy.wakes_at(step) == step || is_news(strategy, executor) {
            let view = View::new(market, &walk);
            strategy.evaluate(&view, &State::of(executor, portfolio), &mut actions)?;
            executor.clear_events();
        }
        if actions.is_empty() && executor.is_idle() {
            portfolio.update_flat();
        } else if let Some(profit) = quiet(feed, &walk, &actions, strategy, executor, portfolio) {
            portfolio.update_calm(profit, executor.positions().len());
        } else {
            executor.rouse();
            counts.signals += actions.len();
            scene.look(feed, &walk, &actions, executor);
            scene.play(feed, &mut actions, executor, portfolio)?;
            if strategy.manages() && !executor.positions().is_empty() {
                let moments = &mut scene.moments;
                manage(strategy, feed, &walk, moments, (executor, portfolio))?;
            }
            portfolio.update(&scene.closing, executor);
        }
        counts.bars += 1;
        if counts.bars.is_multiple_of(STEPS_BETWEEN_TICKS) {
            observer.tick(counts.bars)?;
        }
        step += 1;
        if step < plan.end {
            walk.advance();
        }
    }
    executor.rouse();
    finish(&walk, feed, plan, strategy, (executor, portfolio))?;
    observer.tick(counts.bars)?;
    Ok(counts)
}

/// Whether something happened that the strategy wants to hear of.
#[inline]
fn is_news<S: Strategy, E: Executor>(strategy: &S, executor: &E) -> bool {
    strategy.hears() && !executor.events().is_empty()
}

/// Takes at once the steps from this one on that bring nothing but a row, while the strategy
/// sleeps; gives how many they are. Not more than to the next look at the outside world.
#[inline]
fn sleep<S: Strategy, E: Executor, P: Portfolio>(
    step: usize,
    plan: &Plan,
    feed: &Feed<'_>,
    walk: &Walk<'_>,
    strategy: &mut S,
    (executor, portfolio): (&mut E, &mut P),
) -> usize {
    if is_news(strategy, executor) {
        return 0;
    }
    let until = strategy.wakes_at(step).min(plan.end);
    let to_tick = STEPS_BETWEEN_TICKS - (step - plan.start) % STEPS_BETWEEN_TICKS;
    let asleep = until.saturating_sub(step).min(to_tick);
    if executor.is_idle() {
        portfolio.update_flat_many(asleep);
        return asleep;
    }
    if strategy.manages() {
        return 0;
    }
    glide(asleep, feed, walk, executor, portfolio)
}

/// Takes the quiet bars at the head of so many, where nobody has to look at every bar; gives how
/// many they are.
fn glide<E: Executor, P: Portfolio>(
    bars: usize,
    feed: &Feed<'_>,
    walk: &Walk<'_>,
    executor: &mut E,
    portfolio: &mut P,
) -> usize {
    let [behind] = feed.behind.as_slice() else {
        return 0;
    };
    let (Rates::Constant(rate), None) = (&behind.rates, &behind.magnifier) else {
        return 0;
    };
    if bars < SHORTEST_STRETCH || portfolio.watches() {
        return 0;
    }
    let Some(stretch) = walk.stretch(bars) else {
        return 0;
    };
    executor.glide_through(&stretch, *rate, |profits, positions| {
        portfolio.update_calm_many(profits, positions);
    })
}

/// The open profit at the close of a bar in which nothing can happen; none where something may, or
/// somebody has to look at every bar.
#[inline]
fn quiet<S: Strategy, E: Executor, P: Portfolio>(
    feed: &mut Feed<'_>,
    walk: &Walk<'_>,
    actions: &[Action],
    strategy: &S,
    executor: &mut E,
    portfolio: &P,
) -> Option<f64> {
    let [behind] = feed.behind.as_mut_slice() else {
        return None;
    };
    let watched = strategy.manages() || portfolio.watches();
    if !actions.is_empty() || watched || behind.magnifier.is_some() {
        return None;
    }
    let bar = walk.bar(SymbolId(0))?;
    executor.glide(&bar, behind.rates.at(bar.time))
}

/// The symbols that matter at a step, and the finer bars inside theirs (I2).
struct Scene {
    /// Whether a position manager of the user's own may mean any symbol that has something open.
    managed: bool,
    wanted: Vec<bool>,
    /// Where each symbol stands.
    moments: Moments,
    /// The same, with the first finer bar in place of a bar that has some.
    opening: Moments,
    /// The same at the end of the step: what is closed at a close has the time of the last finer
    /// bar, as in the finer run (I5).
    closing: Moments,
    /// The further finer bars, by place among the moments.
    inside: Vec<Range<usize>>,
}

impl Scene {
    fn new(symbols: usize, managed: bool) -> Self {
        Self {
            managed,
            wanted: vec![false; symbols],
            moments: Moments::default(),
            opening: Moments::default(),
            closing: Moments::default(),
            inside: Vec::new(),
        }
    }

    /// Looks at what is live and has a bar, and at what the actions mean.
    fn look<E: Executor>(
        &mut self,
        feed: &mut Feed<'_>,
        walk: &Walk<'_>,
        actions: &[Action],
        executor: &E,
    ) {
        executor.mark_live(&mut self.wanted);
        for (symbol, wanted) in self.wanted.iter_mut().enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "symbols are few")]
            let present = || walk.is_present(SymbolId(symbol as u32));
            *wanted = *wanted && (self.managed || present());
        }
        for action in actions {
            self.wanted[executor.symbol_of(action).index()] = true;
        }
        feed.look(walk, &self.wanted, &mut self.moments);
        self.opening.clone_from(&self.moments);
        self.inside.clear();
        for now in self.opening.iter_mut() {
            let finer = feed.inside(now);
            if !finer.is_empty() {
                now.bar = feed.finer_bar(now, finer.start);
            }
            self.inside
                .push((finer.start + 1).min(finer.end)..finer.end);
        }
    }

    /// PROCESS, EXITS and MANAGE of a step: all that the opens bring, then symbol by symbol what
    /// follows inside the bars, so that no order at an open knows of what came after it.
    fn play<E: Executor, P: Portfolio>(
        &mut self,
        feed: &Feed<'_>,
        actions: &mut Vec<Action>,
        executor: &mut E,
        portfolio: &mut P,
    ) -> Result<(), OmegaError> {
        for now in self.moments.trading() {
            executor.book_nights(now, portfolio);
        }
        for now in self.opening.trading() {
            open(now, executor, portfolio)?;
        }
        for action in actions.drain(..) {
            executor.process(action, &self.opening, portfolio)?;
        }
        self.closing.clone_from(&self.moments);
        let parts = self.opening.as_slice().iter().zip(&self.inside);
        for (close, (now, finer)) in self.closing.iter_mut().zip(parts) {
            if now.trades {
                close.bar.time = play_inside(feed, now, finer.clone(), executor, portfolio)?;
            }
        }
        Ok(())
    }
}

/// Expiry, and what waits for an open without a price of its own.
fn open<E: Executor, P: Portfolio>(
    now: &Moment,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<(), OmegaError> {
    executor.expire(now);
    executor.fill_asked(now, portfolio);
    executor.late_refusal()
}

/// What follows an open: the rest of a bar, and the finer bars after the first one; between finer
/// bars the account is settled as between bars. Gives the time of the last one walked.
fn play_inside<E: Executor, P: Portfolio>(
    feed: &Feed<'_>,
    opening: &Moment,
    finer: Range<usize>,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<i64, OmegaError> {
    follow(opening, executor, portfolio)?;
    let mut now = *opening;
    for index in finer {
        portfolio.settle(&Moments::of_one(now), executor);
        if executor.is_idle() {
            break;
        }
        let bar = feed.finer_bar(opening, index);
        now = Moment {
            bar,
            last: now.bar,
            ..now
        };
        open(&now, executor, portfolio)?;
        follow(&now, executor, portfolio)?;
    }
    Ok(now.bar.time)
}

/// EXITS and MANAGE of a bar or finer bar.
fn follow<E: Executor, P: Portfolio>(
    now: &Moment,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<(), OmegaError> {
    executor.match_bar(now, portfolio);
    executor.late_refusal()?;
    executor.manage(now);
    Ok(())
}

/// MANAGE by the strategy's own position manager: it sees what the next step will see, and levels
/// are judged by that.
fn manage<S: Strategy, E: Executor, P: Portfolio>(
    strategy: &mut S,
    feed: &Feed<'_>,
    walk: &Walk<'_>,
    moments: &mut Moments,
    (executor, portfolio): (&mut E, &mut P),
) -> Result<(), S::Error> {
    let mut actions = Vec::new();
    let closed = walk.closed();
    let view = View::new(feed.market, &closed);
    strategy.manage(&view, &State::of(executor, portfolio), &mut actions)?;
    for now in moments.iter_mut() {
        now.last = closed.newest(now.symbol).unwrap_or(now.last);
    }
    for action in actions {
        executor.process_managed(&action, moments)?;
    }
    Ok(())
}

/// After the last step: open positions are closed (L4), and the strategy hears of the last events.
fn finish<S: Strategy, E: Executor, P: Portfolio>(
    walk: &Walk<'_>,
    feed: &mut Feed<'_>,
    plan: &Plan,
    strategy: &mut S,
    (executor, portfolio): (&mut E, &mut P),
) -> Result<(), S::Error> {
    if plan.close_at_end && !executor.positions().is_empty() {
        let mut scene = Scene::new(feed.market.symbols().len(), true);
        executor.mark_live(&mut scene.wanted);
        feed.last(walk, &scene.wanted, &mut scene.moments);
        executor.close_at_end(&scene.moments, portfolio);
        portfolio.rewrite_last_row();
    }
    let closed = walk.closed();
    let view = View::new(feed.market, &closed);
    strategy.finish(&view, &State::of(executor, portfolio))
}
