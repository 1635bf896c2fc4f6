//! The steps at which a strategy that skips steps has to be called.

use std::sync::Arc;

/// What becomes due with each step, 0 for nothing, and the next step that acts on something.
#[derive(Debug, Clone)]
pub struct Wakeups {
    due: Arc<[u8]>,
    next: usize,
}

impl Wakeups {
    /// One byte for each step: what has become known with it.
    #[must_use]
    pub fn new(due: Arc<[u8]>) -> Self {
        Self { due, next: 0 }
    }

    /// What is due at a step, which acts on the step before.
    #[inline]
    #[must_use]
    pub fn at(&self, step: usize) -> u8 {
        step.checked_sub(1).map_or(0, |before| self.due[before])
    }

    /// The first step from `step` on at which something is due.
    #[inline]
    pub fn next(&mut self, step: usize) -> usize {
        // The loop calls this on each step that is not skipped; mostly the answer is still ahead.
        if self.next < step {
            self.next = self.find(step);
        }
        self.next
    }

    fn find(&self, step: usize) -> usize {
        // Many at once first, without a branch for each byte.
        let before = self.skip::<8>(self.skip::<32>(step.saturating_sub(1)));
        let rest = self.due.get(before..).unwrap_or_default();
        let found = rest.iter().position(|&due| due != 0);
        found.map_or(usize::MAX, |ahead| before + ahead + 1)
    }

    /// Goes on from a place by blocks in which nothing is due.
    #[inline]
    fn skip<const STRIDE: usize>(&self, mut place: usize) -> usize {
        while self
            .due
            .get(place..place + STRIDE)
            .is_some_and(|due| due == [0; STRIDE])
        {
            place += STRIDE;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_is_found_from_every_place() {
        for length in [1, 31, 32, 33, 100] {
            for due_at in (0..length).step_by(7) {
                let due: Vec<u8> = (0..length).map(|bar| u8::from(bar == due_at)).collect();
                for step in 1..length + 2 {
                    let mut wakeups = Wakeups::new(due.clone().into());
                    let expected = if step <= due_at + 1 {
                        due_at + 1
                    } else {
                        usize::MAX
                    };
                    assert_eq!(wakeups.next(step), expected, "{length}, {due_at}, {step}");
                }
            }
        }
    }
}
