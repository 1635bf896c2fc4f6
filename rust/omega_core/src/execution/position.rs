//! An open position, with everything that matching and marking need of it.

use super::restated::Restated;
use super::{AccountStop, Distance, ExitReason, Labels, Live, Semantics, Trigger};
use crate::types::{Direction, OrderId, SymbolId, TradeId};

/// An open position and the protective exits that belong to it (F6).
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Its number: that of the order that opened it (F13).
    pub id: TradeId,
    /// How many positions the run had opened before it.
    pub entry: u32,
    /// The order that opened it.
    pub order: OrderId,
    /// The symbol.
    pub symbol: SymbolId,
    /// Long or short.
    pub direction: Direction,
    /// Lots still open.
    pub lots: f64,
    /// Units in one lot.
    pub contract_size: f64,
    /// Bar of the entry.
    pub entry_index: usize,
    /// Open time of that bar.
    pub entry_time: i64,
    /// Price of the entry, slippage included.
    pub entry_price: f64,
    /// Entry fee of the lots still open, in account currency.
    pub entry_fee: f64,
    /// Financing booked so far for the lots still open.
    pub swap: f64,
    /// Stop loss now.
    pub stop_loss: Option<f64>,
    /// Exit reason of the stop loss, which a manager may have moved.
    pub stop_reason: ExitReason,
    /// Take profit now.
    pub take_profit: Option<f64>,
    /// Stop loss at the entry, for the R-multiple.
    pub initial_stop: Option<f64>,
    /// From when on it is live within the bar at hand: its entry bar, or a later one.
    pub live: Live,
    /// Most favourable price on the exit side since the entry.
    pub best_price: f64,
    /// Most adverse price on the exit side since the entry.
    pub worst_price: f64,
    /// The price of the last mark; that of the entry until the first.
    pub marked_price: f64,
    /// Open profit at the last mark, in account currency; 0 until the first.
    pub marked_profit: f64,
    /// What the lots still open were worth at the last mark, in account currency, at least 0; at
    /// the fill until the first. The margin held is a share of it (M6, M7).
    pub value: f64,
    /// The rate at which a cash account paid for it (M11).
    pub entry_rate: Option<f64>,
    /// Where the account closes it within the bar at hand (M9).
    pub account_stop: Option<AccountStop>,
    /// How many of its exits have filled: the leg of the next one, which keys its slippage (M4).
    pub exit_legs: u32,
    /// Distance of its own trailing stop.
    pub trailing_stop: Option<Distance>,
    /// Whether a manager has already requested its close.
    pub closing: bool,
    /// The managers, by place, that already closed a part of it.
    pub parts_closed: Vec<usize>,
    /// Worst and best net profit of the outcomes that a policy did not choose so far (I3).
    pub alternative_pnl: Option<(f64, f64)>,
    /// Where it was entered first, once it has been rolled (R3).
    pub origin: Option<Origin>,
    /// Group, reason and tags of its order.
    pub labels: Labels,
}

/// Where a position was entered that has been rolled since, for managers that count from there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Origin {
    /// The bar.
    pub index: usize,
    /// Its open time.
    pub time: i64,
    /// The price, in those of the contract that is held.
    pub price: f64,
}

impl Position {
    /// Profit of lots at a price (M2).
    #[inline]
    #[must_use]
    pub fn profit(&self, price: f64, lots: f64, rate: f64) -> f64 {
        let (entry, sign) = (self.entry_price, self.direction.sign());
        match self.entry_rate {
            None => open_profit(price, entry, sign, lots, self.contract_size, rate),
            // Each price at its own rate: the currency was bought, not borrowed.
            Some(own) => {
                let (price, entry) = (price * rate, entry * own);
                open_profit(price, entry, sign, lots, self.contract_size, 1.0)
            }
        }
    }

