//! Orders and their states.

use super::restated::Restated;
use super::{Distance, Labels, Level, Position};
use crate::types::{Days, Direction, OrderId, SymbolId, TradeId};

/// What makes an order fill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OrderType {
    /// Fills at the open of the next bar (F1).
    Market,
    /// Fills at the price or better (F2).
    Limit(f64),
    /// Fills at the price or worse once it is reached (F3).
    Stop(f64),
    /// Reaching the stop arms a limit order (F4).
    StopLimit {
        /// The price that arms the limit.
        stop: f64,
        /// The price of the limit order.
        limit: f64,
    },
    /// The limit waits for a price on its better side, which arms it (F16).
    LimitIfTouched {
        /// The price that arms the limit.
        touch: f64,
        /// The price of the limit order.
        limit: f64,
    },
    /// Fills at the close of the first bar (F16).
    AtClose,
    /// A change of an order or a position that was refused; one that was accepted leaves no row.
    Modify,
    /// A cancellation that was refused; one that was accepted shows in the row of the cancelled
    /// order.
    Cancel,
}

impl OrderType {
    /// The name used in result tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit(_) => "limit",
            Self::Stop(_) => "stop",
            Self::StopLimit { .. } => "stop_limit",
            Self::LimitIfTouched { .. } => "limit_if_touched",
            Self::AtClose => "close",
            Self::Modify => "modify",
            Self::Cancel => "cancel",
        }
    }

    /// What waits once the price that arms it is reached: a stop-limit becomes its limit.
    #[must_use]
    pub fn armed(self) -> Self {
        match self {
            Self::StopLimit { limit, .. } | Self::LimitIfTouched { limit, .. } => {
                Self::Limit(limit)
            }
            Self::Market
            | Self::Limit(_)
            | Self::Stop(_)
            | Self::AtClose
            | Self::Modify
            | Self::Cancel => self,
        }
    }

    /// The same in the prices after a split or a roll (A1, R3).
    pub(super) fn restated(self, by: &Restated) -> Self {
        match self {
            Self::Limit(price) => Self::Limit(by.price(price)),
            Self::Stop(price) => Self::Stop(by.price(price)),
            Self::StopLimit { stop, limit } => Self::StopLimit {
                stop: by.price(stop),
                limit: by.price(limit),
            },
            Self::LimitIfTouched { touch, limit } => Self::LimitIfTouched {
                touch: by.price(touch),
                limit: by.price(limit),
            },
            Self::Market | Self::AtClose | Self::Modify | Self::Cancel => self,
        }
    }

    /// The order's price for result tables: of an order with two prices the one that arms it; none
    /// for a market order.
    #[must_use]
    pub fn price(self) -> Option<f64> {
        match self {
            Self::Market | Self::AtClose | Self::Modify | Self::Cancel => None,
            Self::Limit(price)
            | Self::Stop(price)
            | Self::StopLimit { stop: price, .. }
            | Self::LimitIfTouched { touch: price, .. } => Some(price),
        }
    }
}

/// Whether an order only closes positions of the other direction, and which (F14).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReduceOnly {
    /// It opens positions.
    #[default]
    No,
    /// It closes those of its symbol, oldest first.
    Any,
    /// It closes those that carry the last of its tags.
    Tagged,
    /// It closes those whose last tag is its own last one, as the strategies of an ensemble do.
    Owned,
}

/// How long an order works (F5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// Until filled or cancelled.
    GoodTillCancelled,
    /// Until the first bar whose open time is at or after this time.
    GoodTillTime(i64),
    /// Until the end of the day (T4) of the first bar that it works on.
    Day,
    /// At the open of its first bar only (F16).
    ImmediateOrCancel,
    /// The same, as a whole or not at all.
    FillOrKill,
}

impl Expiry {
    /// Whether it works at one open only.
    pub(super) fn is_immediate(self) -> bool {
        match self {
            Self::ImmediateOrCancel | Self::FillOrKill => true,
            Self::GoodTillCancelled | Self::GoodTillTime(_) | Self::Day => false,
        }
    }
}

/// Status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// Waiting to fill.
    Working,
    /// Filled in full.
    Filled,
    /// Cancelled by the strategy, by the fill of another order of its group, or by the engine for
    /// the reason that its row shows.
    Cancelled(Option<RejectReason>),
    /// Its time ran out.
    Expired,
    /// Refused, with the reason that its row shows (F12).
    Rejected(RejectReason),
}

impl OrderStatus {
    /// Why it was refused, or cancelled by the engine.
    #[must_use]
    pub fn reason(self) -> Option<RejectReason> {
        match self {
            Self::Rejected(reason) => Some(reason),
            Self::Cancelled(reason) => reason,
            Self::Working | Self::Filled | Self::Expired => None,
        }
    }

