//! From Arrow arrays to typed buffers: shared as they are, or cast once with `cast=True`.
//!
//! A volume of any type of number is cast without being asked.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::ScalarBuffer;
use arrow_cast::display::array_value_to_string;
use arrow_cast::{CastOptions, can_cast_types, cast_with_options};
use arrow_schema::{ArrowError, DataType, TimeUnit as ArrowUnit};

use super::{InputColumn, Role};
use crate::error::OmegaError;
use crate::types::TimeUnit;

/// A column as buffers of one type.
pub(super) struct Typed<T: arrow_buffer::ArrowNativeType> {
    pub chunks: Vec<ScalarBuffer<T>>,
    /// Rows without a value, ascending; what the buffers hold there is undefined.
    pub nulls: Vec<usize>,
    pub copied_bytes: usize,
}

/// Unit and time zone of a time column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TimeType {
    pub unit: TimeUnit,
    pub timezone: Option<String>,
}

/// A price, spread or volume column.
pub(super) fn floats(
    symbol: &str,
    column: &InputColumn,
    cast: bool,
) -> Result<Typed<f64>, OmegaError> {
    // Volumes are counts, which most libraries read as integers; no price depends on them.
    let counted = column.role == Role::Volume && column.data_type().is_numeric();
    let cast = cast || counted;
    let (chunks, copied) = cast_to(symbol, column, &DataType::Float64, cast, "float64")?;
    typed::<Float64Type>(symbol, column, &chunks, copied)
}

/// A time column.
pub(super) fn times(
    symbol: &str,
    column: &InputColumn,
    cast: bool,
) -> Result<(Typed<i64>, TimeType), OmegaError> {
    let target = match column.data_type() {
        timestamp @ DataType::Timestamp(..) => timestamp.clone(),
        // Arrow counts these dates in milliseconds, so that no value changes.
        DataType::Date64 => DataType::Timestamp(ArrowUnit::Millisecond, None),
        // Refused even with `cast=True`: a guessed unit could be wrong by a factor of a thousand,
        // and no check would notice.
        number if number.is_numeric() => return Err(bare_number(symbol, column)),
        // Texts and days have no unit of their own; microseconds are what Polars and `datetime`
        // use.
        _ => DataType::Timestamp(ArrowUnit::Microsecond, None),
    };
    let (chunks, copied) = cast_to(symbol, column, &target, cast, "timestamp")?;
    let DataType::Timestamp(unit, timezone) = target else {
        return Err(refused(symbol, column, "timestamp"));
    };
    let (typed, unit) = match unit {
        ArrowUnit::Second => (
            typed::<TimestampSecondType>(symbol, column, &chunks, copied)?,
            TimeUnit::Second,
        ),
        ArrowUnit::Millisecond => (
            typed::<TimestampMillisecondType>(symbol, column, &chunks, copied)?,
            TimeUnit::Millisecond,
        ),
        ArrowUnit::Microsecond => (
            typed::<TimestampMicrosecondType>(symbol, column, &chunks, copied)?,
            TimeUnit::Microsecond,
        ),
        ArrowUnit::Nanosecond => (
            typed::<TimestampNanosecondType>(symbol, column, &chunks, copied)?,
            TimeUnit::Nanosecond,
        ),
    };
    Ok((
        typed,
        TimeType {
            unit,
            timezone: timezone.map(|zone| shown_zone(&zone).to_owned()),
        },
    ))
}

/// The zone that times are shown in. A fixed offset, such as `+05:30` or `UTC+05:30`, has no entry
/// in the time-zone database, by which frames and `datetime` show times: it is shown in UTC.
fn shown_zone(zone: &str) -> &str {
    let offset = zone.strip_prefix("UTC").unwrap_or(zone);
    if offset.starts_with(['+', '-']) {
        "UTC"
    } else {
        zone
    }
}

fn typed<T: ArrowPrimitiveType>(
    symbol: &str,
    column: &InputColumn,
    chunks: &[ArrayRef],
    copied_bytes: usize,
) -> Result<Typed<T::Native>, OmegaError> {
    let mut out = Typed {
        chunks: Vec::with_capacity(chunks.len()),
        nulls: vec![],
        copied_bytes,
    };
    let mut start = 0;
    for chunk in chunks {
        // The type of the column is that of its first chunk; a later one may have another.
        let Some(array) = chunk.as_primitive_opt::<T>() else {
            return Err(refused(symbol, column, "one type in all chunks"));
        };
        if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
            out.nulls.extend(
                (0..array.len())
                    .filter(|&i| nulls.is_null(i))
                    .map(|i| start + i),
            );
        }
        // Nulls are kept as row numbers, so that the values stay the caller's buffer and validation
        // can name the row.
        out.chunks.push(array.values().clone());
        start += array.len();
    }
    Ok(out)
}

