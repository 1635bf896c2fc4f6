//! Prices weighed by volume.

use std::ops::Range;

use super::extremes::has_holes;
use super::momentum::{momentum, typical};
use super::periods::{Beginning, PERIOD, weighed_since};
use super::recursive::{Smoother, beside, ema};
use super::smoothing::without;
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Need, window_sums};

/// Volume added where the close rises and taken away where it falls, from the first bar's volume
/// on (TA-Lib's `OBV`).
#[must_use]
pub fn obv(close: &[f64], volume: &[f64]) -> Vec<f64> {
    let mut state = f64::NAN;
    let mut last = f64::NAN;
    let bars = close.iter().copied().zip(volume.iter().copied());
    bars.map(|(close, volume)| {
        if close.is_nan() || volume.is_nan() {
            return f64::NAN;
        }
        // Arithmetic instead of a branch on the direction of the market, which is hard to predict.
        // Both comparisons are false for the first bar, whose `last` is NaN.
        let sign = f64::from(u8::from(close > last)) - f64::from(u8::from(close < last));
        let signed = sign * volume;
        state = if last.is_nan() {
            volume
        } else {
            state + signed
        };
        last = close;
        state
    })
    .collect()
}

/// Typical prices that differ by less than this part (2^-50) are one: sums of three are rounded,
/// and equal sums of different prices are common where prices have few digits.
const ROUNDING: f64 = 8.881_784_197_001_252e-16;

/// Money that came in with rising typical prices, in percent of all that moved in the last n bars
/// (TA-Lib's `MFI`). NaN where none moved.
#[must_use]
pub fn mfi(bars: [&[f64]; 3], volume: &[f64], n: usize) -> Vec<f64> {
    let prices = typical(bars);
    let mut last = f64::NAN;
    let mut flows = [(); 2].map(|()| vec![0.0; prices.len()]);
    let [rising, falling] = &mut flows;
    let outputs = rising.iter_mut().zip(falling.iter_mut());
    for ((rising, falling), (price, volume)) in outputs.zip(prices.iter().zip(volume)) {
        let money = price * volume;
        let same = last.abs() * ROUNDING;
        let change = price - last;
        // One test for price, volume and the price before; the first bar has no change.
        if (money + change).is_nan() {
            (*rising, *falling) = (f64::NAN, f64::NAN);
        } else {
            *rising = if change > same { money } else { 0.0 };
            *falling = if change < -same { money } else { 0.0 };
        }
        last = if money.is_nan() { last } else { *price };
    }
    let (rising, falling) = (window_sums::sums(rising, n), window_sums::sums(falling, n));
    let pairs = rising.iter().zip(&falling);
    pairs
        .map(|(rising, falling)| {
            let all = rising + falling;
            if all > 0.0 {
                100.0 * (rising / all)
            } else {
                f64::NAN
            }
        })
        .collect()
}

/// Mean of the typical price weighed by volume over the last n bars; NaN where nothing traded.
#[must_use]
pub fn vwap(bars: [&[f64]; 3], volume: &[f64], n: usize) -> Vec<f64> {
    weighed(&typical(bars), volume, n)
}

/// Mean of values weighed by volume over the last n bars (of closes TA-Lib's `VWMA`); NaN where
/// nothing traded.
#[must_use]
pub fn weighed(values: &[f64], volume: &[f64], n: usize) -> Vec<f64> {
    let money: Vec<f64> = values.iter().zip(volume).map(|(x, v)| x * v).collect();
    // Both sums must cover the same bars, or a bar without a price would still weigh in.
    let traded = if has_holes(values) {
        let present = money.iter().zip(volume);
        let kept = present.map(|(money, v)| if money.is_nan() { f64::NAN } else { *v });
        window_sums::sums(&kept.collect::<Vec<f64>>(), n)
    } else {
        window_sums::sums(volume, n)
    };
    let mut result = window_sums::sums(&money, n);
    for (out, traded) in result.iter_mut().zip(&traded) {
        *out = if *traded > 0.0 {
            *out / traded
        } else {
            f64::NAN
        };
    }
    result
}

/// Where each close stands between low and high, −1 to 1; 0 where these are one.
fn places(bars: [&[f64]; 3]) -> impl Iterator<Item = f64> {
    let [high, low, close] = bars;
    high.iter().zip(low).zip(close).map(|((high, low), close)| {
        let range = high - low;
        let place = ((close - low) - (high - close)) / range;
        // A NaN is none of the two and stays.
        if range <= 0.0 && !close.is_nan() {
            0.0
        } else {
            place
        }
    })
}

/// Volume by where the close stands in its bar, added up (TA-Lib's `AD`). A NaN is left out.
#[must_use]
pub fn ad(bars: [&[f64]; 3], volume: &[f64]) -> Vec<f64> {
    let mut result = vec![0.0; volume.len()];
    add_up(bars, volume, &mut 0.0, &mut result);
    result
}

/// The same of some rows, from what is added up before them.
fn add_up(bars: [&[f64]; 3], volume: &[f64], state: &mut f64, out: &mut [f64]) {
    // All flows first, in vector instructions: only the sums wait for each other.
    for ((out, place), volume) in out.iter_mut().zip(places(bars)).zip(volume) {
        *out = place * volume;
    }
    for out in out {
        let flow = *out;
        *state = if flow.is_nan() { *state } else { *state + flow };
        *out = if flow.is_nan() { f64::NAN } else { *state };
    }
}

