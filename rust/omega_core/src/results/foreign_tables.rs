//! Tables from elsewhere: saved ones, and those of a run that the reference backend made.

use std::sync::OnceLock;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, new_empty_array};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use arrow_select::concat::concat;

use super::columns::{optional_dictionary, place, time_vec};
use super::lazy::Lazy;
use super::read::time_values;
use super::schema::{self, Column, Kind, Shared};
use super::{RunTables, columns};
use crate::error::OmegaError;
use crate::portfolio::Extremes;
use crate::types::TimeUnit;

/// The chunks of each table, with the columns of [`schema`] in any order and in any Arrow type that
/// holds the same values: dictionaries or plain texts, times of any unit, numbers of any width.
#[derive(Debug, Clone, Default)]
pub struct ForeignTables {
    /// Chunks of the trades.
    pub trades: Vec<RecordBatch>,
    /// Chunks of the profit intervals.
    pub intervals: Vec<RecordBatch>,
    /// Chunks of the orders.
    pub orders: Vec<RecordBatch>,
    /// Chunks of the fills.
    pub fills: Vec<RecordBatch>,
    /// Chunks of the equity curve.
    pub equity: Vec<RecordBatch>,
    /// Chunks of the ledger.
    pub ledger: Vec<RecordBatch>,
    /// Chunks of the open positions.
    pub positions: Vec<RecordBatch>,
    /// Chunks of what became of target weights.
    pub weights: Vec<RecordBatch>,
}

impl RunTables {
    /// Brings foreign tables into the one form that results have.
    ///
    /// # Errors
    ///
    /// [`OmegaError::Config`] where a column is missing, has another type, lacks a value that it
    /// needs or has a name that is not in its category; where the number of contract sizes is
    /// not that of the symbols, or that of the intervals not that of the trades.
    pub fn from_tables(
        foreign: &ForeignTables,
        shared: Shared,
        contract_sizes: Vec<f64>,
        extremes: Option<Extremes>,
    ) -> Result<Self, OmegaError> {
        if contract_sizes.len() != shared.symbols.len() {
            return Err(OmegaError::Config {
                parameter: "contract_sizes".into(),
                given: format!("{} values", contract_sizes.len()),
                expected: format!("one for each of {} symbols", shared.symbols.len()),
                hint: "Give the contract sizes in the order of the symbols".into(),
            });
        }
        let adopt = |chunks: &[RecordBatch], columns| table(chunks, columns, &shared);
        let trades = adopt(&foreign.trades, schema::TRADES)?;
        let intervals = adopt(&foreign.intervals, schema::INTERVALS)?;
        if trades.num_rows() != intervals.num_rows() {
            let given = format!("{} of them", intervals.num_rows());
            let expected = format!("one for each of {} trades", trades.num_rows());
            return Err(refused("net_pnl_worst", given, &expected));
        }
        Ok(Self {
            trades: Lazy::of_table([trades, intervals]),
            orders: Lazy::of_table(adopt(&foreign.orders, schema::ORDERS)?),
            fills: Lazy::of_table(adopt(&foreign.fills, schema::FILLS)?),
            equity: Lazy::of_table(adopt(&foreign.equity, schema::EQUITY)?),
            ledger: Lazy::of_table(adopt(&foreign.ledger, schema::LEDGER)?),
            positions: Lazy::of_table(adopt(&foreign.positions, schema::POSITIONS)?),
            weights: Lazy::of_table(adopt(&foreign.weights, schema::WEIGHTS)?),
            contract_sizes,
            extremes,
            fingerprint: OnceLock::new(),
            shared,
        })
    }
}

fn table(
    chunks: &[RecordBatch],
    columns: &[Column],
    shared: &Shared,
) -> Result<RecordBatch, OmegaError> {
    let arrays = columns
        .iter()
        .map(|column| adopt_column(chunks, column, shared))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(columns::batch(columns, arrays, shared))
}

fn adopt_column(
    chunks: &[RecordBatch],
    column: &Column,
    shared: &Shared,
) -> Result<ArrayRef, OmegaError> {
    // Joined first, so that a column is converted and checked once, whatever its chunks.
    let array = converted(&joined(chunks, column, shared)?, column, shared)?;
    match (0..array.len()).find(|&row| array.is_null(row)) {
        Some(row) if !column.nullable => {
            let given = format!("no value in row {row}");
            Err(refused(column.name, given, "a value in each row"))
        }
        _ => Ok(array),
    }
}