    /// The name used in result tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Filled => "filled",
            Self::Cancelled(_) => "cancelled",
            Self::Expired => "expired",
            Self::Rejected(_) => "rejected",
        }
    }
}

/// Why an order was refused (F12), or cancelled by the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// The size is below the smallest volume after rounding down, or not positive.
    Size,
    /// A price or level is not finite, a distance is not positive, or no price of the symbol is
    /// known yet (F12.1).
    Price,
    /// The symbol has not had the bars that the strategy needs of it (L2).
    NotReady,
    /// The stop loss is not on the losing side of the entry price.
    StopLossSide,
    /// The take profit is not on the winning side of the entry price.
    TakeProfitSide,
    /// The margin needed exceeds the free margin (M6).
    Margin,
    /// A sizer needs a stop loss and there is none.
    SizerNeedsStop,
    /// The position or order that it refers to is not there.
    NotFound,
    /// The order that it refers to has filled already.
    Filled,
    /// Nothing was left to reduce (F14).
    ReduceOnly,
    /// It did not fill at the open that it was for (F16).
    Ioc,
    /// The limit on open positions is reached.
    MaxPositions,
    /// A cool-down after an entry or exit is running.
    Cooldown,
    /// Outside the session windows.
    SessionClosed,
    /// Inside a blackout interval.
    Blackout,
    /// The account was ruined (M8).
    Ruin,
    /// The symbol has had no bar for many days of the others (F15).
    Stale,
    /// It would open a short position in a cash account (M12).
    Short,
    /// The symbol has traded its share of the volume (W10).
    Participation,
    /// The symbol cannot be borrowed for a short sale (C2).
    NoBorrow,
    /// The symbol is not in the universe (U1).
    NotMember,
    /// The symbol was delisted, or changed into another one (A6, A7).
    Delisted,
}

impl RejectReason {
    /// The text used in result tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Price => "price",
            Self::NotReady => "not_ready",
            Self::StopLossSide => "stop_loss_side",
            Self::TakeProfitSide => "take_profit_side",
            Self::Margin => "margin",
            Self::SizerNeedsStop => "sizer_needs_stop",
            Self::NotFound => "not_found",
            Self::Filled => "filled",
            Self::ReduceOnly => "reduce_only",
            Self::Ioc => "ioc",
            Self::MaxPositions => "max_positions",
            Self::Cooldown => "cooldown",
            Self::SessionClosed => "session_closed",
            Self::Blackout => "blackout",
            Self::Ruin => "ruin",
            Self::Stale => "stale",
            Self::Short => "short",
            Self::Participation => "participation",
            Self::NoBorrow => "no_borrow",
            Self::NotMember => "not_member",
            Self::Delisted => "delisted",
        }
    }
}

/// An order as the book keeps it, and as the orders table shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Its number, in the order of submission.
    pub id: OrderId,
    /// The symbol.
    pub symbol: SymbolId,
    /// Long buys, short sells; an order that closes a position has the opposite direction.
    pub direction: Direction,
    /// What makes it fill.
    pub kind: OrderType,
    /// Size in lots, after rounding down to the volume step.
    pub lots: f64,
    /// Stop loss of the position that it opens; a price once it has filled.
    pub stop_loss: Option<Level>,
    /// Take profit of the position that it opens; a price once it has filled.
    pub take_profit: Option<Level>,
    /// Open time of the bar at which it was accepted.
    pub submitted_time: i64,
    /// How long it works.
    pub expiry: Expiry,
    /// Its status.
    pub status: OrderStatus,
    /// Distance of the trailing stop of the position that it opens.
    pub trailing_stop: Option<Distance>,
    /// Whether its size may be made smaller at the fill, to what the account can carry (M3).
    pub scales: bool,
    /// Whether it was made smaller.
    pub is_scaled: bool,
    /// Whether it filled in part, since the symbol had traded its share of the volume (W10).
    pub is_cut: bool,
    /// How far a stop order follows the best price for it (F16).
    pub trail: Option<Distance>,
    /// Whether it only closes.
    pub reduce_only: ReduceOnly,
    /// Group, reason and tags, carried to the trade.
    pub labels: Labels,
}

impl Order {
    /// The same in the lots and prices after a split or a roll (A1, R3).
    pub(super) fn restate(&mut self, by: &Restated) {
        self.lots = by.lots(self.lots);
        self.kind = self.kind.restated(by);
        self.stop_loss = self.stop_loss.map(|level| level.restated(by));
        self.take_profit = self.take_profit.map(|level| level.restated(by));
        self.trailing_stop = self.trailing_stop.map(|away| away.restated(by));
        self.trail = self.trail.map(|away| away.restated(by));
    }

