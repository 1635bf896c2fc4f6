//! How long callbacks take, without a clock around each of them.

use std::time::Duration;

/// Quick callbacks are timed once in so many calls: the clock would cost as much as they do.
const SAMPLED_EVERY: u32 = 64;

/// From here on the clock is cheap beside the callback, and every call is timed.
const SLOW: Duration = Duration::from_micros(2);

/// Adds up the time of callbacks: sampled while they are quick, all of them while they are slow.
#[derive(Debug, Default)]
pub(super) struct CallTimer {
    total: Duration,
    calls: u32,
    slow_calls: u32,
}

impl CallTimer {
    /// Whether the next call is to be timed.
    #[inline]
    pub(super) fn is_due(&mut self) -> bool {
        // Only the count modulo 64 matters, so that it may wrap in a long run.
        self.calls = self.calls.wrapping_add(1);
        self.slow_calls > 0 || self.calls.is_multiple_of(SAMPLED_EVERY)
    }

    /// Takes the time of a call. A slow one counts as itself, and so do the calls after it; a quick
    /// one that was a sample stands for those that were not timed.
    pub(super) fn add(&mut self, elapsed: Duration) {
        // Counted once: a garbage collection that a sample happens to hit would otherwise count 64
        // times.
        if elapsed > SLOW {
            self.slow_calls = SAMPLED_EVERY;
        }
        if self.slow_calls > 0 {
            self.slow_calls -= 1;
            self.total += elapsed;
        } else {
            self.total += elapsed * SAMPLED_EVERY;
        }
    }

    pub(super) fn total(&self) -> Duration {
        self.total
    }
}
