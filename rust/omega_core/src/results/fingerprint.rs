//! A hash of what a run decided: the logical bytes of trades, orders and equity (D1).
//!
//! SHA-256 over, for each of the three tables in that order, its name, the number of its columns
//! and of its rows; then over each column: its name, the name of its kind, and its changes, after
//! those of its validity (only where a value may be missing). `changes` has their format. Integers
//! and numbers are little-endian, a count has 64 bits, a text is its length in bytes as a count and
//! its UTF-8 bytes, a list is its length and its texts, a flag is one byte, a missing value is the
//! zero or the empty text of its kind, and a time is its difference to the time in the row before.
//! Chunks, dictionaries and time zones leave no trace.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray, RecordBatch};

use super::hashed_times::{HashedTimes, times};
use super::pieces::Pieces;
use super::row_columns::{self, TakeColumns};
use super::schema::{self, Column, Kind, Shared};
use super::{RunTables, read};
use crate::execution::Order;
use crate::portfolio::{EquityCurve, EquitySpan, Trade};
use crate::run_length::{Changes, Entry, Name, Number, Piece, Texts};
use crate::types::{SymbolId, TimeUnit};

impl Pieces {
    /// The trades of a run, in rows.
    fn trades(&mut self, rows: &[Trade], shared: &Shared) {
        let mut to = Rows::head(self, ("trades", schema::TRADES), rows, shared);
        row_columns::trades(rows, &mut to);
    }

    /// Its orders.
    fn orders(&mut self, rows: &[Order], shared: &Shared) {
        let mut to = Rows::head(self, ("orders", schema::HASHED_ORDERS), rows, shared);
        row_columns::hashed_orders(rows, &mut to);
    }

    /// Its equity curve, whose spans need not become rows first.
    fn equity(
        &mut self,
        (rows, unit): (usize, TimeUnit),
        times: impl Fn(&mut Self),
        spans: &[EquitySpan],
        equity: impl Fn(&mut Self),
    ) {
        self.head("equity", schema::EQUITY, rows);
        for column in schema::EQUITY {
            head_of(self, *column, unit);
            let spans = spans.iter();
            match column.name {
                "time" => times(self),
                "balance" => self.spans(rows, spans.map(|span| (span.balance, span.rows))),
                "equity" => equity(self),
                _ => self.spans(rows, spans.map(|span| (span.open_positions, span.rows))),
            }
        }
    }
}

impl RunTables {
    /// SHA-256 of the logical bytes of trades, orders and equity, as 64 hexadecimal digits;
    /// computed at the first call.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| {
            let mut pieces = Pieces::default();
            let unit = self.shared.unit;
            // Of rows the columns one by one, without the tables that would take their place.
            let of_trades = |rows: &Vec<Trade>| {
                pieces.trades(rows, &self.shared);
                None
            };
            if let Some([rows, _]) = self.trades.either(of_trades, |tables| Some(tables.clone())) {
                table(&mut pieces, "trades", schema::TRADES, &rows, unit);
            }
            let of_orders = |rows: &Vec<Order>| {
                pieces.orders(rows, &self.shared);
                None
            };
            if let Some(rows) = self.orders.either(of_orders, |table| Some(table.clone())) {
                table(&mut pieces, "orders", schema::HASHED_ORDERS, &rows, unit);
            }
            let of_curve = |curve: &EquityCurve| {
                let rows = curve.equity.len();
                let times = |to: &mut Pieces| times(to, &curve.time);
                let equity = |to: &mut Pieces| to.numbers(&curve.equity);
                pieces.equity((rows, unit), times, &curve.spans, equity);
                None
            };
            if let Some(rows) = self.equity.either(of_curve, |table| Some(table.clone())) {
                table(&mut pieces, "equity", schema::EQUITY, &rows, unit);
            }
            pieces.finish()
        })
    }
}

/// The fingerprint of a run that kept the rows of trades and orders, and of its equity curve what
/// is hashed: the times, the spans and the equities.
pub(super) fn of_sums(
    (trades, orders): (&[Trade], &[Order]),
    (times, spans, changes): (&HashedTimes, &[EquitySpan], &Changes),
    shared: &Shared,
) -> String {
    let mut pieces = Pieces::default();
    pieces.trades(trades, shared);
    pieces.orders(orders, shared);
    pieces.equity(
        (times.rows(), shared.unit),
        |to| to.large(times.bytes()),
        spans,
        |to| {
            to.large(&changes.bits);
            to.large(&changes.values);
        },
    );
    pieces.finish()
}

/// The columns of rows, each hashed as it comes.
struct Rows<'p> {
    to: &'p mut Pieces,
    left: std::slice::Iter<'static, Column>,
    shared: &'p Shared,
    /// Memory for the values of a column.
    numbers: Vec<f64>,
    times: Vec<i64>,
}

impl<'p> Rows<'p> {
    /// Begins a table.
    fn head<R>(
        to: &'p mut Pieces,
        (name, columns): (&str, &'static [Column]),
        rows: &[R],
        shared: &'p Shared,
    ) -> Self {
        to.head(name, columns, rows.len());
        Self {
            to,
            left: columns.iter(),
            shared,
            numbers: Vec::with_capacity(rows.len()),
            times: Vec::new(),
        }
    }

    /// Begins the next column.
    fn begin(&mut self) {
        if let Some(column) = self.left.next() {
            head_of(self.to, *column, self.shared.unit);
        }
    }

    fn changes<P: Piece + Copy>(&mut self, values: &[P]) {
        self.to.changes(values.len(), |row| values[row]);
    }
}

impl<'a> TakeColumns<'a> for Rows<'_> {
    fn u32s(&mut self, values: impl Iterator<Item = u32>) {
        self.begin();
        self.to.numbers(&values.collect::<Vec<_>>());
    }

