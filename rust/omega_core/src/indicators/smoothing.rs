//! Averages that follow faster or smoother, and the kinds of averages that others take as a word.

use super::averages::{dema, hma, rma, sma, tema, wma};
use super::dispersion::float;
use super::recursive::{self, Smoother};
use super::spec::OF_WINDOW;
use super::{Definition, Kind, window_sums};

/// Mean of means, which weighs the middle of the last n most (TA-Lib's `TRIMA`).
#[must_use]
pub fn trima(values: &[f64], n: usize) -> Vec<f64> {
    window_sums::means(&window_sums::means(values, n.div_ceil(2)), n / 2 + 1)
}

/// Exponential average of `2 x − (x of half a window ago)` (TA-Lib's `ZLEMA`).
#[must_use]
pub fn zlema(values: &[f64], n: usize) -> Vec<f64> {
    let lag = (n - 1) / 2;
    let mut ahead = vec![f64::NAN; lag.min(values.len())];
    let pairs = values.iter().skip(lag).zip(values);
    ahead.extend(pairs.map(|(now, before)| 2.0 * now - before));
    recursive::ema(&ahead, n)
}

/// Tillson's average of six exponential ones (TA-Lib's `T3`).
#[must_use]
pub fn t3(values: &[f64], n: usize, factor: f64) -> Vec<f64> {
    let (square, cube) = (factor * factor, factor * factor * factor);
    let weights = [
        -cube,
        3.0 * (square + cube),
        -6.0 * square - 3.0 * (factor + cube),
        ((1.0 + 3.0 * factor) + cube) + 3.0 * square,
    ];
    recursive::chain(values, [Smoother::ema(n); 6], |[_, _, c, d, e, f]| {
        ((weights[0] * f + weights[1] * e) + weights[2] * d) + weights[3] * c
    })
}

/// Kaufman's average: as fast as the way of the last n changes was straight, between the
/// exponential ones of `fast` and `slow` (TA-Lib's `KAMA`). It starts at the value before the
/// first that has n changes.
#[must_use]
pub fn kama(values: &[f64], n: usize, fast: usize, slow: usize) -> Vec<f64> {
    let mut changes = vec![f64::NAN; values.len().min(1)];
    changes.extend(values.windows(2).map(|pair| (pair[1] - pair[0]).abs()));
    let [quick, calm] = [fast, slow].map(|n| 2.0 / (float(n) + 1.0));
    let mut level = f64::NAN;
    let mut result = window_sums::sums(&changes, n);
    for (i, out) in result.iter_mut().enumerate() {
        if out.is_nan() {
            continue;
        }
        let distance = (values[i] - values[i - n]).abs();
        // Where nothing moved the way is as straight as can be, as in TA-Lib.
        let straight = if *out > distance {
            distance / *out
        } else {
            1.0
        };
        let weight = straight * (quick - calm) + calm;
        let before = if level.is_nan() { values[i - 1] } else { level };
        level = before + weight * weight * (values[i] - before);
        *out = level;
    }
    result
}

/// An average that others take by its word: what it is, and how many bars its first value needs.
pub(super) struct Average {
    pub(super) of: fn(&[f64], usize) -> Vec<f64>,
    pub(super) first: fn(usize) -> usize,
}

/// The averages by their places among the words.
pub(super) const AVERAGES: [Average; 11] = [
    Average {
        of: sma,
        first: |n| n,
    },
    Average {
        of: recursive::ema,
        first: |n| n,
    },
    Average {
        of: wma,
        first: |n| n,
    },
    Average {
        of: dema,
        first: |n| 2 * n - 1,
    },
    Average {
        of: tema,
        first: |n| 3 * n - 2,
    },
    Average {
        of: hma,
        first: |n| n + n.isqrt() - 1,
    },
    Average {
        of: rma,
        first: |n| n,
    },
    Average {
        of: trima,
        first: |n| n,
    },
    Average {
        of: |values, n| kama(values, n, 2, 30),
        first: |n| n + 1,
    },
    Average {
        of: |values, n| t3(values, n, 0.7),
        first: |n| 6 * n - 5,
    },
    Average {
        of: zlema,
        first: |n| n + (n - 1) / 2,
    },
];

/// The place of the exponential average.
pub(super) const EMA: usize = 1;

/// Which of them a parameter means.
pub(super) const AVERAGE: (&str, Kind) = ("average", Kind::Choice(AVERAGES.len()));

/// Makes NaN the first so many that are numbers, so that an average starts later.
pub(super) fn without(mut values: Vec<f64>, count: usize) -> Vec<f64> {
    let numbers = values.iter_mut().filter(|value| !value.is_nan());
    numbers.take(count).for_each(|value| *value = f64::NAN);
    values
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "trima",
        compute: |of, inputs| vec![trima(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "zlema",
        warmup: |of| (AVERAGES[10].first)(of.whole(0)),
        compute: |of, inputs| vec![zlema(inputs.column(0), of.whole(0))],
        ..OF_WINDOW
    },
    Definition {
        name: "t3",
        parameters: &[("window", Kind::Whole(1)), ("factor", Kind::Number(0.0))],
        warmup: |of| (AVERAGES[9].first)(of.whole(0)),
        compute: |of, inputs| vec![t3(inputs.column(0), of.whole(0), of.number(1))],
        ..OF_WINDOW
    },
    Definition {
        name: "kama",
        parameters: &[
            ("window", Kind::Whole(1)),
            ("fast", Kind::Whole(1)),
            ("slow", Kind::Whole(1)),
        ],
        warmup: |of| of.whole(0) + 1,
        compute: |of, inputs| {
            let [n, fast, slow] = [0, 1, 2].map(|place| of.whole(place));
            vec![kama(inputs.column(0), n, fast, slow)]
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_average_of_equal_values_is_that_value_from_its_first_bar_on() {
        let values = [1.5; 40];
        for (place, average) in AVERAGES.iter().enumerate() {
            for n in [1, 2, 5] {
                let (found, first) = ((average.of)(&values, n), (average.first)(n));
                assert!(
                    found[..first - 1].iter().all(|value| value.is_nan()),
                    "{place} {n}"
                );
                let near = |value: &f64| (value - 1.5).abs() < 1e-12;
                assert!(found[first - 1..].iter().all(near), "{place} {n}");
            }
        }
    }

    #[test]
    fn a_straight_way_is_followed_at_the_fast_pace() {
        let found = kama(&[1.0, 2.0, 3.0, 3.0], 2, 2, 30);
        assert!(found[1].is_nan());
        // 2 + (2/3)^2 (3 - 2)
        assert!((found[2] - (2.0 + 4.0 / 9.0)).abs() < 1e-15);
    }
}
