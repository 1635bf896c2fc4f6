//! The loop: all control flow of a run, and nothing else.
//!
//! In: candles, a plan, and three components. Out: whatever the components wrote down. The loop is
//! generic over its components, so that native ones are inlined and a Python one costs one adapter.

mod components;
mod magnifier;
mod plan;
mod rates;
mod strategy;

use crate::error::OmegaError;
use crate::execution::{Action, Moment};
use crate::store::{Cursor, SymbolCandles};

pub use components::{Executor, Observer, Portfolio};
pub use magnifier::Magnifier;
pub use plan::Plan;
pub use rates::Rates;
pub use strategy::{State, Strategy, View};

/// Bars between two looks at the outside world: interrupts and progress.
const BARS_BETWEEN_TICKS: usize = 1024;

/// What the loop counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Bars walked.
    pub bars: usize,
    /// Actions that the strategy asked for.
    pub signals: usize,
}

/// The data of a run: the candles that the strategy decides on, and what stands behind them.
#[derive(Debug)]
pub struct Feed<'a> {
    /// The candles walked.
    pub candles: &'a SymbolCandles,
    /// Account currency per unit of quote currency.
    pub rates: Rates,
    /// Finer candles of the same symbol, to look inside a bar.
    pub magnifier: Option<Magnifier>,
}

/// Runs a strategy over one symbol: for each bar PREPARE, STRATEGY, PROCESS, EXITS, MANAGE,
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
    let candles = feed.candles;
    let mut counts = RunCounts::default();
    let Some(mut cursor) = Cursor::at(candles, plan.start) else {
        return Ok(counts);
    };
    let mut actions: Vec<Action> = Vec::new();
    let mut end = None;
    for index in plan.start..plan.end {
        let view = View::new(candles, index - 1);
        strategy.evaluate(&view, &State::of(executor, portfolio), &mut actions)?;
        executor.clear_events();
        if actions.is_empty() && executor.is_idle() {
            portfolio.update_flat();
        } else {
            counts.signals += actions.len();
            let now = moment(&cursor, feed, index);
            let close = walk_bar(feed, &now, &mut actions, executor, portfolio)?;
            if strategy.manages() && !executor.positions().is_empty() {
                manage(strategy, candles, &now, executor, portfolio)?;
            }
            portfolio.update(&close, executor);
            end = Some(close);
        }
        counts.bars += 1;
        if counts.bars.is_multiple_of(BARS_BETWEEN_TICKS) {
            observer.tick(counts.bars)?;
        }
        if index + 1 < plan.end {
            cursor.advance();
        }
    }
    finish(end, candles, plan, strategy, (executor, portfolio))?;
    observer.tick(counts.bars)?;
    Ok(counts)
}

/// PROCESS, EXITS and MANAGE of one bar, or of the finer bars inside it (I2). Gives the moment of
/// the bar's close: what is closed there has the time of the last finer bar, as in the finer run.
fn walk_bar<E: Executor, P: Portfolio>(
    feed: &mut Feed<'_>,
    now: &Moment,
    actions: &mut Vec<Action>,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<Moment, OmegaError> {
    executor.book_nights(now, portfolio);
    let finer = feed
        .magnifier
        .as_mut()
        .map_or(0..0, |magnifier| magnifier.inside(feed.candles, now.index));
    let Some(magnifier) = feed.magnifier.as_ref().filter(|_| !finer.is_empty()) else {
        walk_moment(now, actions, executor, portfolio)?;
        return Ok(*now);
    };
    let (mut close, mut last) = (*now, now.last);
    let last_part = finer.end - 1;
    for index in finer {
        let bar = magnifier.bar(index);
        let part = Moment { bar, last, ..*now };
        close.bar.time = bar.time;
        walk_moment(&part, actions, executor, portfolio)?;
        if index < last_part {
            portfolio.settle(&part, executor);
        }
        if executor.is_idle() {
            break;
        }
        last = bar;
    }
    Ok(close)
}

fn walk_moment<E: Executor, P: Portfolio>(
    now: &Moment,
    actions: &mut Vec<Action>,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<(), OmegaError> {
    executor.expire(now);
    executor.fill_asked(now, portfolio);
    executor.late_refusal()?;
    for action in actions.drain(..) {
        executor.process(action, now, portfolio)?;
    }
    executor.match_bar(now, portfolio);
    executor.late_refusal()?;
    executor.manage(now);
    Ok(())
}

/// MANAGE by the strategy's own position manager: it sees the bar that just closed.
fn manage<S: Strategy, E: Executor, P: Portfolio>(
    strategy: &mut S,
    candles: &SymbolCandles,
    now: &Moment,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<(), S::Error> {
    let mut actions = Vec::new();
    let view = View::new(candles, now.index);
    strategy.manage(&view, &State::of(executor, portfolio), &mut actions)?;
    for action in actions {
        executor.process_managed(&action, now)?;
    }
    Ok(())
}

/// After the last bar: open positions are closed at its close, `end` (L4), and the strategy hears
/// of the last events.
fn finish<S: Strategy, E: Executor, P: Portfolio>(
    end: Option<Moment>,
    candles: &SymbolCandles,
    plan: &Plan,
    strategy: &mut S,
    (executor, portfolio): (&mut E, &mut P),
) -> Result<(), S::Error> {
    let Some(last) = plan.end.checked_sub(1) else {
        return Ok(());
    };
    if let Some(close) = end.filter(|_| plan.close_at_end)
        && !executor.positions().is_empty()
    {
        executor.close_at_end(&close, portfolio);
        portfolio.rewrite_last_row();
    }
    let view = View::new(candles, last);
    strategy.finish(&view, &State::of(executor, portfolio))
}

fn moment(cursor: &Cursor<'_>, feed: &mut Feed<'_>, index: usize) -> Moment {
    let (bar, last) = (cursor.bar(), feed.candles.bar(index - 1));
    let last_rate = feed.rates.at(last.time);
    Moment {
        index,
        bar,
        last,
        rate: feed.rates.at(bar.time),
        last_rate,
    }
}
