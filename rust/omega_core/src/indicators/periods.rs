//! What begins anew with a day, week, month, quarter or year of the run's calendar (T4).

use super::momentum::typical;
use super::spec::OF_WINDOW;
use super::{Definition, Inputs, Kind, Need};
use crate::types::{Days, date_of};

/// The number of a period that a day belongs to, by the place of the period's word.
const PERIODS: [fn(i64) -> i64; 5] = [
    |day| day,
    // 1970-01-01 was a Thursday, and weeks begin with Monday.
    |day| (day + 3).div_euclid(7),
    months,
    |day| months(day).div_euclid(3),
    |day| months(day).div_euclid(12),
];

fn months(day: i64) -> i64 {
    let (year, month, _) = date_of(day);
    12 * year + i64::from(month) - 1
}

/// Which period a parameter means.
pub(super) const PERIOD: Kind = Kind::Choice(PERIODS.len());

/// Finds where periods begin among ascending times.
pub(super) struct Beginning<'a> {
    days: &'a Days,
    number: fn(i64) -> i64,
    day_ends: i64,
    period: Option<i64>,
}

impl<'a> Beginning<'a> {
    pub(super) fn new(days: &'a Days, period: usize) -> Self {
        Self {
            days,
            number: PERIODS[period],
            day_ends: i64::MIN,
            period: None,
        }
    }

    /// Whether a bar is the first of its period.
    #[inline]
    pub(super) fn is_at(&mut self, time: i64) -> bool {
        // A comparison for most bars; the day is looked up once.
        if time < self.day_ends {
            return false;
        }
        self.day_ends = self.days.end(time);
        let period = (self.number)(self.days.of(time));
        self.period.replace(period) != Some(period)
    }
}

/// Pivot, three resistances and three supports from high, low and close of the period before.
pub type Levels = [f64; 7];

/// How levels are made of the open, high, low and close of the period before, and the open of the
/// period itself, by the place of the kind's word.
const KINDS: [fn([f64; 4], f64) -> Levels; 5] = [
    |[_, high, low, close], _| around((high + low + close) / 3.0, high, low),
    |[_, high, low, close], _| {
        let (pivot, range) = ((high + low + close) / 3.0, high - low);
        let steps = [0.382 * range, 0.618 * range, range];
        levels(
            pivot,
            steps.map(|step| pivot + step),
            steps.map(|step| pivot - step),
        )
    },
    |[_, high, low, close], _| {
        let (pivot, range) = ((high + low + close) / 3.0, 1.1 * (high - low));
        let steps = [range / 12.0, range / 6.0, range / 4.0];
        levels(
            pivot,
            steps.map(|step| close + step),
            steps.map(|step| close - step),
        )
    },
    // Woodie's, by the open of the period itself, as TradingView has it.
    |[_, high, low, _], open| around((high + low + 2.0 * open) / 4.0, high, low),
    // DeMark's: the end that the period closed towards counts twice. It has one level either way.
    |[open, high, low, close], _| {
        let sum = if close < open {
            high + 2.0 * low + close
        } else if close > open {
            2.0 * high + low + close
        } else {
            high + low + 2.0 * close
        };
        let none = f64::NAN;
        let (above, below) = (sum / 2.0 - low, sum / 2.0 - high);
        levels(sum / 4.0, [above, none, none], [below, none, none])
    },
];

/// Levels by the distances of a pivot from both ends, and by the range.
fn around(pivot: f64, high: f64, low: f64) -> Levels {
    let (above, below) = (pivot - low, high - pivot);
    let range = high - low;
    let resistances = [pivot + above, pivot + range, high + 2.0 * above];
    let supports = [pivot - below, pivot - range, low - 2.0 * below];
    levels(pivot, resistances, supports)
}

fn levels(pivot: f64, [r1, r2, r3]: [f64; 3], [s1, s2, s3]: [f64; 3]) -> Levels {
    [pivot, r1, r2, r3, s1, s2, s3]
}

