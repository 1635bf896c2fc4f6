//! Bands and stops around the price.

use std::ops::Range;

use super::extremes::{highest, lowest};
use super::momentum::typical;
use super::recursive::{Smoother, chain_of, rma};
use super::smoothing::{AVERAGE, AVERAGES, Average, EMA};
use super::spec::OF_WINDOW;
use super::statistics::std;
use super::volatility::{atr, fill_ranges, true_range};
use super::{Definition, Kind, Need};

/// Upper, middle and lower line.
pub type Bands = [Vec<f64>; 3];

/// The mean of the last n, and k population standard deviations on both sides (TA-Lib's `BBANDS`).
#[must_use]
pub fn bollinger(values: &[f64], n: usize, k: f64) -> Bands {
    bollinger_of(values, n, k, &AVERAGES[0])
}

/// The same around another kind of average; the deviation is that from the mean.
fn bollinger_of(values: &[f64], n: usize, k: f64, kind: &Average) -> Bands {
    let width = std(values, n, 0);
    around((kind.of)(values, n), width, k)
}

/// The exponential average of n typical prices, and k average true ranges of `atr_n` bars on both
/// sides. Both averages start with the plain mean that ends at the first bar where both can stand
/// (TA-Lib's `KC`).
#[must_use]
pub fn keltner(bars: [&[f64]; 3], n: usize, k: f64, atr_n: usize) -> Bands {
    let [high, low, close] = bars;
    // The first true range stands at bar 1, so the mean of `atr_n` of them ends at bar `atr_n`.
    // Leading values are left out to make both means end at `first`, as TA-Lib does: an exponential
    // average never forgets where it started.
    let first = (n - 1).max(atr_n);
    let typical = |rows: Range<usize>, block: &mut [f64]| {
        let prices = high[rows.clone()].iter().zip(&low[rows.clone()]);
        let prices = prices.zip(&close[rows.clone()]);
        for (out, ((high, low), close)) in block.iter_mut().zip(prices) {
            *out = (high + low + close) / 3.0;
        }
        leave_out(first + 1 - n, rows, block);
    };
    let ranges = |rows: Range<usize>, block: &mut [f64]| {
        fill_ranges(bars, rows.clone(), block);
        leave_out(first + 1 - atr_n, rows, block);
    };
    let average = |fill: &dyn Fn(Range<usize>, &mut [f64]), smoother| {
        chain_of(high.len(), fill, [smoother], |[average]| average)
    };
    let middle = average(&typical, Smoother::ema(n));
    around(middle, average(&ranges, Smoother::rma(atr_n)), k)
}

/// The same around another kind of average of the typical price.
fn keltner_of(bars: [&[f64]; 3], n: usize, k: f64, atr_n: usize, kind: &Average) -> Bands {
    let [high, low, close] = bars;
    let own = (kind.first)(n) - 1;
    let first = own.max(atr_n);
    let blank = |mut values: Vec<f64>, rows: usize| {
        let rows = rows.min(values.len());
        values[..rows].fill(f64::NAN);
        values
    };
    let middle = (kind.of)(&blank(typical(bars), first - own), n);
    let ranges = blank(true_range(high, low, close), first + 1 - atr_n);
    around(middle, rma(&ranges, atr_n), k)
}

/// Makes NaN what stands before a row.
fn leave_out(first: usize, rows: Range<usize>, block: &mut [f64]) {
    block[..first.clamp(rows.start, rows.end) - rows.start].fill(f64::NAN);
}

/// Lines of k widths above and below a middle; none of the three where one is missing.
fn around(mut middle: Vec<f64>, mut width: Vec<f64>, k: f64) -> Bands {
    let lines = middle.iter_mut().zip(&mut width);
    let upper = lines.map(|(middle, width)| {
        let (above, below) = (*middle + k * *width, *middle - k * *width);
        if above.is_nan() {
            *middle = f64::NAN;
        }
        *width = below;
        above
    });
    let upper = upper.collect();
    [upper, middle, width]
}

