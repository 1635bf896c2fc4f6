//! Interrupts of what takes long: whoever waits for a result may stop its making.
//!
//! A computation checks now and then whether to stop, by a [`Pace`], and then returns early with
//! whatever it has. Who started it under [`watched`] knows that it was stopped, and drops the
//! result. A thread that watches nothing is never stopped.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Between two looks for an interrupt, which has to be heard within 0.2 s; a look may take the
/// interpreter's lock.
pub const LOOK: Duration = Duration::from_millis(50);

/// Steps of some nanoseconds between two readings of the clock.
const STEPS: usize = 1 << 15;

/// What a thread watches.
struct Watch {
    look: Box<dyn FnMut() -> ControlFlow<()>>,
    looked: Instant,
    stopped: bool,
}

thread_local! {
    // Of the thread, and not handed down: whatever may take long would need one more parameter,
    // and so would all that calls it.
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Runs a computation that `look` may stop: it is called every 50 ms, on this thread.
///
/// What is watched outside of it is not looked at meanwhile, and is again afterwards.
pub fn watched<T>(
    look: impl FnMut() -> ControlFlow<()> + 'static,
    compute: impl FnOnce() -> T,
) -> T {
    let watch = Watch {
        look: Box::new(look),
        looked: Instant::now(),
        stopped: false,
    };
    let _outer = Outer(WATCH.replace(Some(watch)));
    compute()
}

/// What was watched before, which is watched again when it is dropped: also after a panic.
struct Outer(Option<Watch>);

impl Drop for Outer {
    fn drop(&mut self) {
        WATCH.set(self.0.take());
    }
}

/// Whether the computation should stop; from the first yes on always yes.
#[must_use]
pub fn is_requested() -> bool {
    // Taken out for the look, which may run anything: a signal handler of the user's own may begin
    // another computation on this thread.
    let Some(mut watch) = WATCH.take() else {
        return false;
    };
    if !watch.stopped && watch.looked.elapsed() >= LOOK {
        watch.stopped = (watch.look)().is_break();
        watch.looked = Instant::now();
    }
    let stopped = watch.stopped;
    WATCH.set(Some(watch));
    stopped
}

/// Counts the steps of a computation, and looks for an interrupt when there were many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    steps: usize,
}

impl Pace {
    /// Takes so many more steps, of some nanoseconds each; whether to stop.
    #[inline]
    pub fn is_over(&mut self, steps: usize) -> bool {
        self.steps += steps;
        if self.steps < STEPS {
            return false;
        }
        self.steps = 0;
        is_requested()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that a computation takes until it is stopped.
    fn steps_taken() -> usize {
        let mut pace = Pace::default();
        let began = Instant::now();
        (1..1_000_000_000)
            .find(|_| pace.is_over(1) || began.elapsed() > Duration::from_secs(20))
            .unwrap_or_default()
    }

    #[test]
    fn a_look_stops_what_it_watches_and_nothing_else() {
        let began = Instant::now();
        let outer = watched(
            || ControlFlow::Continue(()),
            || {
                let inner = watched(|| ControlFlow::Break(()), steps_taken);
                assert!(inner > STEPS / 2);
                std::thread::sleep(LOOK);
                is_requested()
            },
        );
        assert!(!outer, "the outer look went on");
        assert!(began.elapsed() < Duration::from_secs(10));
        assert!(!is_requested(), "nothing is watched");
    }

    #[test]
    fn a_look_may_compute_something_itself() {
        let look = || {
            assert!(!is_requested());
            watched(|| ControlFlow::Break(()), steps_taken);
            ControlFlow::Break(())
        };
        assert!(watched(look, steps_taken) > 0);
    }

    #[test]
    fn once_stopped_it_stays_stopped() {
        let mut looks = 0;
        let look = move || {
            looks += 1;
            assert_eq!(looks, 1);
            ControlFlow::Break(())
        };
        watched(look, || {
            std::thread::sleep(LOOK);
            assert!(is_requested() && is_requested());
        });
    }
}
