//! Prices weighed by volume.

use super::momentum::typical;
use super::spec::OF_WINDOW;
use super::{Definition, Kind, Need, moving};
use crate::types::Days;

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
    let (rising, falling) = (moving::sums(rising, n), moving::sums(falling, n));
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

/// Mean of the typical price weighed by volume since the day (T4) began; NaN before any volume.
#[must_use]
pub fn vwap_of_day(bars: [&[f64]; 3], volume: &[f64], times: &[i64], days: &Days) -> Vec<f64> {
    let prices = typical(bars);
    let (mut money, mut traded) = (0.0, 0.0);
    let mut day_ends = i64::MIN;
    let bars = prices.iter().zip(volume).zip(times);
    bars.map(|((price, volume), time)| {
        // A comparison for most bars; the day is looked up once.
        if *time >= day_ends {
            day_ends = days.end(*time);
            (money, traded) = (0.0, 0.0);
        }
        let amount = price * volume;
        if amount.is_nan() {
            return f64::NAN;
        }
        // Plain sums, unlike those over windows: they begin anew each day, so that their errors
        // cannot outlive it, and the reference adds in the same order.
        money += amount;
        traded += volume;
        if traded > 0.0 {
            money / traded
        } else {
            f64::NAN
        }
    })
    .collect()
}

/// Mean of the typical price weighed by volume over the last n bars; NaN where nothing traded.
#[must_use]
pub fn vwap(bars: [&[f64]; 3], volume: &[f64], n: usize) -> Vec<f64> {
    let prices = typical(bars);
    let money: Vec<f64> = prices.iter().zip(volume).map(|(p, v)| p * v).collect();
    let present = money.iter().zip(volume);
    let volume: Vec<f64> = present
        // Both sums must cover the same bars, or a bar without a price would still weigh in.
        .map(|(money, volume)| if money.is_nan() { f64::NAN } else { *volume })
        .collect();
    let (money, traded) = (moving::sums(&money, n), moving::sums(&volume, n));
    let pairs = money.iter().zip(&traded);
    pairs
        .map(|(money, traded)| {
            if *traded > 0.0 {
                money / traded
            } else {
                f64::NAN
            }
        })
        .collect()
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
        parameters: &[("window", Kind::OptionalWhole(1))],
        needs: BARS_AND_VOLUME,
        days: true,
        warmup: |of| of.optional_whole(0).unwrap_or(1),
        compute: |of, inputs| {
            let [high, low, close, volume] = inputs.columns();
            let bars = [high, low, close];
            vec![match of.optional_whole(0) {
                Some(n) => vwap(bars, volume, n),
                None => vwap_of_day(bars, volume, inputs.times(), inputs.days()),
            }]
        },
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
    fn a_day_begins_its_own_mean() {
        let bars: [&[f64]; 3] = [&PRICES, &PRICES, &PRICES];
        let result = vwap_of_day(bars, &VOLUMES, &[0, 9, 10, 20], &Days::Utc(10));
        assert_eq!(result[..3], [2.0, 3.5, 4.0]);
        assert!(result[3].is_nan());
        assert_eq!(vwap(bars, &VOLUMES, 2)[1..], [3.5, 4.0, 4.0]);
    }

    #[test]
    fn money_flows_where_the_price_goes() {
        let bars: [&[f64]; 3] = [&PRICES, &PRICES, &PRICES];
        let result = mfi(bars, &[1.0, 3.0, 2.0, 12.0], 3);
        assert!(result[2].is_nan());
        assert_eq!(result[3], 50.0);
    }
}
