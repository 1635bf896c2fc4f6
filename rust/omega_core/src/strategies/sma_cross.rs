//! Two moving averages: always in the market, on the side of the faster one.

use std::ops::Range;

use super::{WarmedUp, enter};
use crate::error::OmegaError;
use crate::execution::Action;
use crate::indicators::averages::sma;
use crate::replay::{State, Strategy, View, Wakeups};
use crate::types::{Direction, SymbolId};

const UP: u8 = 1;
const DOWN: u8 = 2;

/// Bars looked at together.
const TOGETHER: usize = 8;

/// Bars whose averages are there at the same time, where no column of them is; more if a window is
/// long.
const BLOCK: usize = 1 << 14;

type Block = [f64; TOGETHER];

/// Reverses where the averages cross.
#[derive(Debug, Clone)]
pub struct SmaCross {
    wakeups: Wakeups,
    warmup: usize,
}

impl SmaCross {
    /// Over closes of the bid, with two windows. Averages are computed block by block, so that no
    /// memory is as long as the candles but a byte a bar.
    #[must_use]
    pub fn new(close: &[f64], fast: usize, slow: usize) -> Self {
        let warmup = fast.max(slow);
        let mut due = Vec::with_capacity(close.len());
        // Each block reads a window before its first bar again: a quarter more work at most.
        for first in (0..close.len()).step_by(BLOCK.max(4 * warmup)) {
            let end = close.len().min(first + BLOCK.max(4 * warmup));
            // With the bar before, on whose side of each other they were.
            let before = first.saturating_sub(1);
            let of = |window| averages(close, window, before..end);
            due.extend_from_slice(&crossings(&of(fast), &of(slow))[first - before..]);
        }
        Self {
            wakeups: Wakeups::new(due.into()),
            warmup,
        }
    }

    /// Over averages that are there already, which need so many bars.
    #[must_use]
    pub fn of_averages(fast: &[f64], slow: &[f64], warmup: usize) -> Self {
        Self {
            wakeups: Wakeups::new(crossings(fast, slow).into()),
            warmup,
        }
    }
}

/// The averages of some bars: those of the whole column, bit for bit, as each is that of its own
/// window alone.
fn averages(close: &[f64], window: usize, bars: Range<usize>) -> Vec<f64> {
    let first = bars.start.saturating_sub(window - 1);
    let mut values = sma(&close[first..bars.end], window);
    values.drain(..bars.start - first);
    values
}

/// Where the faster average has crossed the slower one.
fn crossings(fast: &[f64], slow: &[f64]) -> Vec<u8> {
    let bars = fast.len();
    let slow = &slow[..bars];
    let mut asks = vec![0; bars];
    // The first bar has none before it.
    let blocks = fast.get(1..).unwrap_or_default().as_chunks().0;
    let (mut first, mut side) = (1, 0);
    for (block, other) in blocks
        .iter()
        .zip(slow.get(1..).unwrap_or_default().as_chunks().0)
    {
        // Mostly they stay on their side for a whole block: 7 instructions a bar instead of 14.
        let stays = match side {
            UP => are_all(block, other, |fast, slow| fast > slow),
            DOWN => are_all(block, other, |fast, slow| fast < slow),
            _ => false,
        };
        let next = first + TOGETHER;
        if !stays {
            ask_within(first..next, fast, slow, &mut asks);
            let (fast, slow) = (block[TOGETHER - 1], other[TOGETHER - 1]);
            side = u8::from(fast > slow) * UP + u8::from(fast < slow) * DOWN;
        }
        first = next;
    }
    ask_within(first.min(bars)..bars, fast, slow, &mut asks);
    asks
}

/// Whether each pair of a block is as it should be.
#[inline]
fn are_all(fast: &Block, slow: &Block, is: impl Fn(f64, f64) -> bool) -> bool {
    fast.iter()
        .zip(slow)
        .fold(true, |all, (&fast, &slow)| all & is(fast, slow))
}

