//! Which way a market moves, and how clearly.

use super::dispersion::float;
use super::extremes::{ages, has_holes};
use super::recursive;
use super::spec::OF_WINDOW;
use super::volatility::true_range;
use super::{Definition, Need, window_sums};

/// Wilder's directional indicators and the average of their distance: plus, minus, index, average.
///
/// Sums of movement and range begin with n − 1 bars and go on by Wilder's smoothing; the average
/// begins with the plain mean of n indices (TA-Lib's `PLUS_DI`, `MINUS_DI`, `DX` and `ADX`). NaN
/// where there is no range, or no movement either way.
#[must_use]
pub fn dmi(bars: [&[f64]; 3], n: usize) -> [Vec<f64>; 4] {
    let mut result = [(); 3].map(|()| Vec::with_capacity(bars[0].len()));
    directions(bars, n, |block| {
        for (column, values) in result.iter_mut().zip(block) {
            column.extend_from_slice(values);
        }
    });
    let [plus, minus, index] = result;
    let average = recursive::rma(&index, n);
    [plus, minus, index, average]
}

/// The average of [`dmi`] alone.
#[must_use]
pub fn adx(bars: [&[f64]; 3], n: usize) -> Vec<f64> {
    let mut index = Vec::with_capacity(bars[0].len());
    directions(bars, n, |[_, _, values]| index.extend_from_slice(values));
    recursive::rma(&index, n)
}

/// Mean of [`adx`] and its value n − 1 bars ago (TA-Lib's `ADXR`).
#[must_use]
pub fn adxr(bars: [&[f64]; 3], n: usize) -> Vec<f64> {
    let now = adx(bars, n);
    let mut result = vec![f64::NAN; (n - 1).min(now.len())];
    let pairs = now.iter().skip(n - 1).zip(&now);
    result.extend(pairs.map(|(now, before)| 0.5 * (now + before)));
    result
}

/// Ways from low to high and from high to low of the next bar, over the true ranges, of the last n
/// bars (TA-Lib's `VORTEX`): plus and minus. NaN where nothing moved.
#[must_use]
pub fn vortex(bars: [&[f64]; 3], n: usize) -> [Vec<f64>; 2] {
    let [high, low, close] = bars;
    let ranges = window_sums::sums(&true_range(high, low, close), n);
    [(high, low), (low, high)].map(|(now, before)| {
        let mut ways = vec![f64::NAN; now.len().min(1)];
        ways.extend(
            now.iter()
                .skip(1)
                .zip(before)
                .map(|(now, before)| (now - before).abs()),
        );
        let mut result = window_sums::sums(&ways, n);
        for (out, range) in result.iter_mut().zip(&ranges) {
            *out = if *range > 0.0 { *out / range } else { f64::NAN };
        }
        result
    })
}

/// How many bars are looked at together: only the sums wait for each other, what is done before
/// and after them goes side by side, in vector instructions.
const BLOCK: usize = 64;

/// Hands on plus, minus and index, block by block.
fn directions(bars: [&[f64]; 3], n: usize, mut take: impl FnMut([&[f64]; 3])) {
    let rows = bars[0].len();
    let mut state = Movement::new(n);
    let mut block = [[f64::NAN; BLOCK]; 3];
    for first in (0..rows).step_by(BLOCK) {
        let part = bars.map(|column| &column[first..rows.min(first + BLOCK)]);
        let length = part[0].len();
        match state.before {
            Some(before) if state.seen >= n && !part.iter().any(|column| has_holes(column)) => {
                state.together(before, part, &mut block);
            }
            _ => {
                for k in 0..length {
                    put(&mut block, k, state.step(part.map(|column| column[k])));
                }
            }
        }
        take(block.each_ref().map(|column| &column[..length]));
    }
}

#[inline]
fn put(columns: &mut [[f64; BLOCK]; 3], place: usize, values: [f64; 3]) {
    for (column, value) in columns.iter_mut().zip(values) {
        column[place] = value;
    }
}

/// Sums of movement up, movement down and range.
struct Movement {
    before: Option<[f64; 3]>,
    sums: [f64; 3],
    seen: usize,
    n: usize,
    count: f64,
}

impl Movement {
    fn new(n: usize) -> Self {
        Self {
            before: None,
            sums: [0.0; 3],
            seen: 0,
            n,
            count: float(n),
        }
    }

    /// Plus, minus and index at a bar; a bar with a NaN is skipped.
    fn step(&mut self, bar: [f64; 3]) -> [f64; 3] {
        let unknown = [f64::NAN; 3];
        if bar.iter().any(|price| price.is_nan()) {
            return unknown;
        }
        let Some(before) = self.before.replace(bar) else {
            return unknown;
        };
        let more = moved(before, bar);
        self.seen += 1;
        let sums = self.sums;
        if self.seen < self.n {
            self.sums = std::array::from_fn(|place| sums[place] + more[place]);
            return unknown;
        }
        self.sums = std::array::from_fn(|place| smoothed(sums[place], self.count, more[place]));
        indices(self.sums)
    }