/// The chunks as they are where the type fits, else cast where allowed; and the bytes copied.
fn cast_to(
    symbol: &str,
    column: &InputColumn,
    target: &DataType,
    cast: bool,
    expected: &str,
) -> Result<(Vec<ArrayRef>, usize), OmegaError> {
    if column.data_type() == target {
        return Ok((column.chunks.clone(), column.copied_bytes));
    }
    if !cast || !castable(column.data_type(), target) {
        return Err(refused(symbol, column, expected));
    }
    let given = column.data_type();
    if column.chunks.iter().any(|chunk| chunk.data_type() != given) {
        return Err(refused(symbol, column, "one type in all chunks"));
    }
    let mut out = Vec::with_capacity(column.chunks.len());
    let mut copied = column.copied_bytes;
    let mut start = 0;
    for chunk in &column.chunks {
        let options = CastOptions {
            // A value that cannot be cast becomes a null, by which its row is found below;
            // otherwise Arrow's error would not name the row.
            safe: true,
            ..CastOptions::default()
        };
        let array = cast_dates(chunk, &options)
            .and_then(|chunk| cast_with_options(&chunk, target, &options))
            .map_err(|_| refused(symbol, column, expected))?;
        // Only nulls that the cast added: those that were there are findings of validation.
        if array.null_count() > chunk.null_count() {
            return Err(unreadable(symbol, column, chunk, &array, start, expected));
        }
        copied += array.len() * size_of::<f64>();
        start += array.len();
        out.push(array);
    }
    Ok((out, copied))
}

/// Dates in milliseconds as the timestamps that they are: from there a time beyond the range of its
/// unit becomes a null, where a date in a dictionary would wrap around.
fn cast_dates(chunk: &ArrayRef, options: &CastOptions<'_>) -> Result<ArrayRef, ArrowError> {
    match chunk.data_type() {
        DataType::Dictionary(_, values) if **values == DataType::Date64 => {
            let milliseconds = DataType::Timestamp(ArrowUnit::Millisecond, None);
            cast_with_options(chunk, &milliseconds, options)
        }
        _ => Ok(ArrayRef::clone(chunk)),
    }
}

fn castable(from: &DataType, to: &DataType) -> bool {
    let to_float = matches!(to, DataType::Float64);
    let source_fits = match from {
        DataType::Dictionary(_, values) => return castable(values, to),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        // Arrow would cast a date to its number of days, which is no price.
        DataType::Date32 | DataType::Date64 => !to_float,
        number => to_float && number.is_numeric(),
    };
    source_fits && can_cast_types(from, to)
}

fn refused(symbol: &str, column: &InputColumn, expected: &str) -> OmegaError {
    let given = column.data_type();
    let hint = if castable(given, &DataType::Float64) || given.is_temporal() {
        "Pass cast=True to cast it once (the copy is counted in copied_bytes), or cast it before"
    } else {
        "Give a column of that type, or map another one with columns={role: name}"
    };
    OmegaError::InvalidColumn {
        symbol: symbol.into(),
        column: column.name.as_str().into(),
        problem: format!(
            "the type is {given}, but '{}' needs {expected}",
            column.role
        ),
        hint: hint.to_owned(),
    }
}

fn bare_number(symbol: &str, column: &InputColumn) -> OmegaError {
    OmegaError::InvalidColumn {
        symbol: symbol.into(),
        column: column.name.as_str().into(),
        problem: format!(
            "the type is {}, which has no unit of time",
            column.data_type()
        ),
        hint: "Give it one without a copy: pl.from_epoch(column, time_unit='ms') (or 'us', 'ns')"
            .to_owned(),
    }
}

fn unreadable(
    symbol: &str,
    column: &InputColumn,
    given: &ArrayRef,
    cast: &ArrayRef,
    start: usize,
    expected: &str,
) -> OmegaError {
    let offset = (0..cast.len())
        .find(|&i| cast.is_null(i) && !given.is_null(i))
        .unwrap_or(0);
    OmegaError::InvalidCandleData {
        symbol: symbol.into(),
        column: column.name.as_str().into(),
        row: start + offset,
        value: array_value_to_string(given, offset).unwrap_or_default(),
        rule: "type",
        problem: format!("the value cannot be read as {expected}"),
        hint: "Repair or drop the row before the run",
    }
}
