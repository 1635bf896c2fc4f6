//! Rebalancing: positions are brought to targets, what reduces first, then what increases, under
//! one common factor where the money does not suffice (W2 to W9).
//!
//! In: targets, prices and an account. Out: how much of each symbol is traded. The simulator turns
//! that into orders and fills.

mod factor;
mod targets;

use std::sync::Arc;

use crate::types::SymbolId;

pub use factor::{Needs, factor};
pub use targets::{Holding, PlannedTrade, Quote, cut_to_turnover, plan_trade};

/// A request to bring positions to targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebalance {
    /// At most one for each symbol counts: the last.
    pub targets: Vec<Target>,
    /// What happens to symbols that have none.
    pub missing: Missing,
    /// How sizes follow from targets.
    pub rules: Arc<RebalanceRules>,
    /// What of it is traded.
    pub phases: Phases,
}

/// What of a rebalance is traded: all of it, but where a robustness test holds something back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phases {
    /// Whether what reduces is left out.
    pub no_reductions: bool,
    /// Whether what increases is.
    pub no_increases: bool,
    /// Symbols of which nothing increases.
    pub lost: Vec<SymbolId>,
}

impl Phases {
    /// Whether a phase is traded at all.
    #[must_use]
    pub fn has(&self, reduces: bool) -> bool {
        !(if reduces {
            self.no_reductions
        } else {
            self.no_increases
        })
    }
}

/// What is to be held of a symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The symbol.
    pub symbol: SymbolId,
    /// How much of it.
    pub size: TargetSize,
}

/// How much is to be held; below 0 it is short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TargetSize {
    /// A share of the equity.
    Weight(f64),
    /// Worth so much, in account currency.
    Value(f64),
    /// So many units; a lot has `contract_size` of them.
    Units(f64),
    /// What there is.
    Keep,
}

/// What happens to positions in symbols without a target (W3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Missing {
    /// Their weight is 0.
    #[default]
    Sell,
    /// They are left alone, but for those that have left the universe (U1).
    Hold,
    /// They are not asked about at all.
    Untouched,
}

/// At which prices targets become sizes (W2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SizeAt {
    /// The last closes, which the decision knew.
    #[default]
    Decision,
    /// The prices that the orders fill at.
    Fill,
}

/// How sizes follow from targets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RebalanceRules {
    /// At which prices.
    pub size_at: SizeAt,
    /// The least trade: money, or below 1 a share of the equity (W5).
    pub min_trade: f64,
    /// The least distance from the weight that is traded (W5).
    pub band: f64,
    /// The most that is traded, as a share of the equity (W9).
    pub max_turnover: Option<f64>,
    /// The share of the equity that is not spent (W7).
    pub cash_buffer: f64,
}

/// What became of a target (W12).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightRow {
    /// Time of the step at which it was acted on.
    pub time: i64,
    /// The symbol.
    pub symbol: SymbolId,
    /// The weight that was asked for; none where the symbol was left alone.
    pub target: Option<f64>,
    /// The weight at the close after it.
    pub realised: f64,
    /// Why it is not the target; none where it was traded to it.
    pub reason: Option<&'static str>,
}