    /// The same of several bars without a NaN, once the sums have begun.
    fn together(&mut self, before: [f64; 3], bars: [&[f64]; 3], out: &mut [[f64; BLOCK]; 3]) {
        let length = bars[0].len();
        let mut known = [[0.0; BLOCK + 1]; 3];
        for (known, (before, column)) in known.iter_mut().zip(before.iter().zip(bars)) {
            known[0] = *before;
            known[1..=length].copy_from_slice(column);
        }
        // Of a whole block, whatever its last places hold: a length that the compiler knows.
        for k in 0..BLOCK {
            let at = |place: usize| known.each_ref().map(|column| column[place]);
            put(out, k, moved(at(k), at(k + 1)));
        }
        // Copies, which stay in registers.
        let [mut up, mut down, mut range] = self.sums;
        let [ups, downs, ranges] = &mut *out;
        let columns = ups.iter_mut().zip(downs.iter_mut()).zip(ranges.iter_mut());
        for ((ups, downs), ranges) in columns.take(length) {
            up = smoothed(up, self.count, *ups);
            down = smoothed(down, self.count, *downs);
            range = smoothed(range, self.count, *ranges);
            (*ups, *downs, *ranges) = (up, down, range);
        }
        self.sums = [up, down, range];
        for k in 0..BLOCK {
            put(out, k, indices(out.each_ref().map(|column| column[k])));
        }
        self.before = Some(bars.map(|column| column[length - 1]));
    }
}

/// TA-Lib adds up n − 1 movements and smooths from the n-th on, and subtracts before it adds: two
/// roundings in this order, as in the reference.
#[inline]
fn smoothed(sum: f64, count: f64, more: f64) -> f64 {
    (sum - sum / count) + more
}

/// Movement up, movement down, and range, of a bar after another.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "both sides are cheap, and a branch is hard to predict"
)]
#[inline]
fn moved([last_high, last_low, last_close]: [f64; 3], [high, low, _]: [f64; 3]) -> [f64; 3] {
    let (up, down) = (high - last_high, last_low - low);
    // Wilder's rule: only the larger movement counts, and of equal ones neither.
    let plus = if (up > down) & (up > 0.0) { up } else { 0.0 };
    let minus = if (down > up) & (down > 0.0) {
        down
    } else {
        0.0
    };
    [plus, minus, recursive::true_range(high, low, last_close)]
}

/// Plus, minus and index from the sums.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "both sides are cheap, and a branch is hard to predict"
)]
#[inline]
fn indices([up, down, range]: [f64; 3]) -> [f64; 3] {
    let number = |holds: bool, value: f64| if holds { value } else { f64::NAN };
    let plus = 100.0 * (up / range);
    let minus = 100.0 * (down / range);
    let both = plus + minus;
    let index = 100.0 * ((plus - minus).abs() / both);
    let ranges = range > 0.0;
    // Without movement either way `index` is 0 / 0; TA-Lib reports 0 there.
    [
        number(ranges, plus),
        number(ranges, minus),
        number(ranges & (both > 0.0), index),
    ]
}

/// How long ago the lowest low and the highest high of the last n + 1 bars were, in percent of n:
/// 100 now, 0 n bars ago; and the second less the first (TA-Lib's `AROON`, `AROONOSC`). Of equal
/// ones the newest counts.
#[must_use]
pub fn aroon(high: &[f64], low: &[f64], n: usize) -> [Vec<f64>; 3] {
    let factor = 100.0 / float(n);
    let ages_seen = 0..=n.min(high.len());
    let recent: Vec<f64> = ages_seen
        .map(|age| factor * (float(n) - float(age)))
        .collect();
    // Not strict: of equal extremes the newest counts, as in TA-Lib.
    let down = ages(low, n + 1, |new, old| new <= old, |age| recent[age]);
    let up = ages(high, n + 1, |new, old| new >= old, |age| recent[age]);
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
        compute: |of, inputs| vec![adx(inputs.columns(), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "adxr",
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |of| 3 * of.whole(0) - 1,
        compute: |of, inputs| vec![adxr(inputs.columns(), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "vortex",
        needs: &[Need::High, Need::Low, Need::Close],
        outputs: 2,
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| vortex(inputs.columns(), of.whole(0)).into(),
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
    fn a_rise_without_a_fall_is_all_vortex_plus() {
        let high: Vec<f64> = (1..9).map(f64::from).collect();
        let low: Vec<f64> = high.iter().map(|x| x - 1.0).collect();
        let [plus, minus] = vortex([&high, &low, &high], 2);
        assert!(plus[1].is_nan());
        assert_eq!((plus[2], minus[2]), (2.0, 0.0));
        assert_eq!(adxr([&high, &low, &high], 2)[4..], [100.0; 4]);
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