/// Levels of each bar from the period before its own; NaN in the first period. A bar with a NaN
/// moves no level.
#[must_use]
pub fn pivots(inputs: &Inputs, kind: usize, period: usize) -> [Vec<f64>; 7] {
    let bars: [&[f64]; 4] = inputs.columns();
    let mut result = [(); 7].map(|()| Vec::with_capacity(bars[0].len()));
    let mut beginning = Beginning::new(inputs.days(), period);
    let (mut levels, mut so_far) = ([f64::NAN; 7], None::<[f64; 4]>);
    for (i, time) in inputs.times().iter().enumerate() {
        let bar = bars.map(|column| column[i]);
        if beginning.is_at(*time)
            && let Some(before) = so_far.take()
        {
            levels = KINDS[kind](before, bar[0]);
        }
        if !bar.iter().any(|price| price.is_nan()) {
            let [open, high, low, _] = so_far.unwrap_or(bar);
            let most = if bar[1] > high { bar[1] } else { high };
            let least = if bar[2] < low { bar[2] } else { low };
            so_far = Some([open, most, least, bar[3]]);
        }
        for (column, level) in result.iter_mut().zip(levels) {
            column.push(level);
        }
    }
    result
}

/// Mean of prices weighed by volume since the last bar where `begins` held; NaN before there was
/// one, and before any volume.
pub(super) fn weighed_since(
    prices: &[f64],
    volume: &[f64],
    mut begins: impl FnMut(usize) -> bool,
) -> Vec<f64> {
    let (mut money, mut traded, mut has_begun) = (0.0, 0.0, false);
    let bars = prices.iter().zip(volume).enumerate();
    bars.map(|(i, (price, volume))| {
        if begins(i) {
            (money, traded, has_begun) = (0.0, 0.0, true);
        }
        let amount = price * volume;
        if amount.is_nan() {
            return f64::NAN;
        }
        // Plain sums, unlike those over windows: they begin anew, so that their errors cannot
        // outlive a period, and the reference adds in the same order.
        money += amount;
        traded += volume;
        if has_begun && traded > 0.0 {
            money / traded
        } else {
            f64::NAN
        }
    })
    .collect()
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "pivots",
        parameters: &[("kind", Kind::Choice(KINDS.len())), ("period", PERIOD)],
        needs: &[Need::Open, Need::High, Need::Low, Need::Close],
        days: true,
        outputs: 7,
        warmup: |_| 2,
        compute: |of, inputs| pivots(inputs, of.whole(0), of.whole(1)).into(),
    },
    Definition {
        name: "typical_price",
        parameters: &[],
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |_| 1,
        compute: |_, inputs| vec![typical(inputs.columns())],
        ..OF_WINDOW
    },
    Definition {
        name: "anchored_vwap",
        parameters: &[],
        needs: &[Need::Source, Need::Second, Need::Third],
        warmup: |_| 1,
        compute: |_, inputs| {
            let [prices, volume, anchors] = inputs.columns();
            let begins = |i: usize| !anchors[i].is_nan() && anchors[i] != 0.0;
            vec![weighed_since(prices, volume, begins)]
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_with_monday_and_months_by_their_date() {
        // 1969-12-29 was a Monday.
        assert_eq!([-4, -3, 3, 4].map(PERIODS[1]), [-1, 0, 0, 1]);
        let months = [-1, 0, 30, 31].map(PERIODS[2]);
        assert_eq!(months.map(|month| month - months[1]), [-1, 0, 0, 1]);
        assert_eq!(
            [0, 89, 90].map(PERIODS[3]).map(|quarter| quarter - 7_880),
            [0, 0, 1]
        );
        assert_eq!([-1, 0, 364, 365].map(PERIODS[4]), [1969, 1970, 1970, 1971]);
    }

    #[test]
    fn a_mean_begins_where_it_is_told_to() {
        let prices = [1.0, 2.0, 4.0, 8.0];
        let found = weighed_since(&prices, &[1.0; 4], |i| i == 1 || i == 3);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [2.0, 3.0, 8.0]);
    }

    #[test]
    fn levels_are_those_of_the_textbook() {
        let found = |kind: usize, open: f64| KINDS[kind]([open, 12.0, 9.0, 10.5], 11.0);
        assert_eq!(found(0, 10.0), [10.5, 12.0, 13.5, 15.0, 9.0, 7.5, 6.0]);
        assert_eq!(found(3, 10.0), [10.75, 12.5, 13.75, 15.5, 9.5, 7.75, 6.5]);
        // 12 + 2 × 9 + 10.5, 2 × 12 + 9 + 10.5 and 12 + 9 + 2 × 10.5
        let of_demark = |open: f64| [0, 1, 4].map(|place| found(4, open)[place]);
        assert_eq!(of_demark(11.0), [10.125, 11.25, 8.25]);
        assert_eq!(of_demark(10.0), [10.875, 12.75, 9.75]);
        assert_eq!(of_demark(10.5), [10.5, 12.0, 9.0]);
        assert!(
            [2, 3, 5, 6]
                .iter()
                .all(|place| found(4, 10.0)[*place].is_nan())
        );
    }
}
