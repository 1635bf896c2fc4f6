//! The tables of a run.

use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, Float64Array, RecordBatch};

use super::column_blocks::{ColumnBlocks, blocks};
use super::columns::{batch, f64_vec, narrow, optional_dictionary, time_vec, u32_vec};
use super::lazy::Lazy;
use super::row_columns::{self, TakeColumns, direction_name};
use super::schema::{self, Shared};
use super::{RunRows, read};
use crate::allocation;
use crate::error::OmegaError;
use crate::execution::{Fill, Order, Position, WeightRow};
use crate::portfolio::{EquityCurve, Extremes, LedgerLine, Trade};

/// The result tables of one run, each made when it is read first, and what is computed from them.
#[derive(Debug, Clone)]
pub struct RunTables {
    /// With their profit intervals, row by row.
    pub(super) trades: Lazy<Vec<Trade>, [RecordBatch; 2]>,
    pub(super) orders: Lazy<Vec<Order>>,
    pub(super) fills: Lazy<Vec<Fill>>,
    pub(super) equity: Lazy<EquityCurve>,
    pub(super) ledger: Lazy<Vec<LedgerLine>>,
    pub(super) positions: Lazy<Vec<Position>>,
    pub(super) weights: Lazy<Vec<WeightRow>>,
    pub(super) contract_sizes: Vec<f64>,
    pub(super) extremes: Option<Extremes>,
    pub(super) shared: Shared,
    pub(super) fingerprint: OnceLock<String>,
}

impl RunTables {
    /// Takes rows, of which tables are made as they are read.
    #[must_use]
    pub fn from_rows(rows: RunRows) -> Self {
        Self {
            trades: Lazy::of_rows(rows.trades),
            orders: Lazy::of_rows(rows.orders),
            fills: Lazy::of_rows(rows.fills),
            equity: Lazy::of_rows(rows.equity),
            ledger: Lazy::of_rows(rows.ledger),
            positions: Lazy::of_rows(rows.positions),
            weights: Lazy::of_rows(rows.weights),
            contract_sizes: rows.contract_sizes,
            extremes: rows.extremes,
            shared: rows.shared,
            // Computed on request: a run of a sweep may never need it, and it hashes every row.
            fingerprint: OnceLock::new(),
        }
    }

    /// Closed positions, with the columns of [`schema::TRADES`].
    ///
    /// # Panics
    ///
    /// Where a row names a symbol that the run does not have, which no run does.
    #[must_use]
    pub fn trades(&self) -> RecordBatch {
        let [trades, _] = self.trades_and_intervals();
        trades
    }

    /// Worst and best net profit of each trade, with the columns of [`schema::INTERVALS`].
    #[must_use]
    pub fn intervals(&self) -> RecordBatch {
        let [_, intervals] = self.trades_and_intervals();
        intervals
    }

    fn trades_and_intervals(&self) -> [RecordBatch; 2] {
        self.trades
            .read(|rows| trades_and_intervals(rows, &self.shared))
    }

    /// How many positions, or parts of positions, were closed.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.trades
            .either(Vec::len, |[trades, _]| trades.num_rows())
    }

    /// Orders, with the columns of [`schema::ORDERS`].
    #[must_use]
    pub fn orders(&self) -> RecordBatch {
        self.orders.read(|rows| orders(rows, &self.shared))
    }

    /// Executions, with the columns of [`schema::FILLS`].
    #[must_use]
    pub fn fills(&self) -> RecordBatch {
        self.fills.read(|rows| fills(rows, &self.shared))
    }

    /// Refuses where the system has no memory for the table of the equity curve, whose balance and
    /// positions a run keeps by stretches of equal ones.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub fn require_room_for_equity(&self) -> Result<(), OmegaError> {
        let rows = self.equity.either(|curve| curve.time.len(), |_| 0);
        let bytes = rows * (size_of::<f64>() + size_of::<u32>());
        allocation::require(bytes, || format!("the equity table of {rows} rows"))
    }

    /// The equity curve, with the columns of [`schema::EQUITY`].
    #[must_use]
    pub fn equity(&self) -> RecordBatch {
        self.equity.read(|curve| equity(curve, &self.shared))
    }

    /// The times of the equity curve, without its other columns.
    #[must_use]
    pub fn times(&self) -> RecordBatch {
        let times = self.equity.either(
            |curve| time_vec(curve.time.clone(), &self.shared),
            |table| ArrayRef::clone(read::column(table, "time")),
        );
        batch(&schema::EQUITY[..1], vec![times], &self.shared)
    }

    /// Changes of the balance, with the columns of [`schema::LEDGER`].
    #[must_use]
    pub fn ledger(&self) -> RecordBatch {
        self.ledger.read(|rows| ledger(rows, &self.shared))
    }

    /// Positions still open, with the columns of [`schema::POSITIONS`].
    #[must_use]
    pub fn positions(&self) -> RecordBatch {
        self.positions.read(|rows| positions(rows, &self.shared))
    }

    /// What became of target weights, with the columns of [`schema::WEIGHTS`].
    #[must_use]
    pub fn weights(&self) -> RecordBatch {
        self.weights.read(|rows| weights(rows, &self.shared))
    }

    /// The equities inside the bars, where they were noted.
    #[must_use]
    pub fn extremes(&self) -> Option<Extremes> {
        self.extremes
    }

    /// Time of the first step at which the strategy could act.
    #[must_use]
    pub fn first_decision(&self) -> Option<i64> {
        self.shared.first_decision
    }

    /// Contract sizes, by symbol.
    #[must_use]
    pub fn contract_sizes(&self) -> &[f64] {
        &self.contract_sizes
    }

    /// Symbols, time unit and time zone of the tables.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }
}

