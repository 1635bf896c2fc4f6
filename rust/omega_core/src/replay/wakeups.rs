//! The steps at which a strategy that sleeps wants to be woken.

use std::sync::Arc;

/// What is asked for after each step, 0 for nothing, and the next step that has to act on it.
#[derive(Debug, Clone)]
pub struct Wakeups {
    asks: Arc<[u8]>,
    next: usize,
}

impl Wakeups {
    /// One byte for each step: what has become known with it.
    #[must_use]
    pub fn new(asks: Arc<[u8]>) -> Self {
        Self { asks, next: 0 }
    }

    /// What is asked for at a step, which acts on the step before.
    #[inline]
    #[must_use]
    pub fn at(&self, step: usize) -> u8 {
        step.checked_sub(1).map_or(0, |before| self.asks[before])
    }

    /// The first step from `step` on at which something is asked for.
    #[inline]
    pub fn next(&mut self, step: usize) -> usize {
        if self.next < step {
            self.next = self.find(step);
        }
        self.next
    }

    fn find(&self, step: usize) -> usize {
        const STRIDE: usize = 32;
        let mut before = step.saturating_sub(1);
        while let Some(block) = self.asks.get(before..before + STRIDE) {
            if block.iter().fold(0, |any, ask| any | ask) != 0 {
                break;
            }
            before += STRIDE;
        }
        let rest = self.asks.get(before..).unwrap_or_default();
        let found = rest.iter().position(|&ask| ask != 0);
        found.map_or(usize::MAX, |ahead| before + ahead + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_is_found_from_every_place() {
        for length in [1, 31, 32, 33, 100] {
            for asking in (0..length).step_by(7) {
                let asks: Vec<u8> = (0..length).map(|bar| u8::from(bar == asking)).collect();
                for step in 1..length + 2 {
                    let mut wakeups = Wakeups::new(asks.clone().into());
                    let expected = if step <= asking + 1 {
                        asking + 1
                    } else {
                        usize::MAX
                    };
                    assert_eq!(wakeups.next(step), expected, "{length}, {asking}, {step}");
                }
            }
        }
    }
}
