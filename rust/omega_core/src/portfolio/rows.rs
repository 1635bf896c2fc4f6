//! What the portfolio writes down: closed trades, ledger lines and the equity curve.

use arrow_buffer::ScalarBuffer;

use super::{ClosedTrade, PortfolioSums};
use crate::allocation::room;
use crate::execution::{ExitReason, Labels, LedgerKind};
use crate::run_length::Changes;
use crate::types::{Direction, SymbolId, TradeId};

/// A closed position, or a closed part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// The position's number; parts of one position share it.
    pub id: TradeId,
    /// How many positions the run had opened before it.
    pub entry: u32,
    /// The symbol.
    pub symbol: SymbolId,
    /// Long or short.
    pub direction: Direction,
    /// Size of the closed part in lots.
    pub lots: f64,
    /// Size of the closed part in units: lots × contract size.
    pub units: f64,
    /// Bar of the entry.
    pub entry_index: usize,
    /// Open time of that bar.
    pub entry_time: i64,
    /// Price of the entry, slippage included.
    pub entry_price: f64,
    /// Bar of the exit.
    pub exit_index: usize,
    /// Open time of that bar.
    pub exit_time: i64,
    /// Price of the exit, slippage included.
    pub exit_price: f64,
    /// Stop loss at the exit.
    pub stop_loss: Option<f64>,
    /// Take profit at the exit.
    pub take_profit: Option<f64>,
    /// Why it was closed.
    pub exit_reason: ExitReason,
    /// Whether an intrabar policy decided its outcome (I3).
    pub ambiguous: bool,
    /// Net profit if every ambiguous bar had gone against the trader (I3).
    pub net_pnl_worst: f64,
    /// Net profit if every ambiguous bar had gone for the trader (I3).
    pub net_pnl_best: f64,
    /// Profit before costs, in account currency (M2).
    pub gross_pnl: f64,
    /// Entry and exit fees of this part, at least 0.
    pub fees: f64,
    /// Financing of this part; negative when paid.
    pub swap: f64,
    /// `gross_pnl - fees + swap`, in that order.
    pub net_pnl: f64,
    /// `net_pnl` over the money at risk at the entry; none without an initial stop.
    pub r_multiple: Option<f64>,
    /// Largest open loss during the trade, at most 0, in account currency.
    pub mae: f64,
    /// Largest open profit during the trade, at least 0, in account currency.
    pub mfe: f64,
    /// Bars from the entry bar to the exit bar.
    pub bars_held: usize,
    /// What the strategy wrote on the order.
    pub labels: Labels,
}

/// One change of the balance.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerLine {
    /// Open time of the bar.
    pub time: i64,
    /// What it is for.
    pub kind: LedgerKind,
    /// The trade, where there is one.
    pub trade: Option<TradeId>,
    /// What was added to the balance.
    pub amount: f64,
    /// The balance after it.
    pub balance: f64,
}

/// One row for each bar walked, marked to the close (M5).
///
/// Balance and positions change with a trade and the equity with each bar, so that only the equity
/// is kept row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct EquityCurve {
    /// Open times; where one chunk of the candles holds them, the memory is the candles' own.
    pub time: ScalarBuffer<i64>,
    /// Balance plus open profit.
    pub equity: ScalarBuffer<f64>,
    /// What stays the same over rows; together they have as many rows as the other columns.
    pub spans: Vec<EquitySpan>,
}

/// Rows one after the other in which neither the balance nor the number of positions changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EquitySpan {
    /// How many rows they are, at least one.
    pub rows: usize,
    /// Cash after all booked profits and costs.
    pub balance: f64,
    /// Number of open positions.
    pub open_positions: u32,
}

/// How many rows have an open position.
pub(crate) fn busy_rows(spans: &[EquitySpan]) -> usize {
    let busy = spans.iter().filter(|span| span.open_positions > 0);
    busy.map(|span| span.rows).sum()
}

/// Memory of the portfolio of an earlier run, for the rows of the next one.
#[derive(Debug, Default)]
pub struct PortfolioBuffers {
    pub(super) trades: Vec<Trade>,
    pub(super) closed: Vec<ClosedTrade>,
    pub(super) ledger: Vec<LedgerLine>,
    pub(super) equity: Vec<f64>,
    pub(super) spans: Vec<EquitySpan>,
    pub(crate) changes: Changes,
}

impl PortfolioBuffers {
    /// Makes room for the rows of so many orders, of which every second one closes a trade.
    pub(crate) fn make_room(&mut self, orders: usize) {
        room(&mut self.closed, orders / 2);
        room(&mut self.trades, orders / 2);
        room(&mut self.ledger, orders / 2);
        room(&mut self.spans, orders);
    }

    /// Makes room for the rows of so many orders of a portfolio, and for its dividends.
    pub(crate) fn make_room_for(&mut self, orders: usize) {
        room(&mut self.trades, orders);
        room(&mut self.ledger, 2 * orders);
    }

    /// Takes the memory of rows, as far as nobody else has it.
    #[must_use]
    pub fn of(
        mut trades: Vec<Trade>,
        mut ledger: Vec<LedgerLine>,
        curve: Option<EquityCurve>,
    ) -> Self {
        trades.clear();
        ledger.clear();
        let (equity, mut spans) = curve.map_or_else(Default::default, |curve| {
            let equity = curve.equity.into_inner().into_vec();
            (equity.unwrap_or_default(), curve.spans)
        });
        spans.clear();
        Self {
            trades,
            closed: Vec::new(),
            ledger,
            equity,
            spans,
            changes: Changes::default(),
        }
    }

    /// Takes the memory of sums.
    pub(crate) fn of_sums(sums: PortfolioSums) -> Self {
        Self {
            trades: sums.trades,
            closed: sums.closed,
            ledger: Vec::new(),
            equity: sums.memory,
            spans: sums.spans,
            changes: sums.changes.unwrap_or_default(),
        }
    }
}

impl EquityCurve {
    /// The balance of each row.
    pub fn balance(&self) -> impl Iterator<Item = f64> {
        self.column(|span| span.balance)
    }

    /// The number of open positions of each row.
    pub fn open_positions(&self) -> impl Iterator<Item = u32> {
        self.column(|span| span.open_positions)
    }

    fn column<T: Copy>(&self, of: impl Fn(&EquitySpan) -> T) -> impl Iterator<Item = T> {
        let spans = self.spans.iter();
        spans.flat_map(move |span| std::iter::repeat_n(of(span), span.rows))
    }
}
