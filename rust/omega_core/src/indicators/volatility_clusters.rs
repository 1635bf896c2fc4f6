//! How large the volatility is among its own last values.

use super::dispersion::{Whole, are_small, float, offsets};
use super::exact::{Grid, Sums, of_windows, power_of_two, rounded, to_double, whole};
use super::fenwick_tree::{Group, Order, Tree};
use super::garch::{Garch, garch_volatility};
use super::spec::OF_WINDOW;
use super::statistics::place;
use super::volatility::atr;
use super::{Definition, Kind, Need, Parameters};
use crate::interrupt::Pace;

// A fixed number, the same in the reference: where centres have not settled by then, one more round
// could give another label.
const ROUNDS: usize = 30;

/// Windows up to this length are looked at value by value, which vector instructions do sooner than
/// a tree is walked.
const SHORT: usize = 256;

/// The group of each value among the last n, 0 the lowest of k: k-means in one dimension over the
/// logarithms, started at the quantiles `(2 j + 1) / 2 k`, for at most 30 rounds. A value half way
/// between two centres belongs to the lower, a group without values keeps its centre, and where
/// all values are equal they are of group 0. What is not finite and above 0 counts as NaN.
#[must_use]
pub fn volatility_cluster(feature: &[f64], n: usize, k: usize) -> Vec<f64> {
    // Logarithms, so that twice a volatility is as far above it as half of it is below.
    let logarithms: Vec<f64> = feature
        .iter()
        .map(|value| if *value > 0.0 { value.ln() } else { f64::NAN })
        .collect();
    of_windows([&logarithms], n, &Clusters { n, k })
}

/// Sums of the values of groups, each exact and rounded once.
struct Clusters {
    n: usize,
    k: usize,
}

impl Sums<1> for Clusters {
    fn is_small(&self, grids: &[Grid; 1]) -> bool {
        are_small(grids, self.n)
    }

    fn quickly(&self, [values]: [&[f64]; 1], [grid]: [Grid; 1], out: &mut [f64]) {
        let (base, unit) = (whole(values[0], grid.unit), power_of_two(grid.unit));
        let read = |group: Group<i64>| {
            let count = i128::from(u32::try_from(group.count).unwrap_or(u32::MAX));
            to_double(count * base + i128::from(group.sum)) * unit
        };
        self.label(values, &offsets(values, grid), read, out);
    }

    fn widely(&self, [values]: [&[f64]; 1], [unit]: [i32; 1], out: &mut [f64]) {
        let whole: Vec<i128> = values.iter().map(|value| whole(*value, unit)).collect();
        let read = |group: Group<i128>| {
            let size = rounded(group.sum.unsigned_abs(), unit);
            if group.sum < 0 { -size } else { size }
        };
        self.label(values, &whole, read, out);
    }
}

impl Clusters {
    /// The label of each window's last value; `sums` are the values as whole numbers.
    fn label<T: Whole>(
        &self,
        values: &[f64],
        sums: &[T],
        read: impl Fn(Group<T>) -> f64,
        out: &mut [f64],
    ) {
        if self.n > SHORT {
            self.label_by(Long::new(values, sums), values, T::from(0), read, out);
        } else {
            self.label_by(Short::new(values, sums), values, T::from(0), read, out);
        }
    }

    fn label_by<T: Whole>(
        &self,
        mut window: impl Window<T>,
        values: &[f64],
        nothing: T,
        read: impl Fn(Group<T>) -> f64,
        out: &mut [f64],
    ) {
        let mut groups = Groups::new(self.k, nothing);
        let mut pace = Pace::default();
        for (row, value) in values.iter().enumerate() {
            if pace.is_over(SHORT) {
                return;
            }
            if let Some(before) = row.checked_sub(self.n) {
                window.take(before);
            }
            window.put(row);
            if let Some(place) = (row + 1).checked_sub(self.n) {
                window.is_full();
                out[place] = groups.label(&window, self.n, *value, &read);
            }
        }
    }
}

/// The values of a window in order, and the sums of the smallest of them.
trait Window<T> {
    fn put(&mut self, row: usize);
    fn take(&mut self, row: usize);
    /// Called when the window is full, before `at` and `up_to`.
    fn is_full(&mut self) {}
    /// The value of a rank, from 0.
    fn at(&self, rank: usize) -> f64;
    /// The values up to a border.
    fn up_to(&self, border: f64) -> Group<T>;
}

/// Moved and added up anew for each bar, which is the quickest where there are few.
struct Short<'a, T> {
    values: &'a [f64],
    sums: &'a [T],
    sorted: Vec<(f64, T)>,
    added: Vec<T>,
}

