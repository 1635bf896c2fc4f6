//! Candles drawn otherwise, and the turns among them.

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
    let [highs, new_highs] = swings(high, left, right, |centre, other| centre > other);
    let [lows, new_lows] = swings(low, left, right, |centre, other| centre < other);
    [highs, lows, new_highs, new_lows]
}

fn swings(
    values: &[f64],
    left: usize,
    right: usize,
    beats: impl Fn(f64, f64) -> bool,
) -> [Vec<f64>; 2] {
    let mut result = [(); 2].map(|()| Vec::with_capacity(values.len()));
    let (mut last, mut full_from) = (f64::NAN, left + right);
    for (i, value) in values.iter().enumerate() {
        if value.is_nan() {
            full_from = full_from.max(i + left + right + 1);
        }
        let mut is_new = f64::NAN;
        if i >= full_from {
            let centre = values[i - right];
            // From the nearest on, on both sides in turn: what is no swing is left soon, and all
            // bars together take O(n log n) steps at most.
            let beaten = |place: usize| beats(centre, values[place]);
            let stands = (1..=left.max(right)).all(|away| {
                (away > right || beaten(i - right + away))
                    && (away > left || beaten(i - right - away))
            });
            is_new = f64::from(u8::from(stands));
            last = if stands { centre } else { last };
        }
        result[0].push(last);
        result[1].push(is_new);
    }
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