fn trades_and_intervals(rows: &[Trade], shared: &Shared) -> [RecordBatch; 2] {
    let mut trades = ColumnBlocks::with_room(schema::TRADES, rows.len(), shared);
    let mut intervals = ColumnBlocks::with_room(schema::INTERVALS, rows.len(), shared);
    for block in blocks(rows) {
        trades.write(|to| row_columns::trades(block, to));
        intervals.write(|to| {
            to.u32s(block.iter().map(|r| r.id.0));
            to.f64s(block.iter().map(|r| r.net_pnl_worst));
            to.f64s(block.iter().map(|r| r.net_pnl_best));
        });
    }
    [trades, intervals].map(ColumnBlocks::into_batch)
}

fn orders(rows: &[Order], shared: &Shared) -> RecordBatch {
    let mut columns = ColumnBlocks::with_room(schema::HASHED_ORDERS, rows.len(), shared);
    for block in blocks(rows) {
        columns.write(|to| row_columns::hashed_orders(block, to));
    }
    let mut arrays = columns.into_arrays();
    arrays.push(notes(rows));
    batch(schema::ORDERS, arrays, shared)
}

fn notes(rows: &[Order]) -> ArrayRef {
    // By their places in the list. What the volume left of an order comes first.
    let note = |row: &Order| match (row.is_cut, row.is_scaled) {
        (true, _) => Some(1),
        (false, true) => Some(0),
        (false, false) => None,
    };
    let keys = rows.iter().map(note).collect();
    optional_dictionary(keys, schema::ORDER_NOTES)
}

fn fills(rows: &[Fill], shared: &Shared) -> RecordBatch {
    let mut columns = ColumnBlocks::with_room(schema::FILLS, rows.len(), shared);
    for block in blocks(rows) {
        columns.write(|to| {
            to.u32s(block.iter().map(|r| r.order.0));
            to.u32s(block.iter().map(|r| r.trade.0));
            to.times(block.iter().map(|r| r.time));
            to.f64s(block.iter().map(|r| r.price));
            to.f64s(block.iter().map(|r| r.lots));
            to.f64s(block.iter().map(|r| r.fee));
            to.f64s(block.iter().map(|r| r.slippage));
            to.f64s(block.iter().map(|r| r.rate));
        });
    }
    columns.into_batch()
}

fn equity(curve: &EquityCurve, shared: &Shared) -> RecordBatch {
    let rows = curve.equity.len();
    let mut balance = Vec::with_capacity(rows);
    let mut open_positions = Vec::with_capacity(rows);
    for span in &curve.spans {
        balance.resize(balance.len() + span.rows, span.balance);
        open_positions.resize(open_positions.len() + span.rows, span.open_positions);
    }
    let arrays = vec![
        // Shared, not copied: the curve is by far the largest table, a row for each bar.
        time_vec(curve.time.clone(), shared),
        f64_vec(balance),
        Arc::new(Float64Array::new(curve.equity.clone(), None)),
        u32_vec(open_positions),
    ];
    batch(schema::EQUITY, arrays, shared)
}

fn ledger(rows: &[LedgerLine], shared: &Shared) -> RecordBatch {
    let mut columns = ColumnBlocks::with_room(schema::LEDGER, rows.len(), shared);
    for block in blocks(rows) {
        columns.write(|to| {
            to.times(block.iter().map(|r| r.time));
            to.names(block.iter().map(|r| r.kind.name()));
            to.optional_u32s(block.iter().map(|r| r.trade.map(|trade| trade.0)));
            to.f64s(block.iter().map(|r| r.amount));
            to.f64s(block.iter().map(|r| r.balance));
        });
    }
    columns.into_batch()
}

fn positions(rows: &[Position], shared: &Shared) -> RecordBatch {
    let mut columns = ColumnBlocks::with_room(schema::POSITIONS, rows.len(), shared);
    for block in blocks(rows) {
        columns.write(|to| {
            to.u32s(block.iter().map(|r| r.id.0));
            to.symbols(block.iter().map(|r| r.symbol));
            to.names(block.iter().map(|r| direction_name(r.direction)));
            to.f64s(block.iter().map(|r| r.lots));
            to.u32s(block.iter().map(|r| narrow(r.entry_index)));
            to.times(block.iter().map(|r| r.entry_time));
            to.f64s(block.iter().map(|r| r.entry_price));
            to.optional_f64s(block.iter().map(|r| r.stop_loss));
            to.optional_f64s(block.iter().map(|r| r.take_profit));
            to.f64s(block.iter().map(|r| r.marked_profit));
            to.f64s(block.iter().map(|r| r.swap));
            to.f64s(block.iter().map(|r| r.entry_fee));
        });
    }
    columns.into_batch()
}

fn weights(rows: &[WeightRow], shared: &Shared) -> RecordBatch {
    let drift = |row: &WeightRow| row.target.map(|target| row.realised - target);
    let mut columns = ColumnBlocks::with_room(schema::WEIGHTS, rows.len(), shared);
    for block in blocks(rows) {
        columns.write(|to| {
            to.times(block.iter().map(|r| r.time));
            to.symbols(block.iter().map(|r| r.symbol));
            to.optional_f64s(block.iter().map(|r| r.target));
            to.f64s(block.iter().map(|r| r.realised));
            to.optional_f64s(block.iter().map(drift));
            to.texts(block.iter().map(|r| r.reason));
        });
    }
    columns.into_batch()
}
