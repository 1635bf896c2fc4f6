//! Conditions over whole columns: one truth value for each step, as a strategy would find it there.
//!
//! Takes columns of any track, or numbers, and returns a byte for each step: 1 where the condition
//! holds on the bars that are complete after that step. A comparison with NaN does not hold.

use std::ops::Range;

use crate::store::{Market, TrackId, Walk};

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `a > b`
    Above,
    /// `a >= b`
    NotBelow,
    /// `a < b`
    Below,
    /// `a <= b`
    NotAbove,
    /// `a` was at or below `b` a bar before and is above it now.
    CrossesOver,
    /// `a` was at or above `b` a bar before and is below it now.
    CrossesUnder,
}

impl Comparison {
    /// The comparison of this name; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            ">" => Self::Above,
            ">=" => Self::NotBelow,
            "<" => Self::Below,
            "<=" => Self::NotAbove,
            "crosses_over" => Self::CrossesOver,
            "crosses_under" => Self::CrossesUnder,
            _ => return None,
        })
    }

    #[inline]
    fn holds(self, (a, b): (f64, f64), before: impl FnOnce() -> Option<(f64, f64)>) -> bool {
        match self {
            Self::Above => a > b,
            // Written as `a >= b`, never as `!(a < b)`, which would hold with NaN.
            Self::NotBelow => a >= b,
            Self::Below => a < b,
            Self::NotAbove => a <= b,
            Self::CrossesOver => a > b && before().is_some_and(|(a, b)| a <= b),
            Self::CrossesUnder => a < b && before().is_some_and(|(a, b)| a >= b),
        }
    }
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub enum Operand<'a> {
    /// One value for each bar of a track.
    Column(TrackId, &'a [f64]),
    /// The same at all times.
    Number(f64),
}

impl Operand<'_> {
    /// Its value so many bars before the newest of its track; `None` before the first.
    #[inline]
    fn seen(&self, visible: &[usize], ago: usize) -> Option<f64> {
        match *self {
            Self::Number(number) => Some(number),
            Self::Column(TrackId(track), values) => {
                let index = visible[track].checked_sub(1 + ago)?;
                Some(values[index])
            }
        }
    }

    fn is_of_base(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Column(TrackId(0), _))
    }
}

/// Where a comparison holds.
#[must_use]
pub fn compare(market: &Market, how: Comparison, a: Operand<'_>, b: Operand<'_>) -> Vec<u8> {
    // With one symbol bar k is complete after step k, so that the columns are compared as they lie.
    // Walking the market instead costs a step of the walk for each bar.
    if market.symbols().len() == 1 && a.is_of_base() && b.is_of_base() {
        return compare_bars(market.steps(), how, a, b);
    }
    after_each_step(market, |visible| {
        let now = a.seen(visible, 0).zip(b.seen(visible, 0));
        let before = || a.seen(visible, 1).zip(b.seen(visible, 1));
        now.is_some_and(|now| how.holds(now, before))
    })
}

/// The same at each bar of the only symbol.
fn compare_bars(bars: usize, how: Comparison, a: Operand<'_>, b: Operand<'_>) -> Vec<u8> {
    match (a, b) {
        (Operand::Number(a), Operand::Number(b)) => side_by_side(bars, how, |_| a, |_| b),
        (Operand::Number(a), Operand::Column(_, b)) => {
            // Cut to the length of the loop, so that bounds are checked here and not at each bar.
            let b = &b[..bars];
            side_by_side(bars, how, |_| a, |bar| b[bar])
        }
        (Operand::Column(_, a), Operand::Number(b)) => {
            let a = &a[..bars];
            side_by_side(bars, how, |bar| a[bar], |_| b)
        }
        (Operand::Column(_, a), Operand::Column(_, b)) => {
            let (a, b) = (&a[..bars], &b[..bars]);
            side_by_side(bars, how, |bar| a[bar], |bar| b[bar])
        }
    }
}

/// A loop for each way to compare, without a branch on a value.
#[inline]
fn side_by_side(
    bars: usize,
    how: Comparison,
    a: impl Fn(usize) -> f64,
    b: impl Fn(usize) -> f64,
) -> Vec<u8> {
    match how {
        // The operator is chosen once, outside the loops, and `&` has no branch where `&&` has one.
        // With crossings in one pass, signal columns went from 79 to 69 ns a bar
        // (docs/concepts/performance.md).
        Comparison::Above => truths(0..bars, |bar| a(bar) > b(bar)),
        Comparison::NotBelow => truths(0..bars, |bar| a(bar) >= b(bar)),
        Comparison::Below => truths(0..bars, |bar| a(bar) < b(bar)),
        Comparison::NotAbove => truths(0..bars, |bar| a(bar) <= b(bar)),
        Comparison::CrossesOver => truths(1..bars, |bar| {
            (a(bar) > b(bar)) & (a(bar - 1) <= b(bar - 1))
        }),
        Comparison::CrossesUnder => truths(1..bars, |bar| {
            (a(bar) < b(bar)) & (a(bar - 1) >= b(bar - 1))
        }),
    }
}

/// A byte for each bar, 0 for those before the range.
#[inline]
fn truths(bars: Range<usize>, holds: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut truths = vec![0; bars.end];
    for bar in bars {
        truths[bar] = u8::from(holds(bar));
    }
    truths
}

/// Where a column of the first symbol is above 0: truth as a number.
#[must_use]
pub fn truth(market: &Market, values: &[f64]) -> Vec<u8> {
    compare(
        market,
        Comparison::Above,
        Operand::Column(TrackId(0), values),
        Operand::Number(0.0),
    )
}

/// Evaluates after each step, on the bars that the next step can see.
fn after_each_step(market: &Market, holds: impl Fn(&[usize]) -> bool) -> Vec<u8> {
    let mut truths = vec![0; market.steps()];
    if let Some(mut walk) = Walk::at(market, 0) {
        // The last step is left out: a truth is acted on at the next step, and there is none.
        for truth in truths.iter_mut().take(market.steps().saturating_sub(1)) {
            walk.advance();
            *truth = u8::from(holds(walk.visible()));
        }
    }
    truths
}
