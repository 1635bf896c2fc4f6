//! The account: balance, ledger, closed trades and the equity curve.

use arrow_buffer::ScalarBuffer;

use super::column::{Column, EquityStream};
use super::intrabar_equity::{Extremes, Noted};
use super::{
    Booked, ClosedTrade, EquityCurve, EquitySpan, LedgerKind, LedgerLine, PortfolioBuffers, Trade,
    Walked,
};
use crate::execution::{Account, Booking, Exit, ExitReason, Fill, Lows, Position};
use crate::run_length::Changes;
use crate::types::TradeId;

/// Trades that are let go of together.
// As with orders.
const TRADES_TOGETHER: usize = if cfg!(debug_assertions) { 8 } else { 2048 };

/// The equity rows so far; their times are those of the bars walked.
#[derive(Debug)]
struct Rows {
    equity: Column,
    /// None of a run that keeps no rows.
    spans: Vec<EquitySpan>,
    keeps_spans: bool,
    /// Rows of the spans so far with an open position.
    busy: usize,
    /// The newest span, of no rows before the first; not among the others yet.
    // Apart, so that a row which changes nothing only counts.
    newest: EquitySpan,
}

impl Rows {
    fn of(equity: Column, spans: Vec<EquitySpan>, keeps_spans: bool) -> Self {
        Self {
            equity,
            spans,
            keeps_spans,
            busy: 0,
            newest: EquitySpan {
                rows: 0,
                balance: 0.0,
                open_positions: 0,
            },
        }
    }

    /// Counts rows of a balance and a number of positions.
    #[inline]
    fn count(&mut self, rows: usize, balance: f64, open_positions: u32) {
        let newest = &mut self.newest;
        if newest.balance.to_bits() == balance.to_bits() && newest.open_positions == open_positions
        {
            newest.rows += rows;
        } else if rows > 0 {
            self.begin(EquitySpan {
                rows,
                balance,
                open_positions,
            });
        }
    }

    #[inline(never)]
    fn begin(&mut self, span: EquitySpan) {
        self.end();
        self.newest = span;
    }

    /// The newest span joins the others.
    fn end(&mut self) {
        if self.newest.open_positions > 0 {
            self.busy += self.newest.rows;
        }
        if self.keeps_spans && self.newest.rows > 0 {
            self.spans.push(self.newest);
        }
    }

    fn into_curve(mut self, time: ScalarBuffer<i64>) -> EquityCurve {
        self.end();
        EquityCurve {
            time,
            equity: self.equity.into_buffer(),
            spans: self.spans,
        }
    }
}

/// Omega's own portfolio: one account in one currency.
#[derive(Debug)]
pub struct Portfolio {
    balance: f64,
    ledger: Vec<LedgerLine>,
    /// The sums of the ledger, where it is not kept.
    booked: Option<Booked>,
    trades: Vec<Trade>,
    /// What is kept of trades in their place, of a run that keeps no rows.
    closed: Option<Vec<ClosedTrade>>,
    rows: Rows,
    noted: Noted,
    /// Dividends that were earned and are not paid yet.
    receivable: f64,
}

impl Portfolio {
    /// An account with its first deposit, and room for one equity row for each bar to come.
    #[must_use]
    pub fn new(cash: f64, time: i64, bars: usize, buffers: PortfolioBuffers) -> Self {
        let mut ledger = buffers.ledger;
        ledger.push(LedgerLine {
            time,
            kind: LedgerKind::Deposit,
            trade: None,
            amount: cash,
            balance: cash,
        });
        let rows = Rows::of(Column::with_room(bars, buffers.equity), buffers.spans, true);
        Self {
            ledger,
            ..Self::of(cash, buffers.trades, rows)
        }
    }

    /// An account that adds up what it would write down, equities into a stream. Where that is
    /// hashed, the rows of trades and spans are as well, and kept.
    #[must_use]
    pub(crate) fn summed(cash: f64, stream: EquityStream, buffers: PortfolioBuffers) -> Self {
        let is_hashed = stream.changes.is_some();
        let equity = Column::streamed(stream, buffers.equity);
        let rows = Rows::of(equity, buffers.spans, is_hashed);
        Self {
            booked: Some(Booked::default()),
            closed: (!is_hashed).then_some(buffers.closed),
            ..Self::of(cash, buffers.trades, rows)
        }
    }

    fn of(balance: f64, trades: Vec<Trade>, rows: Rows) -> Self {
        Self {
            balance,
            ledger: Vec::new(),
            booked: None,
            trades,
            closed: None,
            noted: Noted::new(balance),
            receivable: 0.0,
            rows,
        }
    }

    /// Closed trades so far, in the order of their exits, as far as they are kept.
    #[must_use]
    pub fn trades(&self) -> &[Trade] {
        &self.trades
    }

