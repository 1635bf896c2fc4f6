//! The loop: all control flow of a run, and nothing else.
//!
//! In: candles, a plan, and three components. Out: whatever the components wrote down. The loop is
//! generic over its components, so that native ones are inlined and a Python one costs one adapter.

mod components;
mod plan;
mod strategy;

use crate::error::OmegaError;
use crate::execution::{Action, Moment};
use crate::store::{Cursor, SymbolCandles};

pub use components::{Executor, Observer, Portfolio};
pub use plan::Plan;
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

/// Runs a strategy over one symbol: for each bar PREPARE, STRATEGY, PROCESS, EXITS, PORTFOLIO and
/// PROGRESS, in this order (semantics, section 2).
///
/// # Errors
/// Whatever the strategy, a strict executor or the observer raises; the run ends there.
pub fn run<S, E, P, O>(
    candles: &SymbolCandles,
    plan: &Plan,
    strategy: &mut S,
    executor: &mut E,
    portfolio: &mut P,
    observer: &mut O,
) -> Result<RunCounts, S::Error>
where
    S: Strategy,
    E: Executor,
    P: Portfolio,
    O: Observer<Error = S::Error>,
{
    let mut counts = RunCounts::default();
    let Some(mut cursor) = Cursor::at(candles, plan.start) else {
        return Ok(counts);
    };
    let mut actions: Vec<Action> = Vec::new();
    for index in plan.start..plan.end {
        let view = View::new(candles, index - 1);
        let state = State::of(executor, portfolio);
        strategy.evaluate(&view, &state, &mut actions)?;
        executor.clear_events();
        if actions.is_empty() && executor.is_idle() {
            portfolio.update_flat(cursor.time());
        } else {
            let now = moment(&cursor, candles, index, plan.rate);
            executor.expire(&now);
            counts.signals += actions.len();
            process(&mut actions, &now, executor, portfolio)?;
            executor.match_bar(&now, portfolio);
            portfolio.update(&now, executor.positions_mut());
        }
        counts.bars += 1;
        if counts.bars % BARS_BETWEEN_TICKS == 0 {
            observer.tick(counts.bars)?;
        }
        if index + 1 < plan.end {
            cursor.advance();
        }
    }
    finish(&cursor, candles, plan, strategy, executor, portfolio)?;
    observer.tick(counts.bars)?;
    Ok(counts)
}

fn process<E: Executor, P: Portfolio>(
    actions: &mut Vec<Action>,
    now: &Moment,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<(), OmegaError> {
    for action in actions.drain(..) {
        executor.process(action, now, portfolio)?;
    }
    Ok(())
}

/// After the last bar: open positions are closed (L4), and the strategy hears of the last events.
fn finish<S: Strategy, E: Executor, P: Portfolio>(
    cursor: &Cursor<'_>,
    candles: &SymbolCandles,
    plan: &Plan,
    strategy: &mut S,
    executor: &mut E,
    portfolio: &mut P,
) -> Result<(), S::Error> {
    let Some(last) = plan.end.checked_sub(1) else {
        return Ok(());
    };
    if plan.close_at_end && !executor.positions().is_empty() {
        let now = moment(cursor, candles, last, plan.rate);
        executor.close_at_end(&now, portfolio);
        portfolio.rewrite_last_row();
    }
    let view = View::new(candles, last);
    strategy.finish(&view, &State::of(executor, portfolio))
}

fn moment(cursor: &Cursor<'_>, candles: &SymbolCandles, index: usize, rate: f64) -> Moment {
    Moment {
        index,
        bar: cursor.bar(),
        last: candles.bar(index - 1),
        rate,
    }
}
