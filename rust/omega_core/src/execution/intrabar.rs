//! What happened first inside a bar (I1 to I3), for a long position; a short one sees the bar
//! mirrored (`Ohlc::facing`).

use std::cmp::Ordering;

use super::{Live, Trigger};
use crate::types::{Bar, Direction, Ohlc};

/// Which exit is taken where neither is certain to come first (I2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IntrabarPolicy {
    /// The outcome that is worse for the trader.
    #[default]
    Pessimistic,
    /// The outcome that is better for the trader.
    Optimistic,
    /// A rising bar goes open, low, high, close; a falling one open, high, low, close.
    OhlcPath,
    /// The extreme nearer to the open comes first.
    Nearest,
}

/// What became of a position within a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its stop loss filled.
    Stop,
    /// Its take profit filled.
    Target,
    /// Neither; it is still open.
    Open,
}

/// The outcome chosen, and the range that the bar allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// What the policy chose.
    pub chosen: Outcome,
    /// The possible outcome that is worst for the trader.
    pub worst: Outcome,
    /// The possible outcome that is best for the trader.
    pub best: Outcome,
}

impl Resolution {
    /// Whether the bar left more than one outcome.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.worst != self.best
    }
}

/// Which extreme of a bar the policy takes to come first, judged on the middle of bid and ask;
/// `None` where the policy has no path, and on a tie, which falls to the pessimistic reading.
#[must_use]
pub fn low_comes_first(policy: IntrabarPolicy, bar: &Bar) -> Option<bool> {
    // Sums in place of middles, since halving changes no comparison. One path for longs and shorts
    // (I2.2): where the spread changes, one side may rise while the other falls.
    let open = bar.bid.open + bar.ask.open;
    let (nearer_low, nearer_high) = match policy {
        IntrabarPolicy::Pessimistic | IntrabarPolicy::Optimistic => return None,
        // A bar that closes above its open goes to its low first.
        IntrabarPolicy::OhlcPath => (open, bar.bid.close + bar.ask.close),
        IntrabarPolicy::Nearest => (
            open - (bar.bid.low + bar.ask.low),
            bar.bid.high + bar.ask.high - open,
        ),
    };
    match nearer_low.partial_cmp(&nearer_high) {
        Some(Ordering::Less) => Some(true),
        Some(Ordering::Greater) => Some(false),
        _ => None,
    }
}

/// The path's first extreme as a position of this direction faces it.
#[must_use]
pub fn facing_path(low_first: Option<bool>, direction: Direction) -> Option<bool> {
    match direction {
        Direction::Long => low_first,
        // Once negated, the bar's high is its low.
        Direction::Short => low_first.map(|first| !first),
    }
}

/// Decides between stop, target and neither for a position that the open left alone; bar and exits
/// as the position faces them.
///
/// An exit is possible where the bar reached its level, and certain where the level lies on every
/// path: its extreme follows the entry, or the close is beyond it (I1).
#[must_use]
pub fn resolve(
    policy: IntrabarPolicy,
    low_first: Option<bool>,
    bar: &Ohlc,
    exits: &Trigger,
    live: Live,
) -> Resolution {
    let stop_possible = exits.is_below(bar.low);
    let stop_certain = exits.is_below(bar.close) || (live.low_follows() && stop_possible);
    let target_possible = exits.is_above(bar.high);
    let target_certain = exits.is_above(bar.close) || (live.high_follows() && target_possible);
    // The worst takes the target only where no path avoids it, the best the stop likewise (I2.1).
    let worst = match (stop_possible, target_certain) {
        (true, _) => Outcome::Stop,
        (false, true) => Outcome::Target,
        (false, false) => Outcome::Open,
    };
    let best = match (target_possible, stop_certain) {
        (true, _) => Outcome::Target,
        (false, true) => Outcome::Stop,
        (false, false) => Outcome::Open,
    };
    let chosen = match (policy, low_first) {
        (IntrabarPolicy::Optimistic, _) => best,
        (IntrabarPolicy::OhlcPath | IntrabarPolicy::Nearest, Some(low_first)) => {
            follow_path(low_first, bar, exits, live)
        }
        // Without a path, or with none that is nearer, the worst is taken.
        (IntrabarPolicy::OhlcPath | IntrabarPolicy::Nearest, None)
        | (IntrabarPolicy::Pessimistic, _) => worst,
    };
    Resolution {
        chosen,
        worst,
        best,
    }
}