    /// Lets go of the trades of a run that keeps none; gives how many.
    pub fn forget_trades(&mut self) -> usize {
        match &mut self.closed {
            Some(closed) if self.trades.len() > TRADES_TOGETHER => {
                closed.extend(self.trades.iter().map(ClosedTrade::of));
                let before = self.trades.len();
                self.trades.clear();
                before
            }
            _ => 0,
        }
    }

    /// The equity at the last mark; the cash before the first.
    #[must_use]
    pub fn marked_equity(&self) -> f64 {
        // The last row, since each mark writes one: a number of its own would have to be kept in
        // step.
        self.rows.equity.last().unwrap_or(self.balance)
    }

    /// Writes the equity rows of so many bars without open positions.
    // The row before them has this equity or a higher one as well: no peak is raised.
    #[inline]
    pub fn write_flat_rows(&mut self, bars: usize) {
        self.rows.count(bars, self.balance, 0);
        self.rows.equity.push_many(self.balance, bars);
    }

    /// Writes the equity row of a bar whose open profit is known.
    #[inline]
    pub fn write_row(&mut self, profit: f64, open_positions: usize) {
        let equity = self.balance + profit + self.receivable;
        self.rows.count(1, self.balance, count(open_positions));
        self.rows.equity.push(equity);
        self.noted.raise_peak(equity);
    }

    /// Writes the equity rows of bars whose open profits are known, at their closes, and at their
    /// worst prices where those are noted.
    #[inline]
    pub fn write_rows(&mut self, profits: &[f64], open_positions: usize, lows: Option<Lows<'_>>) {
        let balance = self.balance;
        self.rows
            .count(profits.len(), balance, count(open_positions));
        let equity = profits.iter().map(|profit| balance + profit);
        self.rows.equity.extend(equity);
        if let Some(lows) = lows {
            self.noted.note_block(balance, profits, &lows);
        }
    }

    /// Writes the last row again, after positions were closed at the last close (L4).
    pub fn rewrite_last_row(&mut self) {
        // Nothing is open any more, so that the equity is the balance (L4.1).
        self.rows
            .equity
            .replace_last(self.balance + self.receivable);
        self.rows.newest.rows -= 1;
        self.rows.count(1, self.balance, 0);
    }

    /// The lowest equity inside the bars, and the largest fall to one; none where no position was
    /// ever open.
    #[must_use]
    pub fn extremes(&self) -> Option<Extremes> {
        self.noted.extremes()
    }

    /// Trades in order of entry, ledger and equity at the end of a run over bars of these times.
    #[must_use]
    pub fn into_rows(
        mut self,
        time: ScalarBuffer<i64>,
    ) -> (Vec<Trade>, Vec<LedgerLine>, EquityCurve) {
        sort(&mut self.trades, |trade| trade.entry);
        (self.trades, self.ledger, self.rows.into_curve(time))
    }

    /// What everything adds up to at the end of a run, with the trades in order of entry.
    #[must_use]
    pub fn into_sums(mut self) -> PortfolioSums {
        sort(&mut self.trades, |trade| trade.entry);
        let mut closed = self.closed.unwrap_or_default();
        closed.extend(self.trades.iter().map(ClosedTrade::of));
        sort(&mut closed, |trade| trade.entry);
        self.rows.end();
        let (stream, memory) = self.rows.equity.into_stream();
        let (walked, changes) = stream.map_or_else(Default::default, |stream| {
            (stream.walk.finish(), stream.changes)
        });
        PortfolioSums {
            extremes: self.noted.extremes(),
            trades: self.trades,
            closed,
            booked: self.booked.unwrap_or_default(),
            walked,
            changes,
            spans: self.rows.spans,
            busy: self.rows.busy,
            memory,
        }
    }

    fn add(&mut self, time: i64, kind: LedgerKind, trade: Option<TradeId>, amount: f64) {
        // One line for each change, added in the order of events: the ledger gives the balance to
        // the last bit (M5).
        self.balance += amount;
        if let Some(booked) = &mut self.booked {
            booked.add(kind, amount);
            return;
        }
        let line = LedgerLine {
            time,
            kind,
            trade,
            amount,
            balance: self.balance,
        };
        self.ledger.push(line);
    }
}

/// Sorts trades by their entry.
fn sort<T>(trades: &mut [T], entry: impl Fn(&T) -> u32) {
    // A stable sort: parts of one position stay in the order of their exits. By keys apart where
    // there is something to sort: a trade is too large to be moved time and again.
    if !trades.is_sorted_by_key(&entry) {
        trades.sort_by_cached_key(entry);
    }
}

