//! The share of the volume that a symbol may trade in a bar (W10).
//!
//! Orders and closes are cut to it. Protective exits and closes by the account are not: they fill
//! whatever the volume is. What is left is cancelled, or becomes a new order for the next bar.

use super::Simulator;
use super::close::market_order;
use crate::execution::book::{CloseRequest, QueuedTask};
use crate::execution::{
    CloseTarget, Expiry, Order, OrderStatus, OrderType, RejectReason, Settings, SymbolBar,
};
use crate::types::OrderId;

/// The lots that symbols have traded in their bars.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    /// By symbol, when its bar opened, and the lots traded in it; empty where nothing is limited.
    traded: Vec<(i64, f64)>,
}

impl Volumes {
    pub(super) fn new(settings: &Settings) -> Self {
        let symbols = settings.participation.map_or(0, |_| settings.symbols.len());
        Self {
            traded: vec![(i64::MIN, 0.0); symbols],
        }
    }
}

impl Simulator {
    /// The lots that a symbol may still trade in its bar.
    #[inline]
    pub(super) fn volume_left(&self, now: &SymbolBar) -> f64 {
        let Some(participation) = self.settings.participation else {
            return f64::INFINITY;
        };
        let instrument = self.instrument(now.symbol);
        let units = participation.share * now.volume;
        let most = instrument.round_down(units / instrument.contract_size);
        let (opens, lots) = self.volumes.traded[now.symbol.index()];
        let left = if opens == now.opens {
            most - lots
        } else {
            most
        };
        // Where no volume is known there is none.
        if left > 0.0 { left } else { 0.0 }
    }

    /// Counts the fills from an index on.
    #[inline]
    pub(super) fn note_volume(&mut self, from: usize, now: &SymbolBar) {
        if self.settings.participation.is_none() {
            return;
        }
        let traded = &mut self.volumes.traded[now.symbol.index()];
        if traded.0 != now.opens {
            *traded = (now.opens, 0.0);
        }
        for fill in &self.positions.fills[from..] {
            traded.1 += fill.lots;
        }
    }

    /// The lots of an order that the volume allows to fill; none where none do, and the order is
    /// cancelled.
    #[inline]
    pub(super) fn within_volume(&mut self, row: usize, now: &SymbolBar) -> Option<f64> {
        let left = self.volume_left(now);
        let order = &mut self.book.orders[row];
        if order.lots <= left {
            return Some(order.lots);
        }
        if order.expiry == Expiry::FillOrKill {
            order.status = OrderStatus::Cancelled(Some(RejectReason::Ioc));
            return None;
        }
        if left > 0.0 {
            return Some(left);
        }
        order.status = OrderStatus::Cancelled(Some(RejectReason::Participation));
        self.carry_over(row, 0.0);
        None
    }

    /// Notes that an order filled no more than some lots, and tries the rest again where that is
    /// set.
    #[inline]
    pub(super) fn carry_over(&mut self, row: usize, done: f64) {
        let retries = self.retries();
        let order = &mut self.book.orders[row];
        let rest = order.lots - done;
        if rest <= 0.0 {
            return;
        }
        order.is_cut = true;
        if !retries || order.expiry.is_immediate() {
            return;
        }
        let mut again = Order {
            lots: rest,
            is_cut: false,
            is_scaled: false,
            status: OrderStatus::Working,
            // The fill has ended the group.
            labels: order.labels.without_group(),
            ..order.clone()
        };
        again.id = self.book.take_number();
        again.kind = match again.kind.armed() {
            // Its price was reached: the rest takes what the market offers.
            OrderType::Stop(_) => OrderType::Market,
            other => other,
        };
        let kind = again.kind;
        let row = self.book.add(again);
        match kind {
            OrderType::Market => self.book.queue_left(row, QueuedTask::Open),
            OrderType::AtClose => self.book.queue_left(row, QueuedTask::AtClose),
            _ => self.book.work_later(row),
        }
    }

    /// The lots of a position that a close may close; none where there is no volume left.
    #[inline]
    pub(super) fn part_within_volume(
        &mut self,
        row: usize,
        index: usize,
        lots: f64,
        request: &CloseRequest,
        now: &SymbolBar,
    ) -> Option<f64> {
        let left = self.volume_left(now);
        if lots <= left {
            return Some(lots);
        }
        let position = &self.positions.open[index];
        let (trade, stays) = (position.id, position.lots - left);
        let direction = position.direction;
        let order = &mut self.book.orders[row];
        order.is_cut = true;
        if left <= 0.0 {
            order.status = OrderStatus::Cancelled(Some(RejectReason::Participation));
        }
        if self.retries() {
            let id: OrderId = self.book.take_number();
            let order = market_order(id, now.symbol, Some(direction), now.bar.time);
            let row = self.book.add(order);
            let fraction = (lots - left) / stays;
            let request = CloseRequest {
                target: CloseTarget::Trade(trade),
                fraction: if fraction < 1.0 { fraction } else { 1.0 },
                reason: request.reason,
            };
            self.book.queue_left(row, QueuedTask::Close(request));
        }
        (left > 0.0).then_some(left)
    }

    /// Whether what the volume leaves of an order is tried again.
    #[inline]
    pub(super) fn retries(&self) -> bool {
        self.settings.participation.is_some_and(|own| own.retries)
    }
}
