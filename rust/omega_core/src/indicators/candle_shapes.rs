//! Candles drawn otherwise, and the turns among them.

use std::iter;

use super::extremes::{highest, lowest};
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Need};

/// Heikin-Ashi candles: open, high, low, close (TA-Lib's `HA`). A bar with a NaN is left out.
#[must_use]
pub fn heikin_ashi(bars: [&[f64]; 4]) -> [Vec<f64>; 4] {
    let mut result = [(); 4].map(|()| Vec::with_capacity(bars[0].len()));
    let mut before: Option<(f64, f64)> = None;
    for i in 0..bars[0].len() {
        let [open, high, low, close] = bars.map(|column| column[i]);
        let drawn = if [open, high, low, close].iter().any(|price| price.is_nan()) {
            [f64::NAN; 4]
        } else {
            let middle = (((open + high) + low) + close) / 4.0;
            let (from, to) = before.unwrap_or((open, close));
            let begin = 0.5 * (from + to);
            before = Some((begin, middle));
            // The earlier of equal ones stays, as with Python's `max` and `min`.
            let larger = |a: f64, b: f64| if b > a { b } else { a };
            let smaller = |a: f64, b: f64| if b < a { b } else { a };
            let most = larger(larger(high, begin), middle);
            let least = smaller(smaller(low, begin), middle);
            [begin, most, least, middle]
        };
        for (column, value) in result.iter_mut().zip(drawn) {
            column.push(value);
        }
    }
    result
}

/// The last swing high and low that are known, and 1 at the bar where one becomes known, else 0.
///
/// A high is a swing where it is above those of `left` bars before and `right` bars after it, so
/// it is known `right` bars later (TA-Lib's `FRACTAL`).
#[must_use]
pub fn fractals(high: &[f64], low: &[f64], left: usize, right: usize) -> [Vec<f64>; 4] {
    let [highs, new_highs] = swings(high, [left, right], highest, |centre, other| centre > other);
    let [lows, new_lows] = swings(low, [left, right], lowest, |centre, other| centre < other);
    [highs, lows, new_highs, new_lows]
}

fn swings(
    values: &[f64],
    [left, right]: [usize; 2],
    extreme: fn(&[f64], usize) -> Vec<f64>,
    beats: impl Fn(f64, f64) -> bool,
) -> [Vec<f64>; 2] {
    let new = stands(values, [left, right], extreme, beats);
    let mut last = f64::NAN;
    let centres = iter::repeat_n(&f64::NAN, right).chain(values);
    let swing = new.iter().zip(centres).map(|(new, centre)| {
        last = if *new > 0.0 { *centre } else { last };
        last
    });
    [swing.collect(), new]
}

/// Whether the value `right` bars ago beats those around it: 1 or 0, and NaN where one is NaN.
fn stands(
    values: &[f64],
    [left, right]: [usize; 2],
    extreme: fn(&[f64], usize) -> Vec<f64>,
    beats: impl Fn(f64, f64) -> bool,
) -> Vec<f64> {
    let after = extreme(values, right);
    let other = if left == right {
        Vec::new()
    } else {
        extreme(values, left)
    };
    let before = if left == right { &after } else { &other };
    let mut result = vec![f64::NAN; (left + right).min(values.len())];
    let centres = values.iter().skip(left).zip(before.iter().skip(left - 1));
    let known = after.iter().skip(left + right).zip(centres);
    result.extend(known.map(|(after, (centre, before))| {
        let stands = beats(*centre, *before) & beats(*centre, *after);
        let value = if stands { 1.0 } else { 0.0 };
        if before.is_nan() | after.is_nan() | centre.is_nan() {
            f64::NAN
        } else {
            value
        }
    }));
    result
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "heikin_ashi",
        parameters: &[],
        needs: &[Need::Open, Need::High, Need::Low, Need::Close],
        outputs: 4,
        warmup: |_| 1,
        compute: |_, inputs| heikin_ashi(inputs.columns()).into(),
        ..OF_WINDOW
    },
    Definition {
        name: "fractals",
        parameters: &[("left", Kind::Whole(1)), ("right", Kind::Whole(1))],
        needs: &[Need::High, Need::Low],
        outputs: 4,
        warmup: |of| of.whole(0) + of.whole(1) + 1,
        compute: |of, inputs| {
            let [high, low] = inputs.columns();
            fractals(high, low, of.whole(0), of.whole(1)).into()
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_candle_opens_in_the_middle_of_the_last() {
        let bars: [&[f64]; 4] = [&[1.0, 2.0], &[3.0, 4.0], &[0.5, 1.5], &[2.0, 3.0]];
        let [open, high, low, close] = heikin_ashi(bars);
        assert_eq!((open[0], close[0]), (1.5, 1.625));
        assert_eq!((open[1], high[1], low[1]), (1.5625, 4.0, 1.5));
    }

    #[test]
    fn a_swing_is_known_when_the_bars_after_it_are_over() {
        let high = [1.0, 3.0, 2.0, 1.0, 4.0, 4.0, 1.0];
        let [highs, _, new, _] = fractals(&high, &high, 1, 2);
        assert!(new[2].is_nan() && highs[2].is_nan());
        assert_eq!(new[3..], [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(highs[3..], [3.0; 4]);
    }
}
