//! Places in a list: a few stored inline, more on the heap.

use std::ops::Deref;

/// So many are stored inline.
const HERE: usize = 5;

/// Some places, in order.
// Of thousands of symbols most have a position or two: one step of a run reads the places of each
// several times, and a list elsewhere would be another wait for memory each time.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    count: u32,
    here: [u32; HERE],
    /// All of them, where there are more.
    more: Vec<u32>,
}

impl Places {
    /// Adds one at the end.
    pub(super) fn push(&mut self, place: u32) {
        let count = self.count as usize;
        if let Some(free) = self.here.get_mut(count) {
            *free = place;
        } else {
            if count == HERE {
                self.more.extend(self.here);
            }
            self.more.push(place);
        }
        self.count += 1;
    }

    /// Takes all out.
    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.more.clear();
    }
}

impl Deref for Places {
    type Target = [u32];

    #[inline]
    fn deref(&self) -> &[u32] {
        self.here.get(..self.count as usize).unwrap_or(&self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_and_many_come_back_in_their_order_and_clear_begins_anew() {
        let mut places = Places::default();
        for round in 0..2 {
            for count in 0..20 {
                let expected: Vec<u32> = (0..count).map(|place| place + round).collect();
                assert_eq!(&*places, expected);
                places.push(count + round);
            }
            places.clear();
            assert!(places.is_empty());
        }
    }
}