    fn f64s(&mut self, values: impl Iterator<Item = f64>) {
        self.begin();
        self.numbers.clear();
        self.numbers.extend(values);
        self.to.numbers(&self.numbers);
    }

    fn optional_f64s(&mut self, values: impl Iterator<Item = Option<f64>>) {
        self.begin();
        self.numbers.clear();
        let numbers = &mut self.numbers;
        let known = values.map(|value| {
            // As under a null of a table.
            numbers.push(value.unwrap_or_default());
            value.is_some()
        });
        let known: Vec<bool> = known.collect();
        self.to.flags(&known);
        self.to.numbers(&self.numbers);
    }

    fn times(&mut self, values: impl Iterator<Item = i64>) {
        self.begin();
        self.times.clear();
        self.times.extend(values);
        times(self.to, &self.times);
    }

    fn bools(&mut self, values: impl Iterator<Item = bool>) {
        self.begin();
        self.to.flags(&values.collect::<Vec<_>>());
    }

    fn symbols(&mut self, values: impl Iterator<Item = SymbolId>) {
        self.begin();
        let (ids, names) = (values.collect::<Vec<_>>(), &self.shared.symbols);
        self.to.changes(ids.len(), |row| Entry {
            key: ids[row].0,
            text: &names[ids[row].index()],
        });
    }

    fn names(&mut self, values: impl Iterator<Item = &'static str>) {
        self.begin();
        self.changes(&values.map(Name).collect::<Vec<_>>());
    }

    fn texts(&mut self, values: impl Iterator<Item = Option<&'a str>>) {
        self.begin();
        let texts: Vec<_> = values.collect();
        let known: Vec<bool> = texts.iter().map(Option::is_some).collect();
        self.to.flags(&known);
        self.to
            .changes(texts.len(), |row| texts[row].unwrap_or_default());
    }

    fn tags(&mut self, values: impl Iterator<Item = &'a [String]>) {
        self.begin();
        self.changes(&values.collect::<Vec<_>>());
    }
}

fn table(to: &mut Pieces, name: &str, columns: &[Column], rows: &RecordBatch, unit: TimeUnit) {
    to.head(name, columns, rows.num_rows());
    for (column, array) in columns.iter().zip(rows.columns()) {
        head_of(to, *column, unit);
        // By the schema, not by what is missing in this run: the format must not depend on values.
        // A missing value hashes as 0; these flags distinguish the two.
        if column.nullable {
            match array.nulls() {
                Some(nulls) => to.changes(array.len(), |row| nulls.is_valid(row)),
                None => to.changes(array.len(), |_| true),
            }
        }
        values(to, column.kind, array.as_ref());
    }
}

fn head_of(to: &mut Pieces, column: Column, unit: TimeUnit) {
    to.text(column.name);
    match column.kind {
        Kind::U32 => to.text("u32"),
        Kind::F64 => to.text("f64"),
        Kind::Bool => to.text("bool"),
        Kind::Time => to.text(&format!("time[{}]", unit.abbreviation())),
        Kind::Symbol | Kind::Category(_) => to.text("cat"),
        Kind::Text => to.text("str"),
        Kind::Tags => to.text("list[str]"),
    }
}

fn values(to: &mut Pieces, kind: Kind, array: &dyn Array) {
    let rows = array.len();
    match kind {
        Kind::U32 => numbers(to, array.as_primitive::<UInt32Type>()),
        Kind::F64 => numbers(to, array.as_primitive::<Float64Type>()),
        Kind::Time => times(to, read::time_values(array)),
        Kind::Bool => {
            let flags = array.as_boolean();
            to.changes(rows, |row| flags.value(row));
        }
        Kind::Symbol | Kind::Category(_) => {
            // What is missing is a note, which is not hashed.
            let names = array.as_dictionary::<UInt32Type>();
            let (keys, list) = (names.keys().values(), names.values().as_string::<i32>());
            to.changes(rows, |row| Entry {
                key: keys[row],
                text: list.value(keys[row] as usize),
            });
        }
        Kind::Text => {
            let texts = array.as_string::<i32>();
            to.changes(rows, |row| {
                if texts.is_valid(row) {
                    texts.value(row)
                } else {
                    ""
                }
            });
        }
        Kind::Tags => {
            let lists = array.as_list::<i32>();
            let (texts, ends) = (lists.values().as_string::<i32>(), lists.offsets());
            let place = |row: usize| usize::try_from(ends[row]).unwrap_or_default();
            to.changes(rows, |row| Texts(texts, place(row)..place(row + 1)));
        }
    }
}

fn numbers<T: ArrowPrimitiveType>(to: &mut Pieces, array: &PrimitiveArray<T>)
where
    T::Native: Number,
{
    let values = array.values();
    if array.null_count() == 0 {
        return to.numbers(values);
    }
    // Under a null the buffer may hold anything, which must leave no trace in the hash.
    let value = |row: usize| {
        if array.is_valid(row) {
            values[row]
        } else {
            T::Native::default()
        }
    };
    to.changes(values.len(), value);
}
