//! The rules of a run, as execution reads them.

use std::sync::Arc;

use super::costs::{Fees, Slippage, Swap};
use super::{Carry, Instrument, IntrabarPolicy, Limits, Manager, Schedule, Sizer, Stale};
use crate::types::{Days, SymbolId};

/// At which price market orders fill (L3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MarketFill {
    /// The open of the bar after the decision.
    #[default]
    NextOpen,
    /// The close of the bar of the decision.
    LastClose,
}

/// What opposite orders do to open positions (F7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PositionMode {
    /// Each entry is a position of its own.
    #[default]
    Hedging,
    /// Opposite orders reduce first, oldest first.
    Netting,
}

/// Which version of the rules a run follows (`docs/reference/rules.md`).
// Version 1 for one release, so that a number that moved can be explained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Semantics {
    /// The rules of the first release.
    One,
    /// The rules of this release.
    #[default]
    Two,
}

/// What an account may hold and how it pays (M11, M12).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AccountKind {
    /// Long and short, against margin; profits are converted when they are booked.
    #[default]
    Margin,
    /// Long only, paid in full: a purchase is converted when it is made.
    Cash,
}

/// The rules of the account (M7 to M12).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccountRules {
    /// What it may hold and how it pays.
    pub kind: AccountKind,
    /// Whether an entry needs free margin; not where the leverage is infinite.
    pub tests_margin: bool,
    /// Whether everything is closed where the equity reaches 0.
    pub stops_at_ruin: bool,
    /// Equity below this multiple of the margin held closes positions (M6).
    pub stop_out_level: Option<f64>,
}

impl Default for AccountRules {
    fn default() -> Self {
        Self {
            kind: AccountKind::default(),
            tests_margin: true,
            stops_at_ruin: true,
            stop_out_level: None,
        }
    }
}

/// How much of the volume of a bar a symbol may trade in one (W10).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Participation {
    /// The share.
    pub share: f64,
    /// Whether it is of the volume of the bar before, which is known at the open.
    pub lagged: bool,
    /// Whether what is left is a new order for the next bar; else it is cancelled.
    pub retries: bool,
}

/// What execution needs to know of one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct SymbolSettings {
    /// The instrument.
    pub instrument: Instrument,
    /// Its fees.
    pub fees: Fees,
    /// Its slippage.
    pub slippage: Slippage,
    /// Its financing.
    pub swap: Swap,
    /// Which day a bar of it belongs to (T4).
    pub days: Days,
    /// Open times of the bars that hold the end of a session, where the calendar has sessions
    /// (F16).
    pub session_ends: Option<Arc<[i64]>>,
}

/// The rules of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The version of the rules.
    pub semantics: Semantics,
    /// By `SymbolId`.
    pub symbols: Vec<SymbolSettings>,
    /// Which of two possible exits is taken.
    pub intrabar: IntrabarPolicy,
    /// Where market orders fill.
    pub market_fill: MarketFill,
    /// What opposite orders do.
    pub position_mode: PositionMode,
    /// Whether a limit fills at an open that is better than its price.
    pub limit_improvement: bool,
    /// Size of orders that name none.
    pub sizer: Sizer,
    /// When nothing may be opened.
    pub limits: Limits,
    /// What happens to open positions at the end of each bar, in this order.
    pub managers: Vec<Manager>,
    /// What may be held, and when the account closes it.
    pub account: AccountRules,
    /// Key of the random slippage.
    pub seed: u64,
    /// Whether a rejected order ends the run.
    pub strict: bool,
    /// When a symbol without a bar is given up; never, where there is none.
    pub stale: Option<Stale>,
    /// How much of the volume may be traded; all where there is no limit.
    pub participation: Option<Participation>,
    /// Corporate actions, where there are any.
    pub schedule: Option<Arc<Schedule>>,
    /// What holding costs, where it does.
    pub carry: Option<Arc<Carry>>,
    /// How many units of time make 24 hours, for sessions by the time of day.
    pub units_per_day: i64,
}

impl Settings {
    /// Whether cash earns or costs something by the day (C1).
    pub(super) fn has_interest(&self) -> bool {
        self.carry
            .as_ref()
            .is_some_and(|carry| carry.has_interest())
    }

    /// Whether any symbol has a swap (M4).
    pub(super) fn charges_swap(&self) -> bool {
        self.symbols.iter().any(|symbol| symbol.swap.is_charged())
    }

    /// The days of a symbol (T4).
    #[inline]
    #[must_use]
    pub fn days(&self, symbol: SymbolId) -> &Days {
        &self.symbols[symbol.index()].days
    }
}