/// Highest high and lowest low of the last n bars, this one among them, and what lies half way.
#[must_use]
pub fn donchian(high: &[f64], low: &[f64], n: usize) -> Bands {
    let upper = highest(high, n);
    let lower = lowest(low, n);
    let middle = middles(&upper, &lower);
    [upper, middle, lower]
}

fn middles(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| 0.5 * (a + b)).collect()
}

/// The line of a trend and its direction, 1 up and −1 down: the middle of the bar less or plus k
/// average true ranges, moved in the direction of the trend only, until a close crosses it. The
/// first bar that has a range is in an uptrend unless it closes below its lower line (TA-Lib's
/// `SUPERTREND`).
#[must_use]
pub fn supertrend(bars: [&[f64]; 3], n: usize, k: f64) -> [Vec<f64>; 2] {
    let [high, low, close] = bars;
    let range = atr(high, low, close, n);
    let mut trend = Trend::default();
    let mut line = Vec::with_capacity(range.len());
    let mut direction = Vec::with_capacity(range.len());
    for i in 0..range.len() {
        let middle = 0.5 * (high[i] + low[i]);
        let step = k * range[i];
        // The sum is NaN where high, low or range is; such a bar leaves the trend as it was.
        if (middle + step).is_nan() || close[i].is_nan() {
            line.push(f64::NAN);
            direction.push(f64::NAN);
        } else {
            trend.step(middle + step, middle - step, close[i]);
            line.push(if trend.up { trend.lower } else { trend.upper });
            direction.push(if trend.up { 1.0 } else { -1.0 });
        }
    }
    [line, direction]
}

struct Trend {
    upper: f64,
    lower: f64,
    close: f64,
    up: bool,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            // Infinite lines and a NaN close let the conditions of `step` set both lines at the
            // first bar, without a case of its own.
            upper: f64::INFINITY,
            lower: f64::NEG_INFINITY,
            close: f64::NAN,
            up: true,
        }
    }
}

impl Trend {
    /// The upper line falls, the lower rises, unless the close before was beyond it.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "a branch would be as hard to predict as the market"
    )]
    fn step(&mut self, upper: f64, lower: f64, close: f64) {
        // `self.close` is still the close before: it is replaced last, since a line may only jump
        // back where the market left it a bar earlier.
        // Both comparisons are made, and a value chosen: a branch would be as hard to predict as
        // the market.
        let falls = (upper < self.upper) | (self.close > self.upper);
        self.upper = if falls { upper } else { self.upper };
        let rises = (lower > self.lower) | (self.close < self.lower);
        self.lower = if rises { lower } else { self.lower };
        // A close exactly on the line keeps the trend, hence `>=` one way and `>` the other.
        self.up = if self.up {
            close >= self.lower
        } else {
            close > self.upper
        };
        self.close = close;
    }
}

/// Wilder's parabolic stop and reverse, as TA-Lib's `SAR` has it: the first value stands at the
/// second bar, and the trend starts downwards where its low fell by more than its high rose.
#[must_use]
pub fn parabolic_sar(high: &[f64], low: &[f64], step: f64, most: f64) -> Vec<f64> {
    let mut before: Option<(f64, f64)> = None;
    let mut state: Option<Parabola> = None;
    let mut result = Vec::with_capacity(high.len());
    for (high, low) in high.iter().copied().zip(low.iter().copied()) {
        if high.is_nan() || low.is_nan() {
            result.push(f64::NAN);
            continue;
        }
        let Some(last) = before.replace((high, low)) else {
            result.push(f64::NAN);
            continue;
        };
        let parabola = match &mut state {
            Some(parabola) => parabola,
            // An acceleration above the maximum is the maximum, as in TA-Lib.
            none => none.insert(Parabola::new(last, (high, low), step.min(most), most)),
        };
        result.push(parabola.next((high, low)));
    }
    result
}

struct Parabola {
    long: bool,
    stop: f64,
    extreme: f64,
    factor: f64,
    step: f64,
    most: f64,
    last: (f64, f64),
}

