//! The actions of a strategy.

use super::{Distance, ExitReason, Expiry, Level, OrderType, Rebalance, ReduceOnly, Sizer};
use crate::types::{Direction, OrderId, SymbolId, TradeId};

/// A request for an order that opens a position, or only reduces what is open.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRequest {
    /// The symbol.
    pub symbol: SymbolId,
    /// Long or short.
    pub direction: Direction,
    /// What makes it fill.
    pub kind: OrderType,
    /// Its size; the run's sizer where none is given.
    pub size: Option<Sizer>,
    /// Stop loss of the position.
    pub stop_loss: Option<Level>,
    /// Take profit of the position.
    pub take_profit: Option<Level>,
    /// How long it works.
    pub expiry: Expiry,
    /// Name of its group, of which one fill cancels the rest.
    pub group: Option<String>,
    /// Distance of the position's trailing stop.
    pub trailing_stop: Option<Distance>,
    /// Trailing distance of a stop order, whose price then follows from the last close (F16).
    pub trail: Option<Distance>,
    /// Whether it only closes.
    pub reduce_only: ReduceOnly,
    /// Why the strategy opens it; kept with the trade.
    pub reason: Option<String>,
    /// Tags of the strategy; kept with the trade.
    pub tags: Vec<String>,
}

impl OpenRequest {
    /// A market order of the run's size, without protective exits.
    #[must_use]
    pub fn market(symbol: SymbolId, direction: Direction) -> Self {
        Self {
            symbol,
            direction,
            kind: OrderType::Market,
            size: None,
            stop_loss: None,
            take_profit: None,
            expiry: Expiry::GoodTillCancelled,
            group: None,
            trailing_stop: None,
            trail: None,
            reduce_only: ReduceOnly::No,
            reason: None,
            tags: Vec::new(),
        }
    }
}

/// Which positions a close is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseTarget {
    /// Every symbol that has something open when the action is submitted, one order each; where
    /// there is none, the first symbol, whose order is then refused.
    All,
    /// All positions of a symbol.
    Symbol(SymbolId),
    /// One position.
    Trade(TradeId),
}

/// A new value for a level, or the one it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LevelChange {
    /// Leave it.
    Keep,
    /// Replace it; `None` removes it.
    Set(Option<Level>),
}

/// What changes of an order that waits, or of the position that it opened (F13); of a position
/// its exits alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModifyRequest {
    /// The number that order and position share.
    pub trade: TradeId,
    /// The price of a limit or stop order.
    pub price: Option<f64>,
    /// The limit of a stop-limit order.
    pub limit_price: Option<f64>,
    /// The size in lots.
    pub lots: Option<f64>,
    /// The stop loss.
    pub stop_loss: LevelChange,
    /// The take profit.
    pub take_profit: LevelChange,
    /// How long the order works.
    pub expiry: Option<Expiry>,
}

impl ModifyRequest {
    /// New protective exits.
    #[must_use]
    pub fn exits(trade: TradeId, stop_loss: LevelChange, take_profit: LevelChange) -> Self {
        Self {
            trade,
            price: None,
            limit_price: None,
            lots: None,
            stop_loss,
            take_profit,
            expiry: None,
        }
    }

    /// Whether all that changes is something that a position has.
    pub(super) fn is_of_exits(&self) -> bool {
        *self == Self::exits(self.trade, self.stop_loss, self.take_profit)
    }
}

/// One action of a strategy; each takes one order number, in the order of submission.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Open a position.
    Open(OpenRequest),
    /// Close positions, or a fraction of them.
    Close {
        /// Which ones.
        target: CloseTarget,
        /// How much of each, above 0 and at most 1.
        fraction: f64,
        /// The exit reason of the trade: the strategy's signal, or time.
        reason: ExitReason,
    },
    /// Cancel a working order.
    Cancel(OrderId),
    /// Change an order that waits, or the protective exits of a position.
    Modify(ModifyRequest),
    /// Bring positions to targets, once all other actions of the step are done (W6).
    Rebalance(Rebalance),
}

impl Action {
    /// The fraction and the reason of a close of everything; none for any other action.
    #[inline]
    #[must_use]
    pub fn closes_all(&self) -> Option<(f64, ExitReason)> {
        match *self {
            Self::Close {
                target: CloseTarget::All,
                fraction,
                reason,
            } => Some((fraction, reason)),
            _ => None,
        }
    }

    /// Whether it brings positions to targets.
    #[inline]
    #[must_use]
    pub fn is_rebalance(&self) -> bool {
        matches!(self, Self::Rebalance(_))
    }

    /// Closes all positions of a symbol on the strategy's signal.
    #[must_use]
    pub fn close_all(symbol: SymbolId) -> Self {
        Self::Close {
            target: CloseTarget::Symbol(symbol),
            fraction: 1.0,
            reason: ExitReason::Signal,
        }
    }
}
