//! How fast and how far a price went: oscillators.

use super::deviations::of_distances;
use super::dispersion::float;
use super::extremes::{has_holes, highest, lowest};
use super::recursive::Smoother;
use super::smoothing::{AVERAGE, AVERAGES, Average, EMA, without};
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Need, window_sums};

/// How many values are looked through for a NaN at once, so that the loop over them has no branch.
const BLOCK: usize = 64;

/// The value less the one n bars before.
#[must_use]
pub fn momentum(values: &[f64], n: usize) -> Vec<f64> {
    against(values, n, |now, before| now - before)
}

/// Change from n bars before in percent; NaN where that was 0.
#[must_use]
pub fn roc(values: &[f64], n: usize) -> Vec<f64> {
    against(values, n, |now, before| {
        if before == 0.0 {
            f64::NAN
        } else {
            // In TA-Lib's order of operations; another order has other last bits.
            (now / before - 1.0) * 100.0
        }
    })
}

fn against(values: &[f64], n: usize, of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut result = vec![f64::NAN; n.min(values.len())];
    let pairs = values.iter().skip(n).zip(values);
    result.extend(pairs.map(|(now, before)| of(*now, *before)));
    result
}

/// Wilder's relative strength: the average gain in percent of average gain and loss together, both
/// started with the plain mean of the first n changes (TA-Lib's `RSI`). NaN where nothing moved.
#[must_use]
pub fn rsi(values: &[f64], n: usize) -> Vec<f64> {
    strength(values, n, |gain, _| gain)
}

