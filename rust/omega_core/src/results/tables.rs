//! The tables of a run.

use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, Float64Array, RecordBatch};

use super::columns::{
    bools, dictionary, f64_columns, f64_vec, f64s, narrow, optional_dictionary, optional_f64s,
    optional_u32s, place, tags, texts, time_vec, times, u32_vec, u32s,
};
use super::lazy::Lazy;
use super::row_columns::{self, TakeColumns, direction_name};
use super::schema::{self, Column, Kind, Shared};
use super::{RunRows, read};
use crate::allocation;
use crate::error::OmegaError;
use crate::execution::{Fill, Order, Position, WeightRow};
use crate::portfolio::{EquityCurve, Extremes, LedgerLine, Trade};
use crate::types::SymbolId;

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
        let make = |rows: &Vec<Trade>| [trades(rows, &self.shared), intervals(rows, &self.shared)];
        self.trades.read(make)
    }

    /// How many positions, or parts of positions, were closed.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.trades.tell(Vec::len, |[trades, _]| trades.num_rows())
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
        let rows = self.equity.tell(|curve| curve.time.len(), |_| 0);
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
        let times = self.equity.tell(
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

/// Puts arrays under the columns of a table.
pub(super) fn batch(columns: &[Column], arrays: Vec<ArrayRef>, shared: &Shared) -> RecordBatch {
    let schema = Arc::new(schema::arrow_schema(columns, shared));
    match RecordBatch::try_new(schema, arrays) {
        Ok(batch) => batch,
        // Columns and arrays stand in the same order in this file, so that a mismatch is a defect
        // of it and not of the data.
        Err(mismatch) => panic!("arrays match the schema they were built for: {mismatch}"),
    }
}

fn symbols(ids: impl Iterator<Item = SymbolId>, shared: &Shared) -> ArrayRef {
    dictionary(ids.map(|id| id.0), &shared.symbols)
}

/// A column of names out of the closed list that its schema states.
fn categories(
    table: &[Column],
    column: &str,
    names: impl Iterator<Item = &'static str>,
) -> ArrayRef {
    let kind = table.iter().find(|c| c.name == column).map(|c| c.kind);
    let Some(Kind::Category(list)) = kind else {
        panic!("'{column}' is a category")
    };
    // Names are constants, so that comparing addresses finds most of them; the same text at another
    // address costs one more entry and gives the same key.
    let mut met: Vec<(&'static str, u32)> = Vec::new();
    let keys = names.map(|name| {
        if let Some(&(_, key)) = met.iter().find(|(known, _)| std::ptr::eq(*known, name)) {
            return key;
        }
        let Some(key) = place(name, list) else {
            panic!("'{name}' is a name of category '{column}'")
        };
        met.push((name, key));
        key
    });
    dictionary(keys, list)
}

/// Columns as the arrays of a table.
struct Arrays<'a> {
    table: &'static [Column],
    shared: &'a Shared,
    made: Vec<ArrayRef>,
}

impl<'a> Arrays<'a> {
    fn of(table: &'static [Column], shared: &'a Shared) -> Self {
        Self {
            table,
            shared,
            made: Vec::with_capacity(table.len()),
        }
    }
}

impl<'a> TakeColumns<'a> for Arrays<'_> {
    fn u32s(&mut self, values: impl Iterator<Item = u32>) {
        self.made.push(u32s(values));
    }

    fn f64s(&mut self, values: impl Iterator<Item = f64>) {
        self.made.push(f64s(values));
    }

    fn optional_f64s(&mut self, values: impl Iterator<Item = Option<f64>>) {
        self.made.push(optional_f64s(values));
    }

    fn times(&mut self, values: impl Iterator<Item = i64>) {
        self.made.push(times(values, self.shared));
    }

    fn bools(&mut self, values: impl Iterator<Item = bool>) {
        self.made.push(bools(values));
    }

    fn symbols(&mut self, values: impl Iterator<Item = SymbolId>) {
        self.made.push(symbols(values, self.shared));
    }

    fn names(&mut self, values: impl Iterator<Item = &'static str>) {
        let column = self.table[self.made.len()].name;
        self.made.push(categories(self.table, column, values));
    }

    fn texts(&mut self, values: impl Iterator<Item = Option<&'a str>>) {
        self.made.push(texts(values));
    }

    fn tags(&mut self, values: impl Iterator<Item = &'a [String]>) {
        self.made.push(tags(values));
    }
}

