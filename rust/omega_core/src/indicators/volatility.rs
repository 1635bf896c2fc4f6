//! Ranges of bars: the true range, its average, and how much of it goes nowhere.

use std::ops::Range;

use super::dispersion::float;
use super::extremes::{highest, lowest};
use super::recursive::Smoother;
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Need, recursive, window_sums};

/// The largest of `high − low` and the distances of both from the close before; NaN at the first
/// bar, which has none before it (TA-Lib's `TRANGE`).
#[must_use]
pub fn true_range(high: &[f64], low: &[f64], close: &[f64]) -> Vec<f64> {
    let bars = [high, low, close];
    let mut result = vec![f64::NAN; high.len()];
    fill_ranges(bars, 0..high.len(), &mut result);
    result
}

/// The true ranges of some rows.
pub(super) fn fill_ranges(bars: [&[f64]; 3], rows: Range<usize>, out: &mut [f64]) {
    let [high, low, close] = bars;
    let first = rows.start.max(1);
    let unknown = (first - rows.start).min(out.len());
    out[..unknown].fill(f64::NAN);
    // Without any bar there is none at the first place.
    let [high, low] = [high, low].map(|column| column.get(first..).unwrap_or_default());
    let bars = high.iter().zip(low).zip(&close[first - 1..]);
    for (out, ((high, low), before)) in out[unknown..].iter_mut().zip(bars) {
        *out = recursive::true_range(*high, *low, *before);
    }
}

/// Wilder's average true range over n bars: the first value is the plain mean of n true ranges,
/// which need the close before, so it stands at bar n (Wilder 1978; TA-Lib's `ATR`).
#[must_use]
pub fn atr(high: &[f64], low: &[f64], close: &[f64], n: usize) -> Vec<f64> {
    let ranges =
        |rows: Range<usize>, block: &mut [f64]| fill_ranges([high, low, close], rows, block);
    recursive::chain_of(high.len(), ranges, [Smoother::rma(n)], |[average]| average)
}

/// [`atr`] in percent of the close (TA-Lib's `NATR`); NaN where that is 0.
#[must_use]
pub fn natr(high: &[f64], low: &[f64], close: &[f64], n: usize) -> Vec<f64> {
    let mut result = atr(high, low, close, n);
    for (range, close) in result.iter_mut().zip(close) {
        *range = if *close == 0.0 {
            f64::NAN
        } else {
            *range / close * 100.0
        };
    }
    result
}

/// Choppiness of the last n bars: the logarithm of the way walked over the distance covered, in
/// percent of that of n; 100 is all noise, and NaN where nothing moved.
#[must_use]
pub fn choppiness(high: &[f64], low: &[f64], close: &[f64], n: usize) -> Vec<f64> {
    let walked = window_sums::sums(&true_range(high, low, close), n);
    let most = highest(high, n);
    let least = lowest(low, n);
    let scale = float(n).log10();
    walked
        .iter()
        .zip(most.iter().zip(&least))
        .map(|(walked, (most, least))| {
            let covered = most - least;
            if covered > 0.0 {
                // `log10` is the C library's, as in Python; the other operations are rounded alike
                // on all platforms.
                100.0 * (walked / covered).log10() / scale
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "true_range",
        parameters: &[],
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |_| 2,
        compute: |_, inputs| {
            let [high, low, close] = inputs.columns();
            vec![true_range(high, low, close)]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "atr",
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            vec![atr(high, low, close, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "natr",
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            vec![natr(high, low, close, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "choppiness",
        parameters: &[("window", Kind::Whole(2))],
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            vec![choppiness(high, low, close, of.whole(0))]
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn bars() -> [&'static [f64]; 3] {
        [&[10.0, 12.0, 11.0], &[9.0, 11.0, 8.0], &[9.5, 11.5, 9.0]]
    }

    #[test]
    fn atr_needs_a_close_before() {
        let [high, low, close] = bars();
        let result = atr(high, low, close, 2);
        assert!(result[1].is_nan());
        assert_eq!(result[2], f64::midpoint(2.5, 3.5));
        assert_eq!(natr(high, low, close, 2)[2], 3.0 / 9.0 * 100.0);
    }

    #[test]
    fn choppiness_compares_the_way_with_the_distance() {
        let [high, low, close] = bars();
        let result = choppiness(high, low, close, 2);
        assert!(result[1].is_nan());
        let wanted = 100.0 * (6.0_f64 / 4.0).log10() / 2.0_f64.log10();
        assert_eq!(result[2], wanted);
    }
}
