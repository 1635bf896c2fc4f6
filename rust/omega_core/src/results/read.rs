//! Typed reading of a result table; its schema is known, so a wrong name or type is a defect here.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt32Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, RecordBatch};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, TimeUnit};

/// The column of a table.
pub(super) fn column<'a>(table: &'a RecordBatch, name: &str) -> &'a ArrayRef {
    match table.column_by_name(name) {
        Some(column) => column,
        // Tables are built by `batch` or adopted against the same schema, so that a missing name
        // can only be a typing error in this crate.
        None => panic!("the table has a column '{name}'"),
    }
}

/// Numbers without missing values.
pub(super) fn f64s<'a>(table: &'a RecordBatch, name: &str) -> &'a [f64] {
    optional_f64s(table, name).values()
}

/// Numbers that may be missing.
pub(super) fn optional_f64s<'a>(table: &'a RecordBatch, name: &str) -> &'a Float64Array {
    column(table, name).as_primitive::<Float64Type>()
}

/// Counts and identifiers without missing values.
pub(super) fn u32s<'a>(table: &'a RecordBatch, name: &str) -> &'a [u32] {
    column(table, name).as_primitive::<UInt32Type>().values()
}

/// Flags.
pub(super) fn bools<'a>(table: &'a RecordBatch, name: &str) -> &'a BooleanArray {
    column(table, name).as_boolean()
}

/// Names, as places in a dictionary.
pub(super) fn names<'a>(table: &'a RecordBatch, name: &str) -> &'a DictionaryArray<UInt32Type> {
    column(table, name).as_dictionary::<UInt32Type>()
}

/// Times of a table.
pub(super) fn times<'a>(table: &'a RecordBatch, name: &str) -> &'a [i64] {
    time_values(column(table, name).as_ref())
}

/// The integers of an array of times.
pub(super) fn time_values(times: &dyn Array) -> &[i64] {
    time_buffer(times)
}

/// The memory of an array of times.
pub(super) fn time_buffer(times: &dyn Array) -> &ScalarBuffer<i64> {
    match times.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            times.as_primitive::<TimestampSecondType>().values()
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            times.as_primitive::<TimestampMillisecondType>().values()
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            times.as_primitive::<TimestampMicrosecondType>().values()
        }
        // The last unit there is; anything but a timestamp panics as above.
        _ => times.as_primitive::<TimestampNanosecondType>().values(),
    }
}

/// A number that may be missing.
pub(super) fn value(values: &Float64Array, row: usize) -> Option<f64> {
    values.is_valid(row).then(|| values.value(row))
}