    /// Stop loss and take profit for an entry at a price.
    #[inline]
    pub(super) fn levels(&self, entry: f64) -> [Option<f64>; 2] {
        let sign = self.direction.sign();
        [
            self.stop_loss.map(|level| level.from(entry, -sign)),
            self.take_profit.map(|level| level.from(entry, sign)),
        ]
    }

    /// Whether it may close a position: one of its symbol and of the other direction (F7, F14).
    #[inline]
    pub(super) fn may_close(&self, position: &Position) -> bool {
        let is_opposite =
            position.symbol == self.symbol && position.direction == self.direction.opposite();
        is_opposite
            && match self.reduce_only {
                ReduceOnly::No | ReduceOnly::Any => true,
                ReduceOnly::Tagged => {
                    let tag = self.labels.tags().last();
                    tag.is_some_and(|tag| position.labels.tags().contains(tag))
                }
                ReduceOnly::Owned => {
                    let tag = self.labels.tags().last();
                    tag.is_some() && position.labels.tags().last() == tag
                }
            }
    }

    /// Whether its time ran out before a bar that opens at this time (F5).
    #[inline]
    #[must_use]
    pub fn is_over(&self, time: i64, days: &Days) -> bool {
        match self.expiry {
            Expiry::GoodTillCancelled | Expiry::ImmediateOrCancel | Expiry::FillOrKill => false,
            Expiry::GoodTillTime(end) => time >= end,
            Expiry::Day => {
                // By calendar day: a duration would let an order that was accepted at noon work
                // until the next noon (F5.1).
                days.of(self.submitted_time) < days.of(time)
            }
        }
    }
}

#[cfg(test)]
impl Order {
    /// One that waits.
    pub(super) fn stop_limit(id: OrderId, symbol: u32, group: Option<&str>) -> Self {
        Self {
            id,
            symbol: SymbolId(symbol),
            direction: Direction::Long,
            kind: OrderType::StopLimit {
                stop: 105.0,
                limit: 104.0,
            },
            lots: 1.0,
            stop_loss: None,
            take_profit: None,
            submitted_time: 0,
            expiry: Expiry::GoodTillTime(60),
            status: OrderStatus::Working,
            trailing_stop: None,
            scales: false,
            is_scaled: false,
            is_cut: false,
            trail: None,
            reduce_only: ReduceOnly::No,
            labels: Labels::new(group.map(str::to_owned), None, Vec::new()),
        }
    }
}

/// One execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Fill {
    /// The order that filled; for a protective exit the order that opened the position.
    pub order: OrderId,
    /// The trade that it opened, changed or closed.
    pub trade: TradeId,
    /// The symbol.
    pub symbol: SymbolId,
    /// Long for a buy, short for a sell.
    pub direction: Direction,
    /// Open time of the bar.
    pub time: i64,
    /// Index of the bar.
    pub index: usize,
    /// Price, slippage included.
    pub price: f64,
    /// Size in lots.
    pub lots: f64,
    /// Fee in account currency, at least 0.
    pub fee: f64,
    /// Distance between the price and the price without slippage, at least 0, in quote currency.
    pub slippage: f64,
    /// Account currency per unit of quote currency at the bar.
    pub rate: f64,
    /// Whether it closed a position, or a part of one; the next of the closed trades is then its
    /// trade.
    pub closes: bool,
}

/// Why a position, or a part of one, was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// Its stop loss.
    StopLoss,
    /// Its take profit.
    TakeProfit,
    /// Its stop loss, after a trailing stop had moved it.
    TrailingStop,
    /// Its stop loss, after a break-even manager had moved it.
    BreakEven,
    /// The strategy.
    Signal,
    /// Its time ran out.
    Time,
    /// The data ended (L4).
    EndOfData,
    /// The margin was used up (M6).
    StopOut,
    /// The equity was used up (M8).
    Ruin,
    /// The symbol had no bar for many days of the others (F15).
    Stale,
    /// The symbol was delisted (A7).
    Delisted,
    /// A split left less than a volume step, which was paid in cash (A1).
    SplitCash,
    /// The window of its strategy ended (WF4).
    Window,
    /// Its contract was rolled into the next one (R3).
    Roll,
}

impl ExitReason {
    /// The name used in result tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::TrailingStop => "trailing_stop",
            Self::BreakEven => "break_even",
            Self::Signal => "signal",
            Self::Time => "time",
            Self::EndOfData => "end_of_data",
            Self::StopOut => "stop_out",
            Self::Ruin => "ruin",
            Self::Stale => "stale",
            Self::Delisted => "delisted",
            Self::SplitCash => "split_cash",
            Self::Window => "window",
            Self::Roll => "roll",
        }
    }
}
