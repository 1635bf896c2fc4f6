//! How large the volatility is among its own last values.

use super::garch::{Garch, garch_volatility};
use super::spread::float;
use super::statistics::place;
use super::volatility::atr;
use super::{Definition, Kind, Need, Parameters};
use crate::interrupt::Pace;

// A fixed number, the same in the reference: where centres have not settled by then, one more round
// could give another label.
const ROUNDS: usize = 30;

/// The group of each value among the last n, 0 the lowest of k: k-means in one dimension over the
/// logarithms, started at the quantiles `(2 j + 1) / 2 k`, for at most 30 rounds. A value half way
/// between two centres belongs to the lower, a group without values keeps its centre, and where
/// all values are equal they are of group 0. What is not above 0 counts as NaN.
#[must_use]
pub fn volatility_cluster(feature: &[f64], n: usize, k: usize) -> Vec<f64> {
    // Logarithms, so that twice a volatility is as far above it as half of it is below.
    let logarithms: Vec<f64> = feature
        .iter()
        .map(|value| if *value > 0.0 { value.ln() } else { f64::NAN })
        .collect();
    let mut window = Sorted::default();
    let (mut groups, mut pace) = (Groups::new(n, k), Pace::default());
    logarithms
        .iter()
        .enumerate()
        .map_while(|(i, value)| {
            if pace.is_over(n) {
                return None;
            }
            if i >= n {
                window.take(logarithms[i - n]);
            }
            window.put(*value);
            let is_full = window.values.len() == n;
            Some(if is_full {
                groups.label(&window.values, *value)
            } else {
                f64::NAN
            })
        })
        .collect()
}

/// The numbers of a window in order; a NaN is not among them.
#[derive(Default)]
struct Sorted {
    values: Vec<f64>,
}

impl Sorted {
    fn place(&self, value: f64) -> usize {
        self.values.partition_point(|other| *other < value)
    }

    fn put(&mut self, value: f64) {
        if !value.is_nan() {
            self.values.insert(self.place(value), value);
        }
    }

    fn take(&mut self, value: f64) {
        if !value.is_nan() {
            self.values.remove(self.place(value));
        }
    }
}

/// Working memory of one k-means after another.
struct Groups {
    centres: Vec<f64>,
    /// Where each group ends in the sorted values.
    ends: Vec<usize>,
    /// Sums of the first values, as many as there are places.
    sums: Vec<f64>,
}

impl Groups {
    fn new(n: usize, k: usize) -> Self {
        Self {
            centres: vec![0.0; k],
            ends: vec![0; k],
            sums: vec![0.0; n + 1],
        }
    }

    fn label(&mut self, sorted: &[f64], value: f64) -> f64 {
        // Equal values would lie on every border, where the rounding of a mean would decide on the
        // label.
        if sorted[0] >= sorted[sorted.len() - 1] {
            return 0.0;
        }
        self.start(sorted);
        for _ in 0..ROUNDS {
            if !self.divide(sorted) {
                break;
            }
            self.centre();
        }
        // As in `divide`, a value on a border belongs to the lower group.
        let below = self.borders().take_while(|border| *border < value).count();
        float(below)
    }

    fn start(&mut self, sorted: &[f64]) {
        let mut sum = 0.0;
        for (place, value) in sorted.iter().enumerate() {
            sum += value;
            self.sums[place + 1] = sum;
        }
        let twice = float(2 * self.centres.len());
        for (j, centre) in self.centres.iter_mut().enumerate() {
            let (rank, fraction) = place(float(2 * j + 1) / twice, sorted.len());
            let next = sorted[(rank + 1).min(sorted.len() - 1)];
            *centre = sorted[rank] + (next - sorted[rank]) * fraction;
        }
        // No group can end there, so that the first division always counts as a change.
        self.ends.fill(usize::MAX);
    }

