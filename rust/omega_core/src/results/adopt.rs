//! Tables from elsewhere: saved ones, and those of a run that the reference backend made.

use std::sync::OnceLock;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, new_empty_array};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use arrow_select::concat::concat;

use super::columns::{dictionary, place, time_vec};
use super::read::time_values;
use super::schema::{self, Column, Kind, Shared, arrow_unit};
use super::{RunTables, tables};
use crate::error::OmegaError;
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
}

impl RunTables {
    /// Brings foreign tables into the one form that results have.
    ///
    /// # Errors
    ///
    /// [`OmegaError::InvalidColumn`] where a column is missing, has another type, lacks a value that
    /// it needs or a name that its category knows; [`OmegaError::Config`] where the number of
    /// contract sizes is not that of the symbols.
    pub fn from_tables(
        foreign: &ForeignTables,
        shared: Shared,
        contract_sizes: Vec<f64>,
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
        let tables = Self {
            trades: adopt(&foreign.trades, schema::TRADES)?,
            intervals: adopt(&foreign.intervals, schema::INTERVALS)?,
            orders: adopt(&foreign.orders, schema::ORDERS)?,
            fills: adopt(&foreign.fills, schema::FILLS)?,
            equity: adopt(&foreign.equity, schema::EQUITY)?,
            ledger: adopt(&foreign.ledger, schema::LEDGER)?,
            positions: adopt(&foreign.positions, schema::POSITIONS)?,
            contract_sizes,
            fingerprint: OnceLock::new(),
            shared,
        };
        if tables.trades.num_rows() != tables.intervals.num_rows() {
            return Err(refused(
                "trade_id",
                format!(
                    "there are {} trades and {} profit intervals",
                    tables.trades.num_rows(),
                    tables.intervals.num_rows()
                ),
            ));
        }
        Ok(tables)
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
    Ok(tables::batch(columns, arrays, shared))
}

fn adopt_column(
    chunks: &[RecordBatch],
    column: &Column,
    shared: &Shared,
) -> Result<ArrayRef, OmegaError> {
    let array = joined(chunks, column, shared)?;
    if !column.nullable && array.null_count() > 0 {
        let row = (0..array.len())
            .find(|&row| array.is_null(row))
            .unwrap_or(0);
        return Err(refused(column.name, format!("row {row} has no value")));
    }
    Ok(array)
}

/// The chunks of a column, each brought into its type, as one array.
fn joined(
    chunks: &[RecordBatch],
    column: &Column,
    shared: &Shared,
) -> Result<ArrayRef, OmegaError> {
    let mut arrays = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let array = chunk
            .column_by_name(column.name)
            .ok_or_else(|| refused(column.name, "it is missing".into()))?;
        arrays.push(converted(array, column, shared)?);
    }
    match arrays.as_slice() {
        [] => Ok(new_empty_array(&column.kind.data_type(shared))),
        [only] => Ok(only.clone()),
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
    let texts = cast(array, &DataType::Utf8).map_err(|error| not_taken(column, &error))?;
    let mut keys = Vec::with_capacity(texts.len());
    for name in texts.as_string::<i32>() {
        let name = name.ok_or_else(|| refused(column.name, "a name is missing".into()))?;
        let key = place(name, list).ok_or_else(|| {
            let known: Vec<&str> = list.iter().map(AsRef::as_ref).collect();
            refused(
                column.name,
                format!("'{name}' is not one of {}", known.join(", ")),
            )
        })?;
        keys.push(key);
    }
    Ok(dictionary(keys, list))
}

/// Times to the unit of the run. A zone says how times are shown, so it never moves them.
fn rescaled(array: &ArrayRef, column: &Column, shared: &Shared) -> Result<ArrayRef, OmegaError> {
    let DataType::Timestamp(unit, _) = array.data_type() else {
        return Err(refused(
            column.name,
            format!("its type is {}", array.data_type()),
        ));
    };
    if array.null_count() > 0 {
        return Err(refused(column.name, "a time is missing".into()));
    }
    let values = time_values(array.as_ref());
    if *unit == arrow_unit(shared.unit) {
        return Ok(time_vec(values.to_vec(), shared));
    }
    let (from, to) = (per_second(*unit), shared.unit.per_second());
    let scaled = values.iter().map(|&time| {
        if to > from {
            time.checked_mul(to / from)
        } else {
            Some(time.div_euclid(from / to))
        }
    });
    scaled
        .collect::<Option<Vec<_>>>()
        .map(|values| time_vec(values, shared))
        .ok_or_else(|| {
            refused(
                column.name,
                "a time does not fit the unit of the run".into(),
            )
        })
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
    refused(column.name, error.to_string())
}

fn refused(column: &str, problem: String) -> OmegaError {
    OmegaError::InvalidColumn {
        column: column.into(),
        problem,
        hint: "Result tables have the columns and types of docs/concepts/results.md".into(),
    }
}
