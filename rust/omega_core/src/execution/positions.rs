//! The open positions of a run and the fills that made them.

use super::{Account, Fill, LastTrades, Live, Position, StepBars, SymbolBar};
use crate::types::{Direction, SymbolId, TradeId};

/// Open positions by trade number, all fills so far, and when each symbol was last traded.
#[derive(Debug)]
pub(super) struct Positions {
    /// By trade number, which ascends.
    pub(super) open: Vec<Position>,
    pub(super) fills: Vec<Fill>,
    /// By `SymbolId`.
    pub(super) last_trades: Vec<LastTrades>,
    next_trade: u32,
    /// Counts every change, so that a reader knows whether to look again.
    pub(super) changes: u64,
}

impl Positions {
    pub(super) fn new(symbols: usize) -> Self {
        Self {
            open: Vec::new(),
            fills: Vec::new(),
            last_trades: vec![LastTrades::default(); symbols],
            next_trade: 0,
            changes: 0,
        }
    }

    /// The number that the next position will have.
    pub(super) fn next_trade(&self) -> TradeId {
        TradeId(self.next_trade)
    }

    pub(super) fn index_of(&self, trade: TradeId) -> Option<usize> {
        self.open
            .binary_search_by_key(&trade, |position| position.id)
            .ok()
    }

    pub(super) fn get(&self, trade: TradeId) -> Option<&Position> {
        self.index_of(trade).map(|index| &self.open[index])
    }

    pub(super) fn of_symbol(&self, symbol: SymbolId) -> impl Iterator<Item = &Position> {
        self.open.iter().filter(move |p| p.symbol == symbol)
    }

    /// The oldest position of a symbol in a direction.
    pub(super) fn oldest(&self, symbol: SymbolId, direction: Direction) -> Option<usize> {
        let mut open = self.open.iter();
        open.position(|p| p.symbol == symbol && p.direction == direction)
    }

    /// Adds a position and the fill that opened it.
    pub(super) fn open(&mut self, position: Position, fill: Fill) {
        self.next_trade += 1;
        self.last_trades[fill.symbol.index()].entry = Some((fill.index, fill.time));
        self.open.push(position);
        self.record(fill);
    }

    /// Takes the lots of a fill off a position, with what belongs to them: the shares that an exit
    /// was booked with.
    pub(super) fn close(&mut self, index: usize, share: &ClosedShare, fill: Fill) {
        self.last_trades[fill.symbol.index()].exit = Some(fill.time);
        if share.part < 1.0 {
            let position = &mut self.open[index];
            position.lots -= fill.lots;
            position.entry_fee -= share.entry_fee;
            position.swap -= share.swap;
            position.margin -= position.margin * share.part;
            position.marked_profit -= position.marked_profit * share.part;
            position.exit_legs += 1;
        } else {
            self.open.remove(index);
        }
        self.record(fill);
    }

    fn record(&mut self, fill: Fill) {
        self.changes += 1;
        self.fills.push(fill);
    }

    /// Balance plus the open profit of the last mark, summed by trade number (M5).
    pub(super) fn equity<A: Account>(&self, account: &A) -> f64 {
        account.balance() + self.marked_profit()
    }

    pub(super) fn marked_profit(&self) -> f64 {
        self.open.iter().fold(0.0, |sum, p| sum + p.marked_profit)
    }

    /// Margin held, summed by trade number (M6).
    pub(super) fn margin(&self) -> f64 {
        self.open.iter().fold(0.0, |sum, p| sum + p.margin)
    }

    /// Marks positions to the closes of a step (M5); one whose symbol has no bar keeps its mark.
    pub(super) fn mark(&mut self, bars: StepBars<'_>) {
        for position in &mut self.open {
            if let Some(now) = bars.trading_of(position.symbol) {
                let close = now.bar.side(position.direction.exit_side()).close;
                position.marked_profit = position.profit(close, position.lots, now.rate);
            }
        }
    }

    /// The position with the largest marked loss among those whose symbols have a bar; of equal
    /// ones the oldest.
    pub(super) fn largest_loss(&self, bars: StepBars<'_>) -> Option<usize> {
        let trading = |&index: &usize| bars.trading_of(self.open[index].symbol).is_some();
        let loss = |index: usize| self.open[index].marked_profit;
        (0..self.open.len()).filter(trading).reduce(|most, other| {
            if loss(other) < loss(most) {
                other
            } else {
                most
            }
        })
    }

    /// Notes how far prices went for and against each position that outlived the bar. In its entry
    /// bar a position counts only the extremes that certainly followed its fill; of the next one,
    /// all follows.
    pub(super) fn observe_extremes(&mut self, now: &SymbolBar) {
        for position in self.open.iter_mut().filter(|p| p.symbol == now.symbol) {
            let bar = now
                .bar
                .side(position.direction.exit_side())
                .facing(position.direction);
            let live = position.live;
            position.observe(
                if live.low_follows() {
                    bar.low
                } else {
                    bar.close
                },
                if live.high_follows() {
                    bar.high
                } else {
                    bar.close
                },
            );
            position.live = Live::FromOpen;
        }
    }
}

/// What belongs to the lots of a position that are being closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClosedShare {
    /// Part of the open lots; 1 where all are closed.
    pub(super) part: f64,
    /// Of the entry fee.
    pub(super) entry_fee: f64,
    /// Of the financing booked so far.
    pub(super) swap: f64,
}

impl ClosedShare {
    pub(super) fn of(position: &Position, lots: f64) -> Self {
        let part = if lots < position.lots {
            lots / position.lots
        } else {
            1.0
        };
        Self {
            part,
            entry_fee: position.entry_fee * part,
            swap: position.swap * part,
        }
    }
}