    /// Half way between each centre and the next.
    fn borders(&self) -> impl Iterator<Item = f64> + '_ {
        self.centres
            .windows(2)
            .map(|pair| 0.5 * (pair[0] + pair[1]))
    }

    /// Divides the values among the centres; whether that changed anything.
    fn divide(&mut self, sorted: &[f64]) -> bool {
        let mut changed = false;
        for j in 0..self.ends.len() {
            let end = match self.centres.get(j + 1) {
                Some(next) => {
                    let border = 0.5 * (self.centres[j] + next);
                    sorted.partition_point(|value| *value <= border)
                }
                None => sorted.len(),
            };
            changed |= self.ends[j] != end;
            self.ends[j] = end;
        }
        changed
    }

    /// Moves each centre to the mean of its values.
    fn centre(&mut self) {
        let mut from = 0;
        for (centre, end) in self.centres.iter_mut().zip(&self.ends) {
            if *end > from {
                // A difference of running sums is O(1) a group, and the reference subtracts the
                // same two.
                *centre = (self.sums[*end] - self.sums[from]) / float(end - from);
                from = *end;
            }
        }
    }
}

/// Bars that the feature of a cluster needs.
fn feature_warmup(of: &Parameters<'_>) -> usize {
    if of.whole(0) == 0 {
        of.whole(3) + 1
    } else {
        Garch::read(of, 4).warmup()
    }
}

/// How many of the `n - 1` values before this one lie below it, in percent.
#[must_use]
pub fn percentile_rank(values: &[f64], n: usize) -> Vec<f64> {
    let (mut holes_until, mut pace) = (n - 1, Pace::default());
    values
        .iter()
        .enumerate()
        .map_while(|(i, value)| {
            if value.is_nan() {
                holes_until = holes_until.max(i + n);
            }
            if i < holes_until {
                return Some(f64::NAN);
            }
            if pace.is_over(n) {
                return None;
            }
            let others = &values[i + 1 - n..i];
            let below = others.iter().filter(|other| *other < value).count();
            Some(100.0 * float(below) / float(n - 1))
        })
        .collect()
}

/// What this family is known by.
pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "volatility_cluster",
        parameters: &[
            ("feature", Kind::Choice(2)),
            ("window", Kind::Whole(2)),
            ("k", Kind::Whole(2)),
            ("atr_window", Kind::Whole(1)),
            ("alpha", Kind::Number(0.0)),
            ("beta", Kind::Number(0.0)),
            ("omega", Kind::OptionalNumber(0.0)),
            ("min_periods", Kind::Whole(2)),
            ("log_returns", Kind::Choice(2)),
            ("scale", Kind::Number(0.0)),
            ("lookback", Kind::OptionalWhole(3)),
        ],
        needs: &[Need::High, Need::Low, Need::Close],
        days: false,
        outputs: 1,
        warmup: |of| feature_warmup(of) + of.whole(1) - 1,
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            let feature = if of.whole(0) == 0 {
                atr(high, low, close, of.whole(3))
            } else {
                garch_volatility(close, &Garch::read(of, 4))
            };
            vec![volatility_cluster(&feature, of.whole(1), of.whole(2))]
        },
    },
    Definition {
        name: "volatility_rank",
        parameters: &[("lookback", Kind::Whole(2)), ("atr_window", Kind::Whole(1))],
        needs: &[Need::High, Need::Low, Need::Close],
        days: false,
        outputs: 1,
        warmup: |of| of.whole(0) + of.whole(1),
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            let feature = atr(high, low, close, of.whole(1));
            vec![percentile_rank(&feature, of.whole(0))]
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbered_from_the_quietest() {
        let values = [1.0, 1.1, 9.0, 9.1, 80.0, 81.0, 1.05, 9.05, 80.5];
        let result = volatility_cluster(&values, 6, 3);
        assert!(result[4].is_nan());
        assert_eq!(result[5..], [2.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    fn equal_values_are_of_the_lowest_group_and_holes_have_none() {
        let values = [2.0, 2.0, 2.0, 0.0, 2.0, 3.0, 5.0];
        let result = volatility_cluster(&values, 3, 2);
        assert_eq!(result[2], 0.0);
        assert!(result[3..6].iter().all(|label| label.is_nan()));
        assert_eq!(result[6], 1.0);
    }

    #[test]
    fn a_rank_counts_what_lies_below() {
        let values = [3.0, 1.0, 2.0, 2.0, 5.0];
        let result = percentile_rank(&values, 3);
        assert!(result[1].is_nan());
        assert_eq!(result[2..], [50.0, 50.0, 100.0]);
    }
}
