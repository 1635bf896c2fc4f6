//! Built-in position managers: what they do at the end of a bar works from the next one.

use super::{Distance, ExitReason, Position};

/// What a manager does to a position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Manager {
    /// Keeps the stop so far behind the most favourable price (I4).
    TrailingStop {
        /// How far.
        distance: Distance,
        /// How far in profit, in price, the trade was before the stop begins to move.
        trigger: Option<f64>,
    },
    /// Moves the stop to the entry price once the trade went far enough.
    BreakEven {
        /// How far, in price.
        trigger: f64,
        /// How far beyond the entry price the stop goes.
        offset: f64,
    },
    /// Closes the position when its time is over.
    TimeExit {
        /// After so many bars.
        bars: Option<usize>,
        /// After so much time, in the unit of the time column.
        duration: Option<i64>,
    },
    /// Closes a part of the position once the trade went far enough.
    PartialClose {
        /// How far, in price.
        trigger: f64,
        /// Which part.
        fraction: f64,
    },
}

/// What a manager requests besides moving the stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Request {
    /// Nothing.
    None,
    /// Close a fraction for this reason at the next bar.
    Close(f64, ExitReason),
}

impl Manager {
    /// Applies the manager, the `place`-th of the run, to a position at the end of a bar.
    pub(super) fn apply(
        self,
        place: usize,
        position: &mut Position,
        index: usize,
        time: i64,
    ) -> Request {
        let sign = position.direction.sign();
        let gone = position.best_price * sign - position.origin().price * sign;
        match self {
            Self::TrailingStop { distance, trigger } => {
                if trigger.is_none_or(|least| gone >= least) {
                    trail(position, distance);
                }
                Request::None
            }
            Self::BreakEven { trigger, offset } => {
                let entry = position.origin().price * sign;
                if gone >= trigger {
                    raise_stop(position, entry + offset, ExitReason::BreakEven);
                }
                Request::None
            }
            Self::TimeExit { bars, duration } => {
                let over = bars.is_some_and(|bars| index - position.origin().index >= bars)
                    || duration
                        .is_some_and(|most| time.saturating_sub(position.origin().time) >= most);
                // The close fills at the next bar only; without the mark, a second time exit of the
                // run would queue one more.
                if over && !position.closing {
                    position.closing = true;
                    Request::Close(1.0, ExitReason::Time)
                } else {
                    Request::None
                }
            }
            Self::PartialClose { trigger, fraction } => {
                // The best price never falls back, so that the trigger stays reached, and each
                // later bar would close a part again (I4.4).
                if gone >= trigger && !position.parts_closed.contains(&place) {
                    position.parts_closed.push(place);
                    Request::Close(fraction, ExitReason::Signal)
                } else {
                    Request::None
                }
            }
        }
    }
}

/// Keeps the stop of a position so far behind its most favourable price.
pub(super) fn trail(position: &mut Position, distance: Distance) {
    let best = position.best_price * position.direction.sign();
    let level = best - distance.from(best);
    raise_stop(position, level, ExitReason::TrailingStop);
}

/// Moves the stop to a level, facing the position, if that is an improvement.
fn raise_stop(position: &mut Position, level: f64, reason: ExitReason) {
    let sign = position.direction.sign();
    // Never back: each manager of the run proposes a level, and the nearest stop holds (I4.1,
    // I4.2).
    if position.stop_loss.is_none_or(|stop| level > stop * sign) {
        position.stop_loss = Some(level * sign);
        position.stop_reason = reason;
    }
}