/// Follows the path's three legs from the one on which the position was filled.
fn follow_path(low_first: bool, bar: &Ohlc, exits: &Trigger, live: Live) -> Outcome {
    let points = if low_first {
        [bar.low, bar.high, bar.close]
    } else {
        [bar.high, bar.low, bar.close]
    };
    // The leg of the fill counts by its end, which the price reaches after the fill; what lies
    // before is not the position's (I2.2).
    for &point in &points[live.leg(low_first)..] {
        if exits.is_below(point) {
            return Outcome::Stop;
        }
        if exits.is_above(point) {
            return Outcome::Target;
        }
    }
    Outcome::Open
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAR: Ohlc = Ohlc {
        open: 100.0,
        high: 111.0,
        low: 94.0,
        close: 105.0,
    };

    fn exits(stop: Option<f64>, target: Option<f64>) -> Trigger {
        Trigger::of_exits(Direction::Long, stop, target)
    }

    fn both(policy: IntrabarPolicy, low_first: Option<bool>, live: Live) -> Resolution {
        resolve(
            policy,
            low_first,
            &BAR,
            &exits(Some(95.0), Some(110.0)),
            live,
        )
    }

    #[test]
    fn policies_without_a_path_have_no_first_extreme() {
        let bar = Bar {
            time: 0,
            bid: BAR,
            ask: BAR,
        };
        assert_eq!(low_comes_first(IntrabarPolicy::Pessimistic, &bar), None);
        assert_eq!(low_comes_first(IntrabarPolicy::OhlcPath, &bar), Some(true));
        assert_eq!(low_comes_first(IntrabarPolicy::Nearest, &bar), Some(true));
    }

    #[test]
    fn both_exits_inside_are_decided_by_the_policy() {
        let pessimistic = both(IntrabarPolicy::Pessimistic, None, Live::FromOpen);
        assert_eq!(pessimistic.chosen, Outcome::Stop);
        assert!(pessimistic.is_ambiguous());
        let optimistic = both(IntrabarPolicy::Optimistic, None, Live::FromOpen);
        assert_eq!(optimistic.chosen, Outcome::Target);
        let high_first = both(IntrabarPolicy::OhlcPath, Some(false), Live::FromOpen);
        assert_eq!(high_first.chosen, Outcome::Target);
    }

    #[test]
    fn a_limit_entry_is_stopped_for_certain_and_its_target_is_not() {
        let stop_only = resolve(
            IntrabarPolicy::Optimistic,
            None,
            &BAR,
            &exits(Some(95.0), None),
            Live::FromLimit,
        );
        assert_eq!(
            (stop_only.chosen, stop_only.is_ambiguous()),
            (Outcome::Stop, false)
        );
        let target_only = resolve(
            IntrabarPolicy::Pessimistic,
            None,
            &BAR,
            &exits(None, Some(110.0)),
            Live::FromLimit,
        );
        assert_eq!(
            (target_only.chosen, target_only.best),
            (Outcome::Open, Outcome::Target)
        );
        let close_beyond = resolve(
            IntrabarPolicy::Pessimistic,
            None,
            &BAR,
            &exits(None, Some(104.0)),
            Live::FromLimit,
        );
        assert_eq!(
            (close_beyond.chosen, close_beyond.is_ambiguous()),
            (Outcome::Target, false)
        );
    }

    #[test]
    fn a_stop_entry_reaches_its_target_for_certain() {
        let target = resolve(
            IntrabarPolicy::Pessimistic,
            None,
            &BAR,
            &exits(None, Some(110.0)),
            Live::FromStop,
        );
        assert_eq!(
            (target.chosen, target.is_ambiguous()),
            (Outcome::Target, false)
        );
        let low_first = both(IntrabarPolicy::OhlcPath, Some(true), Live::FromStop);
        assert_eq!(low_first.chosen, Outcome::Target);
    }
}
