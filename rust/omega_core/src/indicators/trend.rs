//! Which way a market moves, and how clearly.

use super::extremes::ages;
use super::recursive;
use super::spec::OF_WINDOW;
use super::spread::float;
use super::{Definition, Need};

/// Wilder's directional indicators and the average of their distance: plus, minus, index, average.
///
/// Sums of movement and range begin with n − 1 bars and go on by Wilder's smoothing; the average
/// begins with the plain mean of n indices (TA-Lib's `PLUS_DI`, `MINUS_DI`, `DX` and `ADX`). NaN
/// where there is no range, or no movement either way.
#[must_use]
pub fn dmi(bars: [&[f64]; 3], n: usize) -> [Vec<f64>; 4] {
    let [high, low, close] = bars;
    let mut state = Movement::new(n);
    let mut result = [(); 3].map(|()| Vec::with_capacity(high.len()));
    for ((high, low), close) in high.iter().zip(low).zip(close) {
        let values = state.step(*high, *low, *close);
        for (column, value) in result.iter_mut().zip(values) {
            column.push(value);
        }
    }
    let [plus, minus, index] = result;
    let average = recursive::rma(&index, n);
    [plus, minus, index, average]
}

struct Movement {
    before: Option<[f64; 3]>,
    plus: f64,
    minus: f64,
    range: f64,
    seen: usize,
    n: usize,
    count: f64,
}

impl Movement {
    fn new(n: usize) -> Self {
        Self {
            before: None,
            plus: 0.0,
            minus: 0.0,
            range: 0.0,
            seen: 0,
            n,
            count: float(n),
        }
    }

    /// Plus, minus and index at a bar; a bar with a NaN is skipped.
    fn step(&mut self, high: f64, low: f64, close: f64) -> [f64; 3] {
        let unknown = [f64::NAN; 3];
        if high.is_nan() || low.is_nan() || close.is_nan() {
            return unknown;
        }
        let Some([last_high, last_low, last_close]) = self.before.replace([high, low, close])
        else {
            return unknown;
        };
        let (up, down) = (high - last_high, last_low - low);
        // Wilder's rule: only the larger movement counts, and of equal ones neither.
        let plus = if up > down && up > 0.0 { up } else { 0.0 };
        let minus = if down > up && down > 0.0 { down } else { 0.0 };
        let range = recursive::true_range(high, low, last_close);
        self.seen += 1;
        if self.seen >= self.n {
            // TA-Lib adds up n − 1 movements and smooths from the n-th on, and subtracts before it
            // adds: two roundings in this order, as in the reference.
            self.plus -= self.plus / self.count;
            self.minus -= self.minus / self.count;
            self.range -= self.range / self.count;
        }
        self.plus += plus;
        self.minus += minus;
        self.range += range;
        if self.seen < self.n || self.range <= 0.0 {
            return unknown;
        }
        let plus = 100.0 * (self.plus / self.range);
        let minus = 100.0 * (self.minus / self.range);
        let both = plus + minus;
        let index = 100.0 * ((plus - minus).abs() / both);
        // Without movement either way `index` is 0 / 0; TA-Lib reports 0 there.
        [plus, minus, if both > 0.0 { index } else { f64::NAN }]
    }
}

/// How long ago the lowest low and the highest high of the last n + 1 bars were, in percent of n:
/// 100 now, 0 n bars ago; and the second less the first (TA-Lib's `AROON`, `AROONOSC`). Of equal
/// ones the newest counts.
#[must_use]
pub fn aroon(high: &[f64], low: &[f64], n: usize) -> [Vec<f64>; 3] {
    let factor = 100.0 / float(n);
    let recent =
        |ages: Vec<f64>| -> Vec<f64> { ages.iter().map(|age| factor * (float(n) - age)).collect() };
    // Not strict: of equal extremes the newest counts, as in TA-Lib.
    let down = recent(ages(low, n + 1, |new, old| new <= old));
    let up = recent(ages(high, n + 1, |new, old| new >= old));
    let difference = up.iter().zip(&down).map(|(up, down)| up - down).collect();
    [down, up, difference]
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "dmi",
        needs: &[Need::High, Need::Low, Need::Close],
        outputs: 4,
        warmup: |of| 2 * of.whole(0),
        compute: |of, inputs| dmi(inputs.columns(), of.whole(0)).into(),
        ..OF_WINDOW
    },
    Definition {
        name: "adx",
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |of| 2 * of.whole(0),
        compute: |of, inputs| {
            let [_, _, _, average] = dmi(inputs.columns(), of.whole(0));
            vec![average]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "aroon",
        needs: &[Need::High, Need::Low],
        outputs: 3,
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [high, low] = inputs.columns();
            aroon(high, low, of.whole(0)).into()
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_without_a_fall_is_all_plus() {
        let high: Vec<f64> = (1..9).map(f64::from).collect();
        let low: Vec<f64> = high.iter().map(|x| x - 1.0).collect();
        let [plus, minus, index, average] = dmi([&high, &low, &high], 2);
        assert!(plus[1].is_nan() && average[2].is_nan());
        assert_eq!(
            (plus[2], minus[2], index[2], average[3]),
            (100.0, 0.0, 100.0, 100.0)
        );
    }

    #[test]
    fn the_newest_of_equal_extremes_counts() {
        let [down, up, difference] = aroon(&[3.0, 1.0, 3.0], &[1.0, 0.5, 2.0], 2);
        assert_eq!((down[2], up[2], difference[2]), (50.0, 100.0, 50.0));
        assert!(up[1].is_nan());
        let [_, up, _] = aroon(&[3.0, f64::NAN, 3.0, 2.0, 1.0], &[0.0; 5], 2);
        assert!(up[3].is_nan());
        assert_eq!(up[4], 0.0);
    }
}