/// The chunks of a column as one array, still in their own type.
fn joined(
    chunks: &[RecordBatch],
    column: &Column,
    shared: &Shared,
) -> Result<ArrayRef, OmegaError> {
    let mut parts = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let array = chunk.column_by_name(column.name);
        parts.push(array.ok_or_else(|| refused(column.name, "nothing".into(), "the column"))?);
    }
    match parts.as_slice() {
        [] => Ok(new_empty_array(&column.kind.data_type(shared))),
        // One chunk needs no copy.
        [only] => Ok(ArrayRef::clone(only)),
        many => {
            let parts: Vec<&dyn Array> = many.iter().map(AsRef::as_ref).collect();
            concat(&parts).map_err(|error| not_taken(column, &error))
        }
    }
}

fn converted(array: &ArrayRef, column: &Column, shared: &Shared) -> Result<ArrayRef, OmegaError> {
    match column.kind {
        Kind::Time => rescaled(array, column, shared),
        Kind::Symbol => encoded(array, column, &shared.symbols),
        Kind::Category(list) => encoded(array, column, list),
        kind => cast(array, &kind.data_type(shared)).map_err(|error| not_taken(column, &error)),
    }
}

/// Names to places in their list.
fn encoded<S: AsRef<str>>(
    array: &ArrayRef,
    column: &Column,
    list: &[S],
) -> Result<ArrayRef, OmegaError> {
    // By name: the keys of a foreign dictionary count in another order. The fingerprint hashes
    // names, so it stays the same.
    let texts = cast(array, &DataType::Utf8).map_err(|error| not_taken(column, &error))?;
    let mut keys = Vec::with_capacity(texts.len());
    for name in texts.as_string::<i32>() {
        let Some(name) = name else {
            if column.nullable {
                keys.push(None);
                continue;
            }
            return Err(refused(column.name, "a missing name".into(), "a name"));
        };
        let key = place(name, list).ok_or_else(|| {
            let known: Vec<&str> = list.iter().map(AsRef::as_ref).collect();
            refused(
                column.name,
                format!("'{name}'"),
                &format!("one of {}", known.join(", ")),
            )
        })?;
        keys.push(Some(key));
    }
    Ok(optional_dictionary(keys, list))
}

/// Times to the unit of the run. A zone affects display only, so it never moves them.
fn rescaled(array: &ArrayRef, column: &Column, shared: &Shared) -> Result<ArrayRef, OmegaError> {
    if array.null_count() > 0 {
        return Err(refused(
            column.name,
            "a missing time".into(),
            "a time in each row",
        ));
    }
    let to = shared.unit.per_second();
    let (values, from) = match array.data_type() {
        DataType::Int64 => (array.as_primitive::<Int64Type>().values().as_ref(), to),
        DataType::Timestamp(unit, _) => (time_values(array.as_ref()), per_second(*unit)),
        other => {
            let expected = "64-bit times, or integers in the unit of the run";
            return Err(refused(column.name, format!("the type {other}"), expected));
        }
    };
    // Results come back in the unit of the run, but for seconds, which Polars has only as
    // milliseconds.
    if from == to {
        return Ok(time_vec(values.to_vec(), shared));
    }
    // `to / from` is 0 where the unit of the run is the coarser one. Floor division is right before
    // 1970, too, and an overflow is refused, since a wrapped time would pass for another one.
    let scaled = values.iter().map(|&time| match to / from {
        0 => Some(time.div_euclid(from / to)),
        factor => time.checked_mul(factor),
    });
    scaled
        .collect::<Option<Vec<_>>>()
        .map(|values| time_vec(values, shared))
        .ok_or_else(|| refused(column.name, "a time out of range".into(), "64-bit times"))
}

fn per_second(unit: arrow_schema::TimeUnit) -> i64 {
    match unit {
        arrow_schema::TimeUnit::Second => TimeUnit::Second,
        arrow_schema::TimeUnit::Millisecond => TimeUnit::Millisecond,
        arrow_schema::TimeUnit::Microsecond => TimeUnit::Microsecond,
        arrow_schema::TimeUnit::Nanosecond => TimeUnit::Nanosecond,
    }
    .per_second()
}

fn not_taken(column: &Column, error: &ArrowError) -> OmegaError {
    refused(
        column.name,
        error.to_string(),
        "a type that holds the values of the result table",
    )
}

fn refused(column: &str, given: String, expected: &str) -> OmegaError {
    OmegaError::Config {
        parameter: format!("result column '{column}'"),
        given,
        expected: expected.into(),
        hint: "The columns and types are listed in docs/concepts/results.md".into(),
    }
}
