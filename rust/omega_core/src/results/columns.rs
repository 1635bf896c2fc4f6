//! Vectors to Arrow arrays. Numbers move into their buffers; nothing that is a vector is copied.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::UInt32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, ListArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt32Array,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};

use super::schema::{Column, Shared, arrow_schema, tag_field};
use crate::types::TimeUnit;

/// Puts arrays under the columns of a table.
pub(super) fn batch(columns: &[Column], arrays: Vec<ArrayRef>, shared: &Shared) -> RecordBatch {
    let schema = Arc::new(arrow_schema(columns, shared));
    match RecordBatch::try_new(schema, arrays) {
        Ok(batch) => batch,
        // Both come in the order of the schema: a mismatch is a defect of this folder, not of data.
        Err(mismatch) => panic!("arrays match the schema they were built for: {mismatch}"),
    }
}

/// The vector itself as an array.
pub(super) fn u32_vec(values: Vec<u32>) -> ArrayRef {
    Arc::new(UInt32Array::new(ScalarBuffer::from(values), None))
}

/// A count or a bar index; the store holds fewer than 2³² bars a symbol.
pub(super) fn narrow(value: usize) -> u32 {
    // An `assert!`, as a wrapped index would point at another bar and nothing would show it.
    assert!(
        u32::try_from(value).is_ok(),
        "bar index {value} fits into 32 bits"
    );
    #[expect(
        clippy::cast_possible_truncation,
        reason = "asserted in the line above"
    )]
    let narrow = value as u32;
    narrow
}

/// The vector itself as an array.
pub(super) fn f64_vec(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::new(ScalarBuffer::from(values), None))
}

/// A buffer, or a vector, itself as an array of times.
pub(super) fn time_vec(values: impl Into<ScalarBuffer<i64>>, shared: &Shared) -> ArrayRef {
    let values = values.into();
    let zone = shared.timezone.clone();
    match shared.unit {
        TimeUnit::Second => {
            Arc::new(TimestampSecondArray::new(values, None).with_timezone_opt(zone))
        }
        TimeUnit::Millisecond => {
            Arc::new(TimestampMillisecondArray::new(values, None).with_timezone_opt(zone))
        }
        TimeUnit::Microsecond => {
            Arc::new(TimestampMicrosecondArray::new(values, None).with_timezone_opt(zone))
        }
        TimeUnit::Nanosecond => {
            Arc::new(TimestampNanosecondArray::new(values, None).with_timezone_opt(zone))
        }
    }
}

/// Free texts that may be missing.
pub(super) fn texts<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    let values: Vec<_> = values.into_iter().collect();
    if values.iter().all(Option::is_none) {
        // Most runs give no reasons or tags. Such columns made in one piece, and categories found
        // by address, took tables of 55,005 trades from 11.8 to 10.2 ns a bar.
        return Arc::new(StringArray::new_null(values.len()));
    }
    Arc::new(values.into_iter().collect::<StringArray>())
}

/// Lists of free texts.
pub(super) fn tags<'a>(values: impl IntoIterator<Item = &'a [String]>) -> ArrayRef {
    let values: Vec<_> = values.into_iter().collect();
    if values.iter().all(|tags| tags.is_empty()) {
        let offsets = OffsetBuffer::new_zeroed(values.len());
        let none = Arc::new(StringArray::new_null(0));
        return Arc::new(ListArray::new(tag_field(), offsets, none, None));
    }
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(tag_field());
    for tags in values {
        for tag in tags {
            builder.values().append_value(tag);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

/// Places in a list of names, with that list, in its order, as the dictionary.
pub(super) fn dictionary<S: AsRef<str>>(
    keys: impl IntoIterator<Item = u32>,
    names: &[S],
) -> ArrayRef {
    // The whole list, used or not, so that a key is a place in it and an empty table keeps its
    // categories.
    let values: StringArray = names.iter().map(|name| Some(name.as_ref())).collect();
    let keys = UInt32Array::new(keys.into_iter().collect::<Vec<_>>().into(), None);
    Arc::new(DictionaryArray::<UInt32Type>::new(keys, Arc::new(values)))
}

/// The same, where names may be missing.
pub(super) fn optional_dictionary<S: AsRef<str>>(keys: Vec<Option<u32>>, names: &[S]) -> ArrayRef {
    let values: StringArray = names.iter().map(|name| Some(name.as_ref())).collect();
    let keys = UInt32Array::from(keys);
    Arc::new(DictionaryArray::<UInt32Type>::new(keys, Arc::new(values)))
}

/// The place of a name in a list of names.
pub(super) fn place<S: AsRef<str>>(name: &str, names: &[S]) -> Option<u32> {
    let place = names.iter().position(|known| known.as_ref() == name)?;
    u32::try_from(place).ok()
}