/// Gains less losses in percent of both together (Chande's momentum oscillator): of Wilder's
/// averages (TA-Lib's `CMO`) or of sums over the last n changes (TA-Lib's `CMOU`). NaN where
/// nothing moved.
#[must_use]
pub fn cmo(values: &[f64], n: usize, is_smoothed: bool) -> Vec<f64> {
    if is_smoothed {
        return strength(values, n, |gain, loss| gain - loss);
    }
    let changes = momentum(values, 1);
    let kept = |sign: f64| -> Vec<f64> {
        // A NaN is not below 0 and stays.
        let parts = changes.iter().map(|change| sign * change);
        parts
            .map(|part| if part < 0.0 { 0.0 } else { part })
            .collect()
    };
    let (up, down) = (
        window_sums::sums(&kept(1.0), n),
        window_sums::sums(&kept(-1.0), n),
    );
    let pairs = up.iter().zip(&down);
    pairs
        .map(|(up, down)| {
            let moved = up + down;
            if moved > 0.0 {
                100.0 * ((up - down) / moved)
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// What `of` makes of Wilder's averages of gains and losses, in percent of both together.
fn strength(values: &[f64], n: usize, of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut state = Strength::new(n);
    let mut result = Vec::with_capacity(values.len());
    let mut averages = [[f64::NAN; BLOCK]; 2];
    for block in values.chunks(BLOCK) {
        if state.seen >= n && !has_holes(block) {
            state.together(block, &mut averages);
        } else {
            for (k, value) in block.iter().enumerate() {
                let [gain, loss] = state.step(*value);
                (averages[0][k], averages[1][k]) = (gain, loss);
            }
        }
        let pairs = averages[0].iter().zip(&averages[1]).take(block.len());
        result.extend(pairs.map(|(gain, loss)| {
            let moved = gain + loss;
            let ratio = 100.0 * (of(*gain, *loss) / moved);
            if moved > 0.0 { ratio } else { f64::NAN }
        }));
    }
    result
}

/// Averages of gains and losses.
struct Strength {
    last: f64,
    averages: [f64; 2],
    seen: usize,
    n: usize,
    weight: f64,
}

impl Strength {
    fn new(n: usize) -> Self {
        Self {
            last: f64::NAN,
            averages: [0.0; 2],
            seen: 0,
            n,
            weight: 1.0 / float(n),
        }
    }

    /// The averages with a value; NaN where there are none yet, or no change to the value.
    fn step(&mut self, value: f64) -> [f64; 2] {
        let unknown = [f64::NAN; 2];
        // A NaN is stepped over: the next change counts from the last number before the gap.
        if value.is_nan() {
            return unknown;
        }
        if self.last.is_nan() || (value - self.last).is_nan() {
            self.last = value;
            return unknown;
        }
        if self.seen >= self.n {
            return self.next(value);
        }
        let changes = self.changes(value);
        self.averages = std::array::from_fn(|place| self.averages[place] + changes[place]);
        self.seen += 1;
        if self.seen < self.n {
            return unknown;
        }
        self.averages = self.averages.map(|sum| sum / float(self.n));
        self.averages
    }

    /// The same of several numbers, once there are averages.
    fn together(&mut self, block: &[f64], out: &mut [[f64; BLOCK]; 2]) {
        // All changes first, in vector instructions: only the averages wait for each other.
        let mut known = [self.last; BLOCK + 1];
        known[1..=block.len()].copy_from_slice(block);
        for k in 0..BLOCK {
            let [gain, loss] = gain_and_loss(known[k + 1] - known[k]);
            (out[0][k], out[1][k]) = (gain, loss);
        }
        let [gains, losses] = &mut *out;
        for (gain, loss) in gains.iter_mut().zip(losses).take(block.len()) {
            self.smooth([*gain, *loss]);
            [*gain, *loss] = self.averages;
        }
        self.last = known[block.len()];
    }

    /// The same with a number, once there are averages.
    #[inline]
    fn next(&mut self, value: f64) -> [f64; 2] {
        let changes = self.changes(value);
        self.smooth(changes);
        self.averages
    }

    #[inline]
    fn smooth(&mut self, changes: [f64; 2]) {
        // One product with 1 / n, as in the reference. TA-Lib's `(gain (n − 1) + up) / n` agrees
        // with it but for the last bits.
        self.averages = std::array::from_fn(|place| {
            let average = self.averages[place];
            average + self.weight * (changes[place] - average)
        });
    }

    #[inline]
    fn changes(&mut self, value: f64) -> [f64; 2] {
        let change = value - self.last;
        self.last = value;
        gain_and_loss(change)
    }
}

#[inline]
fn gain_and_loss(change: f64) -> [f64; 2] {
    [
        if change > 0.0 { change } else { 0.0 },
        if change < 0.0 { -change } else { 0.0 },
    ]
}

/// Fast less slow exponential average, the exponential average of that, and the distance of both.
/// The fast one starts with the plain mean of the values that end where the slow one's first mean
/// does, so that both begin at one bar (TA-Lib's `MACD`).
#[must_use]
pub fn macd(values: &[f64], fast: usize, slow: usize, signal: usize) -> [Vec<f64>; 3] {
    // TA-Lib exchanges periods in the wrong order, too.
    let (fast, slow) = (fast.min(slow), fast.max(slow));
    let mut left_out = slow - fast;
    let mut averages = [fast, slow, signal].map(Smoother::ema);
    let mut result = [(); 3].map(|()| Vec::with_capacity(values.len()));
    let mut lines = [[0.0; BLOCK]; 3];
    for block in values.chunks(BLOCK) {
        // Copies, which stay in registers.
        let [mut quick, mut calm, mut signal] = averages;
        let [line, smooth, distance] = &mut lines;
        // The signal line begins no earlier than the others, so that from here on no average has to
        // test whether it has begun.
        if signal.has_begun() && !has_holes(block) {
            for ((line, smooth), value) in line.iter_mut().zip(smooth.iter_mut()).zip(block) {
                *line = quick.next(*value) - calm.next(*value);
                *smooth = signal.next(*line);
            }
        } else {
            for ((line, smooth), value) in line.iter_mut().zip(smooth.iter_mut()).zip(block) {
                let later = if left_out > 0 { f64::NAN } else { *value };
                // A NaN is not counted, since the averages skip it: otherwise the two means would
                // end at different bars after a gap.
                left_out -= usize::from(left_out > 0 && !value.is_nan());
                *line = quick.step(later) - calm.step(*value);
                *smooth = signal.step(*line);
            }
        }
        averages = [quick, calm, signal];
        for ((distance, line), smooth) in distance.iter_mut().zip(&*line).zip(&*smooth) {
            *distance = line - smooth;
        }
        for (column, line) in result.iter_mut().zip(&lines) {
            column.extend_from_slice(&line[..block.len()]);
        }
    }
    result
}

/// The same of another kind of average.
fn macd_of(values: &[f64], windows: [usize; 3], kind: &Average) -> [Vec<f64>; 3] {
    let [fast, slow, signal] = windows;
    let (fast, slow) = (fast.min(slow), fast.max(slow));
    let later = without(values.to_vec(), (kind.first)(slow) - (kind.first)(fast));
    let (mut line, calm) = ((kind.of)(&later, fast), (kind.of)(values, slow));
    for (line, calm) in line.iter_mut().zip(&calm) {
        *line -= calm;
    }
    let smooth = (kind.of)(&line, signal);
    let distance = line
        .iter()
        .zip(&smooth)
        .map(|(line, smooth)| line - smooth)
        .collect();
    [line, smooth, distance]
}

/// Where the close stands between the lowest low and the highest high of the last n bars, in
/// percent, its average over `smooth` bars, and that average of it over `signal` (TA-Lib's
/// `STOCH`): k and d. NaN where highest and lowest are one.
fn stochastic(bars: [&[f64]; 3], windows: [usize; 3], kind: &Average) -> [Vec<f64>; 2] {
    let [n, smooth, signal] = windows;
    let raw = between(bars, n, |close, high, low| {
        100.0 * ((close - low) / (high - low))
    });
    let k = (kind.of)(&raw, smooth);
    let d = (kind.of)(&k, signal);
    [k, d]
}

/// How far the close is below the highest high of the last n bars, in percent of their range:
/// 0 to −100. NaN where highest and lowest are one.
#[must_use]
pub fn williams_r(bars: [&[f64]; 3], n: usize) -> Vec<f64> {
    between(bars, n, |close, high, low| {
        -100.0 * ((high - close) / (high - low))
    })
}

fn between(bars: [&[f64]; 3], n: usize, of: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    let [high, low, close] = bars;
    let (high, low) = (highest(high, n), lowest(low, n));
    let all = close.iter().zip(high.iter().zip(&low));
    all.map(|(close, (high, low))| {
        if high > low {
            of(*close, *high, *low)
        } else {
            f64::NAN
        }
    })
    .collect()
}

/// A bar's middle: `(high + low + close) / 3`.
pub(super) fn typical(bars: [&[f64]; 3]) -> Vec<f64> {
    let [high, low, close] = bars;
    let all = high.iter().zip(low).zip(close);
    // Divided by 3: no double is a third, and a product with one has other last bits.
    all.map(|((high, low), close)| (high + low + close) / 3.0)
        .collect()
}

/// Distance of the typical price from its mean over n bars, in 0.015 mean distances from that mean
/// (TA-Lib's `CCI`). NaN where all are equal.
#[must_use]
pub fn cci(bars: [&[f64]; 3], n: usize) -> Vec<f64> {
    let count = float(n);
    // The distance is n times too large, and the mean of distances n² times.
    of_distances(&typical(bars), n, |[distance, around]| {
        let found = count * distance / (0.015 * around);
        if around > 0.0 { found } else { f64::NAN }
    })
}

const HIGH_LOW_CLOSE: &[Need] = &[Need::High, Need::Low, Need::Close];

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "momentum",
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| vec![momentum(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "roc",
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| vec![roc(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "rsi",
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| vec![rsi(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "cmo",
        parameters: &[("window", Kind::Whole(1)), ("smoothing", Kind::Choice(2))],
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| vec![cmo(inputs.column(0), of.whole(0), of.whole(1) == 1)],
        ..OF_WINDOW
    },
    Definition {
        name: "macd",
        parameters: &[
            ("fast", Kind::Whole(1)),
            ("slow", Kind::Whole(1)),
            ("signal", Kind::Whole(1)),
            AVERAGE,
        ],
        outputs: 3,
        warmup: |of| {
            let first = AVERAGES[of.whole(3)].first;
            first(of.whole(0).max(of.whole(1))) + first(of.whole(2)) - 1
        },
        compute: |of, inputs| {
            let windows = [0, 1, 2].map(|place| of.whole(place));
            match of.whole(3) {
                EMA => macd(inputs.column(0), windows[0], windows[1], windows[2]).into(),
                kind => macd_of(inputs.column(0), windows, &AVERAGES[kind]).into(),
            }
        },
        ..OF_WINDOW
    },
    Definition {
        name: "stochastic",
        parameters: &[
            ("window", Kind::Whole(1)),
            ("smooth", Kind::Whole(1)),
            ("signal", Kind::Whole(1)),
            AVERAGE,
        ],
        needs: HIGH_LOW_CLOSE,
        outputs: 2,
        warmup: |of| {
            let first = AVERAGES[of.whole(3)].first;
            of.whole(0) + first(of.whole(1)) + first(of.whole(2)) - 2
        },
        compute: |of, inputs| {
            let windows = [0, 1, 2].map(|place| of.whole(place));
            stochastic(inputs.columns(), windows, &AVERAGES[of.whole(3)]).into()
        },
        ..OF_WINDOW
    },
    Definition {
        name: "williams_r",
        needs: HIGH_LOW_CLOSE,
        compute: |of, inputs| vec![williams_r(inputs.columns(), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "cci",
        parameters: &[("window", Kind::Whole(2))],
        needs: HIGH_LOW_CLOSE,
        compute: |of, inputs| vec![cci(inputs.columns(), of.whole(0))],
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_goes_from_all_down_to_all_up() {
        assert_eq!(rsi(&[1.0, 2.0, 3.0, 4.0], 2)[2..], [100.0, 100.0]);
        assert_eq!(rsi(&[4.0, 3.0, 2.0], 2)[2], 0.0);
        assert_eq!(rsi(&[1.0, 2.0, f64::NAN, 1.0], 2)[3], 50.0);
        assert!(rsi(&[1.0, 1.0, 1.0], 2)[2].is_nan());
    }

    #[test]
    fn gains_less_losses_are_those_of_the_window_or_of_averages() {
        let values = [1.0, 4.0, 3.0, 3.0];
        assert_eq!(cmo(&values, 2, false)[2..], [50.0, -100.0]);
        assert_eq!(cmo(&values, 2, true)[2..], [50.0, 50.0]);
        assert!(cmo(&[1.0; 3], 2, false)[2].is_nan());
    }

    #[test]
    fn the_close_stands_somewhere_in_the_range() {
        let (high, low, close) = ([3.0, 4.0], [1.0, 0.0], [2.0, 1.0]);
        let bars: [&[f64]; 3] = [&high, &low, &close];
        assert_eq!(stochastic(bars, [2, 1, 1], &AVERAGES[0])[0][1], 25.0);
        assert_eq!(williams_r(bars, 2)[1], -75.0);
    }

    #[test]
    fn equal_prices_have_no_distance_from_their_mean() {
        let flat = [1.9; 12];
        assert!(cci([&flat, &flat, &flat], 9).iter().all(|x| x.is_nan()));
    }

    #[test]
    fn both_averages_begin_at_one_bar() {
        let [line, signal, _] = macd(&[1.0, 2.0, 3.0, 4.0, 5.0], 2, 3, 2);
        assert!(line[1].is_nan() && signal[2].is_nan());
        assert_eq!((line[2], signal[3]), (0.5, 0.5));
    }
}