fn trades(rows: &[Trade], shared: &Shared) -> RecordBatch {
    let mut columns = Arrays::of(schema::TRADES, shared);
    row_columns::trades(rows, &mut columns);
    batch(schema::TRADES, columns.made, shared)
}

fn intervals(rows: &[Trade], shared: &Shared) -> RecordBatch {
    let arrays = vec![
        u32s(rows.iter().map(|r| r.id.0)),
        f64s(rows.iter().map(|r| r.net_pnl_worst)),
        f64s(rows.iter().map(|r| r.net_pnl_best)),
    ];
    batch(schema::INTERVALS, arrays, shared)
}

fn orders(rows: &[Order], shared: &Shared) -> RecordBatch {
    let mut columns = Arrays::of(schema::ORDERS, shared);
    row_columns::hashed_orders(rows, &mut columns);
    columns.made.push(notes(rows));
    batch(schema::ORDERS, columns.made, shared)
}

fn notes(rows: &[Order]) -> ArrayRef {
    // By their places in the list. What the volume left of an order is told first.
    let note = |row: &Order| match (row.is_cut, row.is_scaled) {
        (true, _) => Some(1),
        (false, true) => Some(0),
        (false, false) => None,
    };
    let keys = rows.iter().map(note).collect();
    optional_dictionary(keys, schema::ORDER_NOTES)
}

fn fills(rows: &[Fill], shared: &Shared) -> RecordBatch {
    let [price, lots, fee, slippage, rate] =
        f64_columns(rows, |r| [r.price, r.lots, r.fee, r.slippage, r.rate]);
    let arrays = vec![
        u32s(rows.iter().map(|r| r.order.0)),
        u32s(rows.iter().map(|r| r.trade.0)),
        times(rows.iter().map(|r| r.time), shared),
        price,
        lots,
        fee,
        slippage,
        rate,
    ];
    batch(schema::FILLS, arrays, shared)
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
    let table = schema::LEDGER;
    let arrays = vec![
        times(rows.iter().map(|r| r.time), shared),
        categories(table, "kind", rows.iter().map(|r| r.kind.name())),
        optional_u32s(rows.iter().map(|r| r.trade.map(|trade| trade.0))),
        f64s(rows.iter().map(|r| r.amount)),
        f64s(rows.iter().map(|r| r.balance)),
    ];
    batch(table, arrays, shared)
}

fn positions(rows: &[Position], shared: &Shared) -> RecordBatch {
    let table = schema::POSITIONS;
    let directions = rows.iter().map(|r| direction_name(r.direction));
    let arrays = vec![
        u32s(rows.iter().map(|r| r.id.0)),
        symbols(rows.iter().map(|r| r.symbol), shared),
        categories(table, "direction", directions),
        f64s(rows.iter().map(|r| r.lots)),
        u32s(rows.iter().map(|r| narrow(r.entry_index))),
        times(rows.iter().map(|r| r.entry_time), shared),
        f64s(rows.iter().map(|r| r.entry_price)),
        optional_f64s(rows.iter().map(|r| r.stop_loss)),
        optional_f64s(rows.iter().map(|r| r.take_profit)),
        f64s(rows.iter().map(|r| r.marked_profit)),
        f64s(rows.iter().map(|r| r.swap)),
        f64s(rows.iter().map(|r| r.entry_fee)),
    ];
    batch(table, arrays, shared)
}

fn weights(rows: &[WeightRow], shared: &Shared) -> RecordBatch {
    let drift = |row: &WeightRow| row.target.map(|target| row.realised - target);
    let arrays = vec![
        times(rows.iter().map(|r| r.time), shared),
        symbols(rows.iter().map(|r| r.symbol), shared),
        optional_f64s(rows.iter().map(|r| r.target)),
        f64s(rows.iter().map(|r| r.realised)),
        optional_f64s(rows.iter().map(drift)),
        texts(rows.iter().map(|r| r.reason)),
    ];
    batch(schema::WEIGHTS, arrays, shared)
}