impl<'a, T: Whole> Short<'a, T> {
    fn new(values: &'a [f64], sums: &'a [T]) -> Self {
        Self {
            values,
            sums,
            sorted: Vec::new(),
            added: Vec::new(),
        }
    }

    fn place(&self, row: usize) -> usize {
        let value = self.values[row];
        self.sorted.partition_point(|(other, _)| *other < value)
    }
}

impl<T: Whole> Window<T> for Short<'_, T> {
    fn put(&mut self, row: usize) {
        let place = self.place(row);
        self.sorted
            .insert(place, (self.values[row], self.sums[row]));
    }

    fn take(&mut self, row: usize) {
        self.sorted.remove(self.place(row));
    }

    fn is_full(&mut self) {
        let mut sum = T::from(0);
        self.added.clear();
        self.added.push(sum);
        self.added.extend(self.sorted.iter().map(|(_, value)| {
            sum = sum + *value;
            sum
        }));
    }

    fn at(&self, rank: usize) -> f64 {
        self.sorted[rank].0
    }

    fn up_to(&self, border: f64) -> Group<T> {
        let count = self.sorted.partition_point(|(value, _)| *value <= border);
        let sum = self.added[count];
        Group { count, sum }
    }
}

/// By a tree.
struct Long<'a, T> {
    order: Order<f64>,
    sums: &'a [T],
    tree: Tree<Group<T>>,
}

impl<'a, T: Whole> Long<'a, T> {
    fn new(values: &[f64], sums: &'a [T]) -> Self {
        Self {
            order: Order::new(values),
            sums,
            tree: Tree::new(values.len(), Group::none(T::from(0))),
        }
    }
}

impl<T: Whole> Window<T> for Long<'_, T> {
    fn put(&mut self, row: usize) {
        let place = self.order.places[row];
        self.tree.add(place, Group::one(self.sums[row]));
    }

    fn take(&mut self, row: usize) {
        let place = self.order.places[row];
        self.tree.take(place, Group::one(self.sums[row]));
    }

    fn at(&self, rank: usize) -> f64 {
        let (place, _) = self.tree.while_holds(|_, group| group.count <= rank);
        self.order.sorted[place]
    }

    fn up_to(&self, border: f64) -> Group<T> {
        let belongs = |place: usize, _| self.order.sorted[place] <= border;
        self.tree.while_holds(belongs).1
    }
}

/// The value of a quantile of n.
fn quantile<T>(window: &impl Window<T>, n: usize, q: f64) -> f64 {
    let (rank, fraction) = place(q, n);
    let value = window.at(rank);
    value + (window.at((rank + 1).min(n - 1)) - value) * fraction
}

/// Working memory of one k-means after another.
struct Groups<T> {
    centres: Vec<f64>,
    /// The values up to where each group ends.
    ends: Vec<Group<T>>,
    nothing: T,
}

impl<T: Whole> Groups<T> {
    fn new(k: usize, nothing: T) -> Self {
        Self {
            centres: vec![0.0; k],
            ends: vec![Group::none(nothing); k],
            nothing,
        }
    }

    fn label(
        &mut self,
        window: &impl Window<T>,
        n: usize,
        value: f64,
        read: impl Fn(Group<T>) -> f64,
    ) -> f64 {
        // Equal values would lie on every border, where the rounding of a mean would decide on the
        // label.
        if window.at(0) >= window.at(n - 1) {
            return 0.0;
        }
        self.start(window, n);
        for _ in 0..ROUNDS {
            if !self.divide(window) {
                break;
            }
            self.centre(&read);
        }
        // As in `divide`, a value on a border belongs to the lower group.
        let below = self.borders().take_while(|border| *border < value).count();
        float(below)
    }

    fn start(&mut self, window: &impl Window<T>, n: usize) {
        let twice = float(2 * self.centres.len());
        for (j, centre) in self.centres.iter_mut().enumerate() {
            *centre = quantile(window, n, float(2 * j + 1) / twice);
        }
        // No group can end there, so that the first division always counts as a change.
        self.ends.fill(Group {
            count: usize::MAX,
            sum: self.nothing,
        });
    }

