//! Distances of averages from each other, and where a value stands among the last.

use std::ops::Range;

use super::extremes::{highest, lowest};
use super::momentum::rsi;
use super::recursive::{self, Smoother};
use super::smoothing::{AVERAGE, AVERAGES, EMA};
use super::spec::OF_WINDOW;
use super::volatility_clusters::percentile_rank;
use super::{Definition, Kind, Need, window_sums};

/// The number where a condition holds, else NaN.
fn known(holds: bool, value: f64) -> f64 {
    if holds { value } else { f64::NAN }
}

fn paired(a: &[f64], b: &[f64], of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| of(*a, *b)).collect()
}

/// A fast average less a slow one; each starts by itself (TA-Lib's `APO`).
#[must_use]
pub fn apo(values: &[f64], fast: usize, slow: usize, kind: usize) -> Vec<f64> {
    of_two(values, [fast, slow], kind, |fast, slow| fast - slow)
}

/// The same in percent of the slow one; NaN where that is 0 (TA-Lib's `PPO`).
#[must_use]
pub fn ppo(values: &[f64], fast: usize, slow: usize, kind: usize) -> Vec<f64> {
    of_two(values, [fast, slow], kind, |fast, slow| {
        known(slow != 0.0, 100.0 * ((fast - slow) / slow))
    })
}

fn of_two(
    values: &[f64],
    [a, b]: [usize; 2],
    kind: usize,
    of: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let windows = [a.min(b), a.max(b)];
    if kind == EMA {
        let copy = |rows: Range<usize>, block: &mut [f64]| block.copy_from_slice(&values[rows]);
        let averages = windows.map(Smoother::ema);
        return recursive::beside(values.len(), copy, averages, |[fast, slow]| of(fast, slow));
    }
    let [fast, slow] = windows.map(|n| (AVERAGES[kind].of)(values, n));
    paired(&fast, &slow, of)
}

/// Change, from bar to bar in percent, of an exponential average of an average of an average
/// (TA-Lib's `TRIX`); NaN where the one before was 0.
#[must_use]
pub fn trix(values: &[f64], n: usize) -> Vec<f64> {
    let mut last = f64::NAN;
    let mut result = recursive::chain(values, [Smoother::ema(n); 3], |[_, _, third]| third);
    for out in &mut result {
        let now = *out;
        *out = known(last != 0.0, (now / last - 1.0) * 100.0);
        last = now;
    }
    result
}

/// Twice smoothed change over twice smoothed size of the change, in percent (TA-Lib's `TSI`). NaN
/// where nothing moved.
#[must_use]
pub fn tsi(values: &[f64], long: usize, short: usize) -> Vec<f64> {
    let changes = |rows: Range<usize>, block: &mut [f64]| {
        let first = rows.start.max(1);
        let (unknown, known) = block.split_at_mut(first - rows.start);
        unknown.fill(f64::NAN);
        for (change, pair) in known.iter_mut().zip(values[first - 1..].windows(2)) {
            *change = pair[1] - pair[0];
        }
    };
    let averages = [long, short, long, short].map(Smoother::ema);
    let feed = |place: usize, change: f64, level: f64| match place {
        0 => change,
        2 => change.abs(),
        _ => level,
    };
    recursive::wired(
        values.len(),
        changes,
        averages,
        feed,
        |[_, change, _, size]| known(size > 0.0, 100.0 * (change / size)),
    )
}

/// Where the relative strength of n bars stands in its range of `length` bars, in percent, its mean
/// over `smooth` bars, and the mean of that over `signal` (with `smooth` 1 TA-Lib's `STOCHRSI`).
/// NaN where the range is a point.
#[must_use]
pub fn stochastic_rsi(values: &[f64], [n, length, smooth, signal]: [usize; 4]) -> [Vec<f64>; 2] {
    let mut strength = rsi(values, n);
    let (high, low) = (highest(&strength, length), lowest(&strength, length));
    for (value, (high, low)) in strength.iter_mut().zip(high.iter().zip(&low)) {
        *value = known(high > low, 100.0 * ((*value - low) / (high - low)));
    }
    let k = window_sums::means(&strength, smooth);
    let d = window_sums::means(&k, signal);
    [k, d]
}

/// Mean of the middles of `fast` bars less that of `slow` bars (TA-Lib's `AO`).
#[must_use]
pub fn ao(high: &[f64], low: &[f64], fast: usize, slow: usize) -> Vec<f64> {
    let middles = paired(high, low, |high, low| 0.5 * (high + low));
    let [fast, slow] = [fast.min(slow), fast.max(slow)].map(|n| window_sums::means(&middles, n));
    paired(&fast, &slow, |fast, slow| fast - slow)
}

/// The value of `n / 2 + 1` bars ago less the mean of the last n (TA-Lib's `DPO`).
#[must_use]
pub fn dpo(values: &[f64], n: usize) -> Vec<f64> {
    let lag = n / 2 + 1;
    let mut result = window_sums::means(values, n);
    for (i, out) in result.iter_mut().enumerate() {
        *out = i.checked_sub(lag).map_or(f64::NAN, |before| values[before]) - *out;
    }
    result
}