impl Parabola {
    fn new(first: (f64, f64), second: (f64, f64), step: f64, most: f64) -> Self {
        let (rise, fall) = (second.0 - first.0, first.1 - second.1);
        // TA-Lib starts short exactly where its `MINUS_DM` of the second bar is above 0.
        let long = !(fall > 0.0 && rise < fall);
        Self {
            long,
            stop: if long { first.1 } else { first.0 },
            extreme: if long { second.0 } else { second.1 },
            factor: step,
            step,
            most,
            // The first call of `next` gets the same bar, so that the first stop is kept outside
            // the second bar alone. TA-Lib does the same, and the first reversal depends on it.
            last: second,
        }
    }

    /// The stop of this bar; what is kept is that of the next.
    fn next(&mut self, bar: (f64, f64)) -> f64 {
        let (high, low) = bar;
        let crossed = if self.long {
            low <= self.stop
        } else {
            high >= self.stop
        };
        let mut shown = self.stop;
        if crossed {
            // In this order: the direction turns before `outside`, which must push the stop to the
            // new side, and the old extreme becomes the stop before it is overwritten.
            self.long = !self.long;
            shown = self.outside(self.extreme, bar);
            self.factor = self.step;
            self.extreme = if self.long { high } else { low };
        } else {
            // Chosen without a branch, which would be as hard to predict as the market.
            let before = self.extreme;
            self.extreme = if self.long {
                larger(high, before)
            } else {
                smaller(low, before)
            };
            let faster = smaller(self.factor + self.step, self.most);
            let further = if self.long {
                high > before
            } else {
                low < before
            };
            self.factor = if further { faster } else { self.factor };
        }
        let moved = shown + self.factor * (self.extreme - shown);
        self.stop = self.outside(moved, bar);
        self.last = bar;
        shown
    }

    /// A stop is not inside this bar nor the one before.
    fn outside(&self, stop: f64, (high, low): (f64, f64)) -> f64 {
        if self.long {
            smaller(low, smaller(self.last.1, stop))
        } else {
            larger(high, larger(self.last.0, stop))
        }
    }
}

/// The smaller one; of equal ones, and of a NaN, the second. One instruction, unlike `f64::min`.
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The larger one; of equal ones, and of a NaN, the second.
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Conversion line, base line and the two leading spans, each the middle of the extremes of its
/// bars; the spans stand where a chart draws them, `shift` bars after those they come from. The
/// lagging span is the close itself, to be compared with bars `shift` ago.
#[must_use]
pub fn ichimoku(high: &[f64], low: &[f64], lengths: [usize; 3], shift: usize) -> [Vec<f64>; 4] {
    let [conversion, base, slow] = lengths.map(|n| middles(&highest(high, n), &lowest(low, n)));
    // Charts draw the spans ahead of the price. Here the bar gets what was computed `shift` bars
    // ago, so that no value depends on a later bar.
    let fast = delayed(&middles(&conversion, &base), shift);
    let slow = delayed(&slow, shift);
    [conversion, base, fast, slow]
}

