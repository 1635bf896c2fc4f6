//! Two moving averages: always in the market, on the side of the faster one.

use std::ops::Range;
use std::sync::Arc;

use super::{WarmedUp, enter};
use crate::error::OmegaError;
use crate::execution::Action;
use crate::indicators::averages::sma;
use crate::replay::{State, Strategy, View};
use crate::types::{Direction, SymbolId};

/// The side of the slower average that the faster one is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    Above,
    Below,
}

/// A crossing: the step that acts on it, the one after its bar, and the new side.
type Crossing = (usize, Now);

/// Bars looked at together.
const TOGETHER: usize = 8;

/// Bars whose averages are computed together, where no column holds them; more if a window is long.
const BLOCK: usize = 1 << 14;

type Block = [f64; TOGETHER];

/// Reverses where the averages cross.
#[derive(Debug, Clone)]
pub struct SmaCross {
    // Few bars have one: a byte for each bar took more memory than these, and more time to skip.
    crossings: Arc<[Crossing]>,
    /// The first crossing that is not before the last step asked about.
    place: usize,
    warmup: usize,
}

impl SmaCross {
    /// Over closes of the bid, with two windows. Averages are computed block by block, so that no
    /// memory is as long as the candles.
    #[must_use]
    pub fn new(close: &[f64], fast: usize, slow: usize) -> Self {
        let warmup = fast.max(slow);
        let mut found = Vec::new();
        // Each block reads a window before its first bar again: a quarter more work at most.
        for first in (0..close.len()).step_by(BLOCK.max(4 * warmup)) {
            let end = close.len().min(first + BLOCK.max(4 * warmup));
            // With the bar before, on whose side of each other they were.
            let before = first.saturating_sub(1);
            let of = |window| averages(close, window, before..end);
            add_crossings(&of(fast), &of(slow), before, &mut found);
        }
        Self::of_crossings(&found, warmup)
    }

    /// Over averages that are there already, which need so many bars.
    #[must_use]
    pub fn of_averages(fast: &[f64], slow: &[f64], warmup: usize) -> Self {
        let mut found = Vec::new();
        add_crossings(fast, slow, 0, &mut found);
        Self::of_crossings(&found, warmup)
    }

    fn of_crossings(found: &[Crossing], warmup: usize) -> Self {
        Self {
            crossings: found.into(),
            place: 0,
            warmup,
        }
    }

    /// The side on which a step finds the faster average after a crossing in the bar before it.
    fn at(&self, step: usize) -> Option<Now> {
        // Mostly the one that `next_decision_step` has found.
        let next = self.crossings.get(self.place);
        let found = next.filter(|crossing| crossing.0 == step).or_else(|| {
            let place = self.crossings.binary_search_by_key(&step, |one| one.0);
            self.crossings.get(place.ok()?)
        });
        found.map(|crossing| crossing.1)
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

/// Adds where the faster average has crossed the slower one, of averages from a bar on.
fn add_crossings(fast: &[f64], slow: &[f64], bar: usize, to: &mut Vec<Crossing>) {
    let bars = fast.len();
    let slow = &slow[..bars];
    // The first bar has none before it.
    let blocks = fast.get(1..).unwrap_or_default().as_chunks().0;
    let (mut first, mut side) = (1, None);
    for (block, other) in blocks
        .iter()
        .zip(slow.get(1..).unwrap_or_default().as_chunks().0)
    {
        // Mostly they stay on their side for a whole block: 7 instructions a bar instead of 14.
        let stays = match side {
            Some(Now::Above) => are_all(block, other, |fast, slow| fast > slow),
            Some(Now::Below) => are_all(block, other, |fast, slow| fast < slow),
            None => false,
        };
        let next = first + TOGETHER;
        if !stays {
            add_within(first..next, fast, slow, bar, to);
            side = side_of(block[TOGETHER - 1], other[TOGETHER - 1]);
        }
        first = next;
    }
    add_within(first.min(bars)..bars, fast, slow, bar, to);
}

/// The side of the faster average; none where they are equal, or one is NaN.
fn side_of(fast: f64, slow: f64) -> Option<Now> {
    if fast > slow {
        Some(Now::Above)
    } else {
        (fast < slow).then_some(Now::Below)
    }
}

/// Whether a comparison holds for each pair of a block.
#[inline]
fn are_all(fast: &Block, slow: &Block, is: impl Fn(f64, f64) -> bool) -> bool {
    fast.iter()
        .zip(slow)
        .fold(true, |all, (&fast, &slow)| all & is(fast, slow))
}

/// Adds the crossings of some bars.
fn add_within(bars: Range<usize>, fast: &[f64], slow: &[f64], bar: usize, to: &mut Vec<Crossing>) {
    for now in bars {
        let Some(before) = now.checked_sub(1) else {
            continue;
        };
        // Averages that touch have not crossed yet, so equality belongs to the side before. NaN
        // makes every comparison false.
        let Some(side) = side_of(fast[now], slow[now]) else {
            continue;
        };
        let crossed = match side {
            Now::Above => fast[before] <= slow[before],
            Now::Below => fast[before] >= slow[before],
        };
        if crossed {
            to.push((bar + now + 1, side));
        }
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
        while self
            .crossings
            .get(self.place)
            .is_some_and(|next| next.0 < step)
        {
            self.place += 1;
        }
        let next = self.crossings.get(self.place);
        next.map_or(usize::MAX, |crossing| crossing.0)
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
        let direction = match self.at(view.step()) {
            Some(Now::Above) => Direction::Long,
            Some(Now::Below) => Direction::Short,
            None => return Ok(()),
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
            let whole = SmaCross::of_averages(&sma(&closes, fast), &sma(&closes, slow), slow);
            let by_blocks = SmaCross::new(&closes, fast, slow);
            assert!(whole.crossings.len() > 3);
            assert_eq!(by_blocks.crossings, whole.crossings);
        }
    }

    #[test]
    fn blocks_have_the_crossings_of_their_bars_one_by_one() {
        for bars in (0..90).chain([1_000]) {
            let (fast, slow) = (around(bars, 3), around(bars, 8));
            let mut found = SmaCross::of_averages(&fast, &slow, 0);
            for now in 1..bars {
                let (was, is) = (fast[now - 1] - slow[now - 1], fast[now] - slow[now]);
                let expected = if was <= 0.0 && is > 0.0 {
                    Some(Now::Above)
                } else if was >= 0.0 && is < 0.0 {
                    Some(Now::Below)
                } else {
                    None
                };
                assert_eq!(found.at(now + 1), expected, "{now} of {bars}");
                let next = found.next_decision_step(now + 1);
                assert_eq!(next == now + 1, expected.is_some(), "{now} of {bars}");
                assert_eq!(found.at(now + 1), expected, "{now} of {bars}");
            }
            assert_eq!((found.at(0), found.at(1)), (None, None));
        }
    }
}