/// Buying pressure in percent of the true range, of three windows, weighed 4, 2 and 1 (TA-Lib's
/// `ULTOSC`). NaN where a window has no range.
#[must_use]
pub fn ultimate_oscillator(bars: [&[f64]; 3], windows: [usize; 3]) -> Vec<f64> {
    let [high, low, close] = bars;
    let mut parts = [(); 2].map(|()| Vec::with_capacity(high.len()));
    let mut before = f64::NAN;
    for ((high, low), close) in high.iter().zip(low).zip(close) {
        let range = recursive::true_range(*high, *low, before);
        let least = if before < *low { before } else { *low };
        parts[0].push(known(!range.is_nan(), close - least));
        parts[1].push(known(!close.is_nan(), range));
        before = *close;
    }
    let [pressure, range] = parts;
    let mut shortest_first = windows;
    shortest_first.sort_unstable();
    let [a, b, c] = shortest_first.map(|n| {
        paired(
            &window_sums::sums(&pressure, n),
            &window_sums::sums(&range, n),
            |pressure, range| known(range > 0.0, pressure / range),
        )
    });
    let all = a.iter().zip(&b).zip(&c);
    all.map(|((a, b), c)| 100.0 * (((4.0 * a + 2.0 * b) + c) / 7.0))
        .collect()
}

/// The larger of the first two parameters.
fn longer(of: &super::Parameters<'_>) -> usize {
    of.whole(0).max(of.whole(1))
}

const TWO_WINDOWS: &[(&str, Kind)] = &[("fast", Kind::Whole(1)), ("slow", Kind::Whole(1))];
const TWO_AND_KIND: &[(&str, Kind)] = &[TWO_WINDOWS[0], TWO_WINDOWS[1], AVERAGE];

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "apo",
        parameters: TWO_AND_KIND,
        warmup: |of| (AVERAGES[of.whole(2)].first)(longer(of)),
        compute: |of, inputs| vec![apo(inputs.column(0), of.whole(0), of.whole(1), of.whole(2))],
        ..OF_WINDOW
    },
    Definition {
        name: "ppo",
        parameters: TWO_AND_KIND,
        warmup: |of| (AVERAGES[of.whole(2)].first)(longer(of)),
        compute: |of, inputs| vec![ppo(inputs.column(0), of.whole(0), of.whole(1), of.whole(2))],
        ..OF_WINDOW
    },
    Definition {
        name: "trix",
        warmup: |of| 3 * of.whole(0) - 1,
        compute: |of, inputs| vec![trix(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "tsi",
        parameters: &[("long", Kind::Whole(1)), ("short", Kind::Whole(1))],
        warmup: |of| of.whole(0) + of.whole(1),
        compute: |of, inputs| vec![tsi(inputs.column(0), of.whole(0), of.whole(1))],
        ..OF_WINDOW
    },
    Definition {
        name: "stochastic_rsi",
        parameters: &[
            ("window", Kind::Whole(1)),
            ("length", Kind::Whole(1)),
            ("smooth", Kind::Whole(1)),
            ("signal", Kind::Whole(1)),
        ],
        outputs: 2,
        warmup: |of| (0..4).map(|place| of.whole(place)).sum::<usize>() - 2,
        compute: |of, inputs| {
            stochastic_rsi(inputs.column(0), [0, 1, 2, 3].map(|place| of.whole(place))).into()
        },
        ..OF_WINDOW
    },
    Definition {
        name: "ao",
        parameters: TWO_WINDOWS,
        needs: &[Need::High, Need::Low],
        warmup: longer,
        compute: |of, inputs| {
            let [high, low] = inputs.columns();
            vec![ao(high, low, of.whole(0), of.whole(1))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "dpo",
        warmup: |of| of.whole(0).max(of.whole(0) / 2 + 2),
        compute: |of, inputs| vec![dpo(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "ultimate_oscillator",
        parameters: &[
            ("fast", Kind::Whole(1)),
            ("middle", Kind::Whole(1)),
            ("slow", Kind::Whole(1)),
        ],
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |of| longer(of).max(of.whole(2)) + 1,
        compute: |of, inputs| {
            let windows = [0, 1, 2].map(|place| of.whole(place));
            vec![ultimate_oscillator(inputs.columns(), windows)]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "percent_rank",
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| vec![percentile_rank(inputs.column(0), of.whole(0) + 1)],
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rise_is_all_up() {
        let values: Vec<f64> = (1..30).map(f64::from).collect();
        assert_eq!(tsi(&values, 3, 2)[4..], [100.0; 25]);
        assert!(apo(&values, 3, 5, 0)[3].is_nan());
        assert_eq!(apo(&values, 5, 3, 0)[4], 1.0);
        assert_eq!(dpo(&values, 3)[2], 1.0 - 2.0);
        assert!(
            stochastic_rsi(&values, [2, 2, 1, 1])[0]
                .iter()
                .all(|value| value.is_nan())
        );
    }

    #[test]
    fn pressure_is_all_of_the_range_where_closes_are_highs() {
        let high: Vec<f64> = (1..9).map(f64::from).collect();
        let low: Vec<f64> = high.iter().map(|value| value - 1.0).collect();
        let found = ultimate_oscillator([&high, &low, &high], [3, 1, 2]);
        assert!(found[2].is_nan());
        assert_eq!(found[3..], [100.0; 5]);
    }
}