    /// Where it was entered first, whatever it was rolled into since.
    #[inline]
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin.unwrap_or(Origin {
            index: self.entry_index,
            time: self.entry_time,
            price: self.entry_price,
        })
    }

    /// The same in the lots and prices after a split or a roll (A1, R3).
    pub(super) fn restate(&mut self, by: &Restated) {
        self.lots = by.lots(self.lots);
        self.entry_price = by.price(self.entry_price);
        if let Some(origin) = &mut self.origin {
            origin.price = by.price(origin.price);
        }
        self.stop_loss = self.stop_loss.map(|price| by.price(price));
        self.take_profit = self.take_profit.map(|price| by.price(price));
        self.initial_stop = self.initial_stop.map(|price| by.price(price));
        self.best_price = by.price(self.best_price);
        self.worst_price = by.price(self.worst_price);
        self.marked_price = by.price(self.marked_price);
        self.trailing_stop = self.trailing_stop.map(|away| away.restated(by));
        // Made anew at the open.
        self.account_stop = None;
    }

    /// Moves it to another symbol, whose bar at `to` follows on its own at `from`: it has been held
    /// for as many of those bars, as far as there are so many before (A6).
    pub(super) fn change_symbol(&mut self, symbol: SymbolId, from: usize, to: usize) {
        let moved = |entered: usize| to.saturating_sub(from.saturating_sub(entered));
        self.symbol = symbol;
        self.entry_index = moved(self.entry_index);
        if let Some(origin) = &mut self.origin {
            origin.index = moved(origin.index);
        }
    }

    /// Widens the range of prices since the entry; both as the position faces them.
    #[inline]
    pub(super) fn observe(&mut self, low: f64, high: f64) {
        // Facing the position, the higher price is the better one for shorts as well.
        let sign = self.direction.sign();
        if low < self.worst_price * sign {
            self.worst_price = low * sign;
        }
        if high > self.best_price * sign {
            self.best_price = high * sign;
        }
    }

    /// Widens the range of net profits by those of outcomes that a policy did not choose (I3).
    pub(super) fn widen_alternatives(&mut self, worst: f64, best: f64) {
        let (low, high) = self.alternative_pnl.unwrap_or((worst, best));
        self.alternative_pnl = Some((
            if worst < low { worst } else { low },
            if best > high { best } else { high },
        ));
    }

    /// Marks it to a price (M5).
    #[inline]
    pub(super) fn mark(&mut self, price: f64, rate: f64, semantics: Semantics) {
        self.marked_price = price;
        self.marked_profit = self.profit(price, self.lots, rate);
        if semantics == Semantics::Two {
            self.value = self.value_at(price, rate);
        }
    }

    /// What its lots are worth at a price, at least 0.
    #[inline]
    #[must_use]
    pub fn value_at(&self, price: f64, rate: f64) -> f64 {
        (self.lots * self.contract_size * price * rate).abs()
    }

    /// The prices at which its own protective exits work.
    #[inline]
    #[must_use]
    pub fn own_exits(&self) -> Trigger {
        Trigger::of_exits(self.direction, self.stop_loss, self.take_profit)
    }

    /// The prices at which it is closed inside a bar: its take profit, and its own stop loss or the
    /// account's, whichever is nearer to the market (M9).
    #[inline]
    #[must_use]
    pub fn exits(&self) -> Trigger {
        let stop = match self.account_stop {
            Some(stop) if self.is_stopped_by_account() => Some(stop.price),
            Some(_) | None => self.stop_loss,
        };
        Trigger::of_exits(self.direction, stop, self.take_profit)
    }

    /// Whether the account's stop is nearer to the market than its own.
    #[inline]
    #[must_use]
    pub fn is_stopped_by_account(&self) -> bool {
        let sign = self.direction.sign();
        self.account_stop.is_some_and(|account| {
            // Of equal ones its own, which the trader chose.
            self.stop_loss
                .is_none_or(|own| account.price * sign > own * sign)
        })
    }
}

/// Profit at a price (M2), in this order of operations wherever money is made of prices:
/// `(price - entry) × direction × lots × contract size × rate`.
#[inline]
#[must_use]
pub fn open_profit(
    price: f64,
    entry: f64,
    sign: f64,
    lots: f64,
    contract_size: f64,
    rate: f64,
) -> f64 {
    // In another order the last bit may differ, and with it the fingerprint (D2).
    (price - entry) * sign * lots * contract_size * rate
}