/// Fast less slow exponential average of [`ad`], both from its first value on, and shown from the
/// bar on that fills the longer window (TA-Lib's `ADOSC`).
#[must_use]
pub fn adosc(bars: [&[f64]; 3], volume: &[f64], fast: usize, slow: usize) -> Vec<f64> {
    let (short, long) = (fast.min(slow), fast.max(slow));
    let mut state = 0.0;
    let line = |rows: Range<usize>, block: &mut [f64]| {
        let bars = bars.map(|column| &column[rows.clone()]);
        add_up(bars, &volume[rows], &mut state, block);
    };
    let averages = [short, long].map(Smoother::from_first);
    let result = beside(volume.len(), line, averages, |[fast, slow]| fast - slow);
    without(result, long - 1)
}

/// Money flow of the last n bars: [`ad`]'s flows over the volume (TA-Lib's `CMF`); NaN where
/// nothing traded.
#[must_use]
pub fn cmf(bars: [&[f64]; 3], volume: &[f64], n: usize) -> Vec<f64> {
    weighed(&places(bars).collect::<Vec<f64>>(), volume, n)
}

/// Exponential average of the change of the close times the volume (TA-Lib's `EFI`).
#[must_use]
pub fn force_index(close: &[f64], volume: &[f64], n: usize) -> Vec<f64> {
    let mut forces = momentum(close, 1);
    for (force, volume) in forces.iter_mut().zip(volume) {
        *force *= volume;
    }
    ema(&forces, n)
}

const BARS_AND_VOLUME: &[Need] = &[Need::High, Need::Low, Need::Close, Need::Volume];

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "obv",
        parameters: &[],
        needs: &[Need::Close, Need::Volume],
        warmup: |_| 1,
        compute: |_, inputs| vec![obv(inputs.column(0), inputs.column(1))],
        ..OF_WINDOW
    },
    Definition {
        name: "mfi",
        needs: BARS_AND_VOLUME,
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [high, low, close, volume] = inputs.columns();
            vec![mfi([high, low, close], volume, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "vwap",
        parameters: &[("window", Kind::OptionalWhole(1)), ("since", PERIOD)],
        needs: BARS_AND_VOLUME,
        days: true,
        warmup: |of| of.optional_whole(0).unwrap_or(1),
        compute: |of, inputs| {
            let [high, low, close, volume] = inputs.columns();
            let bars = [high, low, close];
            let mut beginning = Beginning::new(inputs.days(), of.whole(1));
            vec![of.optional_whole(0).map_or_else(
                || {
                    let begins = |i: usize| beginning.is_at(inputs.times()[i]);
                    weighed_since(&typical(bars), volume, begins)
                },
                |n| vwap(bars, volume, n),
            )]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "vwma",
        needs: &[Need::Close, Need::Volume],
        compute: |of, inputs| vec![weighed(inputs.column(0), inputs.column(1), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "ad",
        parameters: &[],
        needs: BARS_AND_VOLUME,
        warmup: |_| 1,
        compute: |_, inputs| {
            let [high, low, close, volume] = inputs.columns();
            vec![ad([high, low, close], volume)]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "adosc",
        parameters: &[("fast", Kind::Whole(1)), ("slow", Kind::Whole(1))],
        needs: BARS_AND_VOLUME,
        warmup: |of| of.whole(0).max(of.whole(1)),
        compute: |of, inputs| {
            let [high, low, close, volume] = inputs.columns();
            vec![adosc([high, low, close], volume, of.whole(0), of.whole(1))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "cmf",
        needs: BARS_AND_VOLUME,
        compute: |of, inputs| {
            let [high, low, close, volume] = inputs.columns();
            vec![cmf([high, low, close], volume, of.whole(0))]
        },
        ..OF_WINDOW
    },
    Definition {
        name: "force_index",
        needs: &[Need::Close, Need::Volume],
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| vec![force_index(inputs.column(0), inputs.column(1), of.whole(0))],
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: [f64; 4] = [2.0, 4.0, 4.0, 1.0];
    const VOLUMES: [f64; 4] = [1.0, 3.0, 2.0, 0.0];

    #[test]
    fn volume_follows_the_close() {
        assert_eq!(obv(&PRICES, &VOLUMES), [1.0, 4.0, 4.0, 4.0]);
    }

    #[test]
    fn prices_weigh_as_much_as_traded() {
        let bars: [&[f64]; 3] = [&PRICES, &PRICES, &PRICES];
        assert_eq!(vwap(bars, &VOLUMES, 2)[1..], [3.5, 4.0, 4.0]);
        let holed = [f64::NAN, 4.0, 4.0, 1.0];
        assert_eq!(weighed(&holed, &VOLUMES, 2)[2..], [4.0, 4.0]);
    }

    #[test]
    fn volume_is_gathered_where_closes_are_high() {
        let bars: [&[f64]; 3] = [&[4.0, 4.0, 2.0], &[0.0, 0.0, 2.0], &[4.0, 1.0, 2.0]];
        assert_eq!(ad(bars, &[10.0, 4.0, 7.0]), [10.0, 8.0, 8.0]);
        assert_eq!(cmf(bars, &[10.0, 4.0, 6.0], 3)[2], 0.4);
        assert!(adosc(bars, &[10.0, 4.0, 7.0], 1, 2)[0].is_nan());
    }

    #[test]
    fn money_flows_where_the_price_goes() {
        let bars: [&[f64]; 3] = [&PRICES, &PRICES, &PRICES];
        let result = mfi(bars, &[1.0, 3.0, 2.0, 12.0], 3);
        assert!(result[2].is_nan());
        assert_eq!(result[3], 50.0);
    }
}