fn delayed(values: &[f64], bars: usize) -> Vec<f64> {
    let bars = bars.min(values.len());
    let mut result = vec![f64::NAN; bars];
    result.extend_from_slice(&values[..values.len() - bars]);
    result
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "bollinger",
        parameters: &[
            ("window", Kind::Whole(1)),
            ("deviations", Kind::Number(0.0)),
            AVERAGE,
        ],
        outputs: 3,
        warmup: |of| (AVERAGES[of.whole(2)].first)(of.whole(0)),
        compute: |of, inputs| {
            let [values] = inputs.columns();
            let kind = &AVERAGES[of.whole(2)];
            bollinger_of(values, of.whole(0), of.number(1), kind).into()
        },
        ..OF_WINDOW
    },
    Definition {
        name: "keltner",
        parameters: &[
            ("window", Kind::Whole(1)),
            ("multiplier", Kind::Number(0.0)),
            ("atr_window", Kind::Whole(1)),
            AVERAGE,
        ],
        needs: &[Need::High, Need::Low, Need::Close],
        outputs: 3,
        warmup: |of| (AVERAGES[of.whole(3)].first)(of.whole(0)).max(of.whole(2) + 1),
        compute: |of, inputs| {
            let (n, k, atr_n) = (of.whole(0), of.number(1), of.whole(2));
            match of.whole(3) {
                EMA => keltner(inputs.columns(), n, k, atr_n).into(),
                kind => keltner_of(inputs.columns(), n, k, atr_n, &AVERAGES[kind]).into(),
            }
        },
        ..OF_WINDOW
    },
    Definition {
        name: "donchian",
        needs: &[Need::High, Need::Low],
        outputs: 3,
        compute: |of, inputs| {
            let [high, low] = inputs.columns();
            donchian(high, low, of.whole(0)).into()
        },
        ..OF_WINDOW
    },
    Definition {
        name: "supertrend",
        parameters: &[
            ("window", Kind::Whole(1)),
            ("multiplier", Kind::Number(0.0)),
        ],
        needs: &[Need::High, Need::Low, Need::Close],
        outputs: 2,
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            supertrend([high, low, close], of.whole(0), of.number(1)).into()
        },
        ..OF_WINDOW
    },
    Definition {
        name: "parabolic_sar",
        parameters: &[
            ("acceleration", Kind::Number(0.0)),
            ("maximum", Kind::Number(0.0)),
        ],
        needs: &[Need::High, Need::Low],
        warmup: |_| 2,
        compute: |of, inputs| {
            let [high, low] = inputs.columns();
            vec![parabolic_sar(high, low, of.number(0), of.number(1))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "ichimoku",
        parameters: &[
            ("conversion", Kind::Whole(1)),
            ("base", Kind::Whole(1)),
            ("span", Kind::Whole(1)),
            ("displacement", Kind::Whole(0)),
        ],
        needs: &[Need::High, Need::Low],
        outputs: 4,
        warmup: |of| (0..3).map(|place| of.whole(place)).max().unwrap_or(1) + of.whole(3),
        compute: |of, inputs| {
            let [high, low] = inputs.columns();
            let lengths = [of.whole(0), of.whole(1), of.whole(2)];
            ichimoku(high, low, lengths, of.whole(3)).into()
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_bands_of_no_width() {
        let values = [1.1; 5];
        let [upper, middle, lower] = bollinger(&values, 3, 2.0);
        assert!(upper[1].is_nan() && middle[1].is_nan() && lower[1].is_nan());
        assert_eq!([upper[4], middle[4], lower[4]], [1.1; 3]);
    }

    #[test]
    fn a_trend_turns_when_a_close_crosses_its_line() {
        let high = [10.0, 11.0, 12.0, 13.0, 20.0, 21.0, 10.0];
        let low = high.map(|value| value - 1.0);
        let close = high.map(|value| value - 0.5);
        let bars: [&[f64]; 3] = [&high, &low, &close];
        let [line, direction] = supertrend(bars, 2, 1.0);
        assert!(line[1].is_nan() && direction[1].is_nan());
        assert_eq!(direction[2..], [1.0, 1.0, 1.0, 1.0, -1.0]);
        assert_eq!(line[2], 11.5 - 1.5);
    }

    #[test]
    fn a_stop_waits_for_two_bars_and_reverses_when_it_is_touched() {
        let high = [10.0, 11.0, f64::NAN, 12.0, 9.0];
        let low = [9.0, 10.0, 10.0, 11.0, 8.0];
        let result = parabolic_sar(&high, &low, 0.02, 0.2);
        assert!(result[0].is_nan() && result[2].is_nan());
        assert_eq!([result[1], result[3], result[4]], [9.0, 9.04, 12.0]);
    }

    #[test]
    fn spans_stand_where_a_chart_draws_them() {
        let high: Vec<f64> = (1..9).map(f64::from).collect();
        let low: Vec<f64> = high.iter().map(|value| value - 1.0).collect();
        let lines = ichimoku(&high, &low, [1, 2, 3], 2);
        assert_eq!(lines[0][3], 3.5);
        assert_eq!(lines[1][3], 3.0);
        assert_eq!(lines[2][3], f64::midpoint(1.5, 1.0));
        assert!(lines[3][3].is_nan());
        assert_eq!(lines[3][4], 1.5);
    }
}
