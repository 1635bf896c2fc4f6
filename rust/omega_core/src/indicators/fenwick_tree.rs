//! Values in order, and sums over those up to a place, each in as many steps as the number of
//! values has bits (Fenwick 1994).

use std::ops::{Add, Sub};

/// The places of values among them in order; equal ones have the same.
pub(super) struct Order<T> {
    pub(super) sorted: Vec<T>,
    pub(super) places: Vec<usize>,
}

impl<T: Copy + PartialOrd> Order<T> {
    /// Of values that can all be compared.
    pub(super) fn new(values: &[T]) -> Self {
        let mut rows: Vec<usize> = (0..values.len()).collect();
        rows.sort_unstable_by(|a, b| {
            let order = values[*a].partial_cmp(&values[*b]);
            order.unwrap_or(std::cmp::Ordering::Equal)
        });
        let sorted: Vec<T> = rows.iter().map(|row| values[*row]).collect();
        let mut places = vec![0; values.len()];
        let mut first = 0;
        for (place, row) in rows.iter().enumerate() {
            if sorted[place] > sorted[first] {
                first = place;
            }
            places[*row] = first;
        }
        Self { sorted, places }
    }
}

/// How many values, and their sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group<T> {
    pub(super) count: usize,
    pub(super) sum: T,
}

impl<T> Group<T> {
    pub(super) fn none(nothing: T) -> Self {
        Self {
            count: 0,
            sum: nothing,
        }
    }

    pub(super) fn one(value: T) -> Self {
        Self {
            count: 1,
            sum: value,
        }
    }
}

impl<T: Add<Output = T>> Add for Group<T> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
        }
    }
}

impl<T: Sub<Output = T>> Sub for Group<T> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            count: self.count - other.count,
            sum: self.sum - other.sum,
        }
    }
}

/// What stands at each place, in sums over ranges that double in length.
pub(super) struct Tree<T> {
    sums: Vec<T>,
    nothing: T,
}

impl<T: Copy + Add<Output = T> + Sub<Output = T>> Tree<T> {
    /// With nothing at any of so many places.
    pub(super) fn new(places: usize, nothing: T) -> Self {
        Self {
            sums: vec![nothing; places],
            nothing,
        }
    }

    pub(super) fn add(&mut self, place: usize, value: T) {
        let mut place = place;
        while let Some(sum) = self.sums.get_mut(place) {
            *sum = *sum + value;
            place |= place + 1;
        }
    }

    pub(super) fn take(&mut self, place: usize, value: T) {
        let mut place = place;
        while let Some(sum) = self.sums.get_mut(place) {
            *sum = *sum - value;
            place |= place + 1;
        }
    }

    /// The sum of what stands before a place.
    pub(super) fn before(&self, place: usize) -> T {
        let (mut place, mut sum) = (place, self.nothing);
        while place > 0 {
            sum = sum + self.sums[place - 1];
            place &= place - 1;
        }
        sum
    }

    /// The first place up to which `belongs` holds no longer, given a place and the sum up to it
    /// and with it: it holds up to some place and for none behind. And the sum of what stands
    /// before that place.
    pub(super) fn while_holds(&self, belongs: impl Fn(usize, T) -> bool) -> (usize, T) {
        let (mut place, mut sum) = (0, self.nothing);
        let mut step = self.sums.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            let next = place + step;
            if let Some(more) = self.sums.get(next - 1)
                && belongs(next - 1, sum + *more)
            {
                (place, sum) = (next, sum + *more);
            }
            step >>= 1;
        }
        (place, sum)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn sums_are_those_of_what_stands_before() {
        let values = [3_i64, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
        let order = Order::new(&values);
        assert_eq!(order.sorted, [1, 1, 2, 3, 3, 4, 5, 5, 5, 6, 9]);
        assert_eq!(order.places, [3, 0, 5, 0, 6, 10, 2, 9, 6, 3, 6]);
        let mut tree = Tree::new(values.len(), 0);
        for (place, value) in order.places.iter().zip(values) {
            tree.add(*place, value);
        }
        tree.take(order.places[5], 9);
        for limit in 0..=values.len() {
            let below = order.places.iter().zip(values);
            let below = below.filter(|(place, value)| **place < limit && *value != 9);
            assert_eq!(
                tree.before(limit),
                below.map(|(_, value)| value).sum::<i64>()
            );
            let (place, sum) = tree.while_holds(|place, _| place < limit);
            assert_eq!((place, sum), (limit, tree.before(limit)));
        }
        assert_eq!(tree.while_holds(|_, sum| sum < 9).1, 4);
    }
    thread_local! {
        static ADDED: Cell<usize> = const { Cell::new(0) };
    }

    /// Nothing but a count of how often it is added or subtracted.
    #[derive(Clone, Copy)]
    struct Counting;

    fn counted() -> Counting {
        ADDED.set(ADDED.get() + 1);
        Counting
    }

    impl Add for Counting {
        type Output = Self;

        fn add(self, _: Self) -> Self {
            counted()
        }
    }

    impl Sub for Counting {
        type Output = Self;

        fn sub(self, _: Self) -> Self {
            counted()
        }
    }

    #[test]
    fn a_bar_takes_as_many_steps_as_the_number_of_places_has_bits() {
        for places in [100_usize, 10_000, 1_000_000] {
            let bits = places.ilog2() as usize + 1;
            let mut tree = Tree::new(places, Counting);
            for place in [0, 1, places / 3, places / 2, places - 1] {
                ADDED.set(0);
                tree.add(place, Counting);
                tree.take(place, Counting);
                tree.before(place);
                tree.while_holds(|other, _| other < place);
                assert!((1..=4 * bits).contains(&ADDED.get()), "{places} {place}");
            }
        }
    }
}
