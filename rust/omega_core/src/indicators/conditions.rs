//! Conditions over whole columns: one truth value for each step, as a strategy would find it there.
//!
//! Takes columns of any track, or numbers, and returns a byte for each step: 1 where the comparison
//! is known to hold on the bars that are complete after that step. One with NaN, or with a bar that
//! is not there, is undefined and never 1 (E1). Negations are comparisons of their own, for which
//! the same holds, so that two values do for Kleene's three: `not (a < b)` is `a >= b`.

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
    /// `a == b`
    Equal,
    /// `a != b`, both known.
    Unequal,
    /// `a` was at or below `b` a bar before and is above it now.
    CrossesOver,
    /// `a` was at or above `b` a bar before and is below it now.
    CrossesUnder,
    /// All four values are known, and `a` does not cross over `b`.
    NoCrossOver,
    /// All four values are known, and `a` does not cross under `b`.
    NoCrossUnder,
}

/// Two values now, and the same two a bar before.
type Values = (f64, f64);

impl Comparison {
    /// The comparison of this name; `None` where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            ">" => Self::Above,
            ">=" => Self::NotBelow,
            "<" => Self::Below,
            "<=" => Self::NotAbove,
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "crossover" => Self::CrossesOver,
            "crossunder" => Self::CrossesUnder,
            "no crossover" => Self::NoCrossOver,
            "no crossunder" => Self::NoCrossUnder,
            _ => return None,
        })
    }

    /// Whether it looks at the bar before.
    #[inline]
    fn looks_back(self) -> bool {
        use Comparison::{CrossesOver, CrossesUnder, NoCrossOver, NoCrossUnder};
        matches!(
            self,
            CrossesOver | CrossesUnder | NoCrossOver | NoCrossUnder
        )
    }

    /// Whether it holds; the values of the bar before are those of now where it does not look back.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "without a branch; with that and crossings in one pass, signal columns went from \
                  79 to 69 ns a bar (docs/concepts/performance.md)"
    )]
    #[inline]
    fn holds(self, (a, b): Values, (a_before, b_before): Values) -> bool {
        match self {
            Self::Above => a > b,
            // Written as `a >= b`, never as `!(a < b)`, which would hold with NaN.
            Self::NotBelow => a >= b,
            Self::Below => a < b,
            Self::NotAbove => a <= b,
            #[expect(clippy::float_cmp, reason = "what the user asked for")]
            Self::Equal => a == b,
            // Not `a != b`, which holds with NaN.
            Self::Unequal => (a < b) | (a > b),
            Self::CrossesOver => (a > b) & (a_before <= b_before),
            Self::CrossesUnder => (a < b) & (a_before >= b_before),
            Self::NoCrossOver => {
                ((a <= b) & is_known(a_before, b_before)) | (is_known(a, b) & (a_before > b_before))
            }
            Self::NoCrossUnder => {
                ((a >= b) & is_known(a_before, b_before)) | (is_known(a, b) & (a_before < b_before))
            }
        }
    }
}

#[inline]
fn is_known(a: f64, b: f64) -> bool {
    !a.is_nan() & !b.is_nan()
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
        let values = |ago| a.seen(visible, ago).zip(b.seen(visible, ago));
        let before = values(usize::from(how.looks_back()));
        values(0)
            .zip(before)
            .is_some_and(|(now, before)| how.holds(now, before))
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
    let back = usize::from(how.looks_back());
    // Named one by one, so that each has a loop of its own: chosen inside one loop, the operator
    // would be a branch at each bar.
    macro_rules! loops {
        ($($name:ident),*) => {
            match how {
                $(Comparison::$name => truths(bars, back, |bar, before| {
                    let values = |bar| (a(bar), b(bar));
                    Comparison::$name.holds(values(bar), values(before))
                }),)*
            }
        };
    }
    loops!(
        Above,
        NotBelow,
        Below,
        NotAbove,
        Equal,
        Unequal,
        CrossesOver,
        CrossesUnder,
        NoCrossOver,
        NoCrossUnder
    )
}

/// A byte for each bar and the one so many before it; 0 where there is none.
#[inline]
fn truths(bars: usize, back: usize, holds: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let mut truths = vec![0; bars];
    for (truth, bar) in truths[back.min(bars)..].iter_mut().zip(back..) {
        *truth = u8::from(holds(bar, bar - back));
    }
    truths
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

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 5] = [1.0, 3.0, f64::NAN, 3.0, 1.0];

    fn of(how: &str) -> Vec<u8> {
        let how = Comparison::named(how);
        how.map_or_else(Vec::new, |how| side_by_side(5, how, |bar| A[bar], |_| 2.0))
    }

    #[test]
    fn what_is_undefined_holds_neither_way() {
        assert_eq!(of(">"), [0, 1, 0, 1, 0]);
        assert_eq!(of("<="), [1, 0, 0, 0, 1]);
        assert_eq!(of("=="), [0; 5]);
        assert_eq!(of("!="), [1, 1, 0, 1, 1]);
    }

    #[test]
    fn a_crossing_and_its_negation_need_four_known_values() {
        assert_eq!(of("crossover"), [0, 1, 0, 0, 0]);
        assert_eq!(of("no crossover"), [0, 0, 0, 0, 1]);
        assert_eq!(of("crossunder"), [0, 0, 0, 0, 1]);
        assert_eq!(of("no crossunder"), [0, 1, 0, 0, 0]);
    }
}