/// The sums of a portfolio that writes no tables.
#[derive(Debug)]
pub struct PortfolioSums {
    /// Closed trades, in order of entry, then of exit, where they are hashed.
    pub(crate) trades: Vec<Trade>,
    /// What the metrics read of them.
    pub(crate) closed: Vec<ClosedTrade>,
    pub(crate) booked: Booked,
    pub(crate) walked: Walked,
    /// The equities as their changes, where they are hashed.
    pub(crate) changes: Option<Changes>,
    /// Where they are hashed.
    pub(crate) spans: Vec<EquitySpan>,
    /// Rows of the equity curve with an open position.
    pub(crate) busy: usize,
    pub(crate) extremes: Option<Extremes>,
    /// For the next run.
    pub(crate) memory: Vec<f64>,
}

impl Account for Portfolio {
    fn balance(&self) -> f64 {
        self.balance
    }

    fn note_equity(&mut self, equity: f64) {
        self.noted.note(equity);
    }

    fn is_ordinary(&self, equity: f64) -> bool {
        self.noted.is_ordinary(equity)
    }

    fn note_ruin(&mut self, time: i64) {
        self.noted.note_ruin(time);
    }

    fn book_entry(&mut self, position: &Position, fill: &Fill) {
        // A line of 0 in the ledger would look like a fee that was charged.
        if fill.fee != 0.0 {
            self.add(fill.time, LedgerKind::Fee, Some(position.id), -fill.fee);
        }
    }

    fn book_swap(&mut self, position: &Position, amount: f64, time: i64) {
        self.add(time, LedgerKind::Swap, Some(position.id), amount);
    }

    fn book(&mut self, booking: &Booking) {
        self.add(booking.time, booking.kind, booking.trade, booking.amount);
    }

    fn note_receivable(&mut self, amount: f64) {
        self.receivable = amount;
    }

    fn receivable(&self) -> f64 {
        self.receivable
    }

    fn book_exit(&mut self, exit: &Exit<'_>) {
        self.trades.push(closed_trade(exit));
        let Some(trade) = self.trades.last() else {
            return;
        };
        let (time, id, profit) = (trade.exit_time, Some(trade.id), trade.gross_pnl);
        match exit.reason {
            ExitReason::Delisted => self.add(time, LedgerKind::Delisting, id, profit),
            // What is paid, and what the lots had cost.
            ExitReason::SplitCash => {
                let sign = exit.position.direction.sign();
                let paid = sign * trade.units * trade.exit_price * exit.rate;
                self.add(time, LedgerKind::SplitCash, id, paid);
                self.add(time, LedgerKind::Pnl, id, profit - paid);
            }
            _ => self.add(time, LedgerKind::Pnl, id, profit),
        }
        if exit.fill.fee != 0.0 {
            self.add(time, LedgerKind::Fee, id, -exit.fill.fee);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "trade numbers are 32 bits wide"
)]
fn count(positions: usize) -> u32 {
    positions as u32
}

/// The trade row of an exit; every number in account currency, in the order of rule M2.
fn closed_trade(exit: &Exit<'_>) -> Trade {
    let (position, fill) = (exit.position, exit.fill);
    let money = |price| position.profit(price, fill.lots, exit.rate);
    let gross_pnl = money(fill.price);
    let fees = exit.entry_fee + fill.fee;
    let net_pnl = gross_pnl - fees + exit.swap;
    let (worst, best) = exit.alternative_pnl.unwrap_or((net_pnl, net_pnl));
    let risk = position.initial_stop.map(|stop| {
        (position.entry_price - stop).abs() * fill.lots * position.contract_size * exit.rate
    });
    // Written out, because `f64::min` may give either of 0 and -0, whose bits the fingerprint
    // hashes; the reference takes the first.
    let least = |a: f64, b: f64| if b < a { b } else { a };
    let most = |a: f64, b: f64| if b > a { b } else { a };
    Trade {
        id: position.id,
        entry: position.entry,
        symbol: position.symbol,
        direction: position.direction,
        lots: fill.lots,
        units: fill.lots * position.contract_size,
        entry_index: position.entry_index,
        entry_time: position.entry_time,
        entry_price: position.entry_price,
        exit_index: fill.index,
        exit_time: fill.time,
        exit_price: fill.price,
        stop_loss: position.stop_loss,
        take_profit: position.take_profit,
        exit_reason: exit.reason,
        ambiguous: exit.alternative_pnl.is_some(),
        net_pnl_worst: least(worst, net_pnl),
        net_pnl_best: most(best, net_pnl),
        gross_pnl,
        fees,
        swap: exit.swap,
        net_pnl,
        r_multiple: risk.filter(|&risk| risk > 0.0).map(|risk| net_pnl / risk),
        // The exit counts beside the extremes, which are noted only of bars that the position
        // outlived, and slippage may take the exit beyond them.
        mae: least(least(0.0, money(position.worst_price)), gross_pnl),
        mfe: most(most(0.0, money(position.best_price)), gross_pnl),
        bars_held: fill.index - position.entry_index,
        labels: position.labels.clone(),
    }
}