    /// Half way between each centre and the next.
    fn borders(&self) -> impl Iterator<Item = f64> + '_ {
        self.centres
            .windows(2)
            .map(|pair| 0.5 * (pair[0] + pair[1]))
    }

    /// Divides the values among the centres; whether that changed anything.
    fn divide(&mut self, window: &impl Window<T>) -> bool {
        let mut changed = false;
        for j in 0..self.ends.len() {
            let border = match self.centres.get(j + 1) {
                Some(next) => 0.5 * (self.centres[j] + next),
                None => f64::INFINITY,
            };
            let end = window.up_to(border);
            changed |= self.ends[j].count != end.count;
            self.ends[j] = end;
        }
        changed
    }

    /// Moves each centre to the mean of its values.
    fn centre(&mut self, read: impl Fn(Group<T>) -> f64) {
        let mut from = Group::none(self.nothing);
        for (centre, end) in self.centres.iter_mut().zip(&self.ends) {
            if end.count > from.count {
                let group = *end - from;
                *centre = read(group) / float(group.count);
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
    let mut below = if n > SHORT {
        below_in_order(values, n)
    } else {
        below_one_by_one(values, n)
    };
    let mut full_from = n - 1;
    for (row, (out, value)) in below.iter_mut().zip(values).enumerate() {
        if value.is_nan() {
            full_from = full_from.max(row + n);
        }
        *out = if row < full_from {
            f64::NAN
        } else {
            100.0 * *out / float(n - 1)
        };
    }
    below
}

/// How many of the up to n − 1 values before each are below it; a NaN is below nothing.
fn below_one_by_one(values: &[f64], n: usize) -> Vec<f64> {
    let mut pace = Pace::default();
    let counts = values.iter().enumerate().map_while(|(row, value)| {
        if pace.is_over(n / 4) {
            return None;
        }
        let others = &values[(row + 1).saturating_sub(n)..row];
        let below = others.iter().map(|other| u64::from(other < value));
        Some(below.sum::<u64>())
    });
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window is far below 2^53 bars"
    )]
    counts.map(|count| count as f64).collect()
}

/// The same by a tree, of some windows at a time.
fn below_in_order(values: &[f64], n: usize) -> Vec<f64> {
    let mut result = Vec::with_capacity(values.len());
    let mut pace = Pace::default();
    while result.len() < values.len() {
        let first = result.len();
        let start = (first + 1).saturating_sub(n);
        let end = values.len().min(first + 4 * n);
        // A NaN is compared with nothing: its windows have no rank.
        let plain = |value: &f64| if value.is_nan() { 0.0 } else { *value };
        let block: Vec<f64> = values[start..end].iter().map(plain).collect();
        let order = Order::new(&block);
        let mut tree = Tree::new(block.len(), 0_usize);
        for (row, place) in order.places.iter().enumerate() {
            if pace.is_over(usize::BITS as usize) {
                return result;
            }
            if let Some(before) = row.checked_sub(n) {
                tree.take(order.places[before], 1);
            }
            if start + row >= first {
                result.push(float(tree.before(*place)));
            }
            tree.add(*place, 1);
        }
    }
    result
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
        ..OF_WINDOW
    },
    Definition {
        name: "volatility_rank",
        parameters: &[("lookback", Kind::Whole(2)), ("atr_window", Kind::Whole(1))],
        needs: &[Need::High, Need::Low, Need::Close],
        warmup: |of| of.whole(0) + of.whole(1),
        compute: |of, inputs| {
            let [high, low, close] = inputs.columns();
            let feature = atr(high, low, close, of.whole(1));
            vec![percentile_rank(&feature, of.whole(0))]
        },
        ..OF_WINDOW
    },
];

#[cfg(test)]
mod tests {
    use super::super::exact::tests::widths_agree;
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

    #[test]
    fn both_ways_count_the_same() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i * i % 101)).collect();
        for n in [2, 7, 300] {
            assert_eq!(
                below_in_order(&values, n),
                below_one_by_one(&values, n),
                "{n}"
            );
        }
    }

    #[test]
    fn a_tree_divides_as_a_sorted_window_does() {
        let values: Vec<f64> = (0..600_u32).map(|i| f64::from(i * i % 101)).collect();
        let sums: Vec<i64> = (0..600_i64).map(|i| i * i % 101).collect();
        let read = |group: Group<i64>| to_double(i128::from(group.sum));
        for n in [2, 20, 150] {
            let clusters = Clusters { n, k: 3 };
            let mut found = [0, 1].map(|_| vec![f64::NAN; 601 - n]);
            let [long, short] = &mut found;
            clusters.label_by(Long::new(&values, &sums), &values, 0, read, long);
            clusters.label_by(Short::new(&values, &sums), &values, 0, read, short);
            assert_eq!(found[0], found[1], "{n}");
        }
    }

    #[test]
    fn all_widths_give_the_same_labels() {
        let values: Vec<f64> = (0..900_u32)
            .map(|i| (1000.0 + f64::from(i * i % 101)).ln())
            .collect();
        for n in [2, 20, 300] {
            widths_agree([&values[..]], n, &Clusters { n, k: 3 });
        }
    }
}
