//! A list in the order of joining, from whose head items leave at no cost.

use std::ops::{Deref, DerefMut};

/// Items in the order in which they joined; it reads as a slice.
// All positions of a run that ends are closed from the first on, and so are those of a close of a
// symbol: of a `Vec`, each would move all others.
#[derive(Debug)]
pub(super) struct Roster<T> {
    items: Vec<T>,
    /// How many items at the head have left.
    left: usize,
}

impl<T> Roster<T> {
    pub(super) fn new() -> Self {
        Self {
            items: Vec::new(),
            left: 0,
        }
    }

    pub(super) fn push(&mut self, item: T) {
        self.items.push(item);
    }

    /// Takes an item out; the others keep their order. It moves those before it, or those behind
    /// it, whichever are fewer.
    pub(super) fn remove(&mut self, index: usize) {
        if index + 1 == self.len() {
            // The last one, mostly the only one: dropped where it lies.
            self.items.truncate(self.left + index);
        } else if index >= self.len() / 2 {
            self.items.remove(self.left + index);
        } else {
            self.items[self.left..=self.left + index].rotate_right(1);
            self.left += 1;
        }
        if self.left > 0 && 2 * self.left >= self.items.len() {
            self.items.drain(..self.left);
            self.left = 0;
        }
    }

    /// Keeps some items, in their order.
    pub(super) fn retain(&mut self, is_kept: impl FnMut(&T) -> bool) {
        self.items.drain(..self.left);
        self.left = 0;
        self.items.retain(is_kept);
    }

    pub(super) fn into_vec(mut self) -> Vec<T> {
        self.items.drain(..self.left);
        self.items
    }
}

impl<T> Deref for Roster<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.items[self.left..]
    }
}

impl<T> DerefMut for Roster<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items[self.left..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_leaves_the_others_keep_their_order() {
        for leaving in 0..4 {
            let (mut roster, mut list) = (Roster::new(), Vec::new());
            for joining in 0..50 {
                roster.push(joining);
                list.push(joining);
                if joining % 3 > 0 {
                    let index = leaving * (list.len() - 1) / 3;
                    roster.remove(index);
                    list.remove(index);
                }
                assert_eq!(*roster, *list, "{leaving}");
            }
            assert_eq!(roster.into_vec(), list);
        }
    }

    #[test]
    fn the_first_of_many_leave_at_no_cost() {
        let mut roster = Roster::new();
        (0..1_000_000).for_each(|joining| roster.push([joining; 16]));
        let began = std::time::Instant::now();
        for first in 0..1_000_000 {
            assert_eq!(roster[0][0], first);
            roster.remove(0);
        }
        assert!(roster.is_empty());
        assert!(
            began.elapsed().as_secs() < 20,
            "it takes hours where all move"
        );
    }
}