/// The crossings of some bars, by a loop without a branch on a value.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator would put a branch into the loop"
)]
fn ask_within(bars: Range<usize>, fast: &[f64], slow: &[f64], asks: &mut [u8]) {
    let Some(first) = bars.start.checked_sub(1) else {
        return;
    };
    let before = fast[first..].iter().zip(&slow[first..]);
    let after = fast[bars.start..bars.end]
        .iter()
        .zip(&slow[bars.start..bars.end]);
    for ((asks, after), before) in asks[bars].iter_mut().zip(after).zip(before) {
        // Averages that touch have not crossed yet, so equality belongs to the side before. NaN
        // makes every comparison false.
        let up = (before.0 <= before.1) & (after.0 > after.1);
        let down = (before.0 >= before.1) & (after.0 < after.1);
        *asks = u8::from(up) * UP + u8::from(down) * DOWN;
    }
}

impl WarmedUp for SmaCross {
    fn warmup(&self) -> usize {
        self.warmup
    }
}

impl Strategy for SmaCross {
    type Error = OmegaError;

    #[inline]
    fn next_decision_step(&mut self, step: usize) -> usize {
        self.wakeups.next(step)
    }

    #[inline]
    fn wants_events(&self) -> bool {
        // Reads its column only: with sleeping through its own fills, and the changes beside it in
        // docs/concepts/performance.md, the loop went from 59 to 42 ns a bar.
        false
    }

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let direction = match self.wakeups.at(view.step()) {
            UP => Direction::Long,
            DOWN => Direction::Short,
            _ => return Ok(()),
        };
        if !state.positions.is_empty() {
            // Before the entry, which may need the margin that closing frees.
            actions.push(Action::close_all(SymbolId(0)));
        }
        actions.push(enter(SymbolId(0), direction, (None, None), None));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Averages around one another: a few values, so that many touch; NaN in warm-up.
    fn around(bars: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let values = (0..bars).map(|bar| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let value = f64::from(u32::try_from(state >> 62).unwrap());
            if bar < 3 {
                f64::NAN
            } else {
                value * f64::from(u8::from(bar % 40 > 20))
            }
        });
        values.collect()
    }

    #[test]
    fn averages_by_blocks_cross_where_whole_columns_do() {
        let mut price = 100.0;
        let steps = around(3 * BLOCK + 77, 5).into_iter().enumerate();
        let closes = steps.map(|(bar, step)| {
            // Up and down, by steps that are no multiples of a power of two.
            let sign = if bar / 3_000 % 2 == 0 { 1.0 } else { -1.0 };
            price += if step.is_nan() {
                0.1
            } else {
                sign * (step - 0.6)
            };
            if bar == 9 { f64::NAN } else { price }
        });
        let closes: Vec<f64> = closes.collect();
        for (fast, slow) in [(1, 2), (3, 17), (40, 7_000), (2, 20_000)] {
            let whole = crossings(&sma(&closes, fast), &sma(&closes, slow));
            let by_blocks = SmaCross::new(&closes, fast, slow);
            assert!(whole.iter().filter(|due| **due != 0).count() > 3);
            let steps = 1..=closes.len();
            assert!(steps.map(|step| by_blocks.wakeups.at(step)).eq(whole));
        }
    }

    #[test]
    fn blocks_have_the_crossings_of_their_bars_one_by_one() {
        for bars in (0..90).chain([1_000]) {
            let (fast, slow) = (around(bars, 3), around(bars, 8));
            let found = crossings(&fast, &slow);
            for now in 1..bars {
                let (was, is) = (fast[now - 1] - slow[now - 1], fast[now] - slow[now]);
                let expected = if was <= 0.0 && is > 0.0 {
                    UP
                } else if was >= 0.0 && is < 0.0 {
                    DOWN
                } else {
                    0
                };
                assert_eq!(found[now], expected, "{now} of {bars}");
            }
            assert!(found.len() == bars && found.first().is_none_or(|first| *first == 0));
        }
    }
}
