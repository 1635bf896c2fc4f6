//! A hash of what a run decided: the logical bytes of trades, orders and equity (D1).
//!
//! For each of the three tables, in that order: its name, the number of its columns and of its
//! rows; then for each column its name, the name of its kind, one validity byte a row (only where a
//! value may be missing) and the values. Integers and numbers are little-endian, a count has 64
//! bits, a text is its length in bytes as a count and its UTF-8 bytes, a list is its length and its
//! texts, a flag is one byte, a missing value is the zero or the empty text of its kind. Chunks,
//! dictionaries and time zones leave no trace.

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, DictionaryArray, ListArray, RecordBatch, StringArray};
use blake3::Hasher;

use super::schema::{self, Column, Kind};
use super::{RunTables, read};
use crate::types::TimeUnit;

/// Values are turned into bytes in blocks of this many, which stay in the cache.
const BLOCK: usize = 4096;

impl RunTables {
    /// BLAKE3 of the logical bytes of trades, orders and equity, as 64 hexadecimal digits; computed
    /// when it is first asked for.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| {
            let mut hasher = Hasher::new();
            let unit = self.shared.unit;
            table(&mut hasher, "trades", schema::TRADES, &self.trades, unit);
            table(&mut hasher, "orders", schema::ORDERS, &self.orders, unit);
            table(&mut hasher, "equity", schema::EQUITY, &self.equity, unit);
            hasher.finalize().to_hex().to_string()
        })
    }
}

fn table(to: &mut Hasher, name: &str, columns: &[Column], rows: &RecordBatch, unit: TimeUnit) {
    text(to, name);
    count(to, columns.len());
    count(to, rows.num_rows());
    for (column, array) in columns.iter().zip(rows.columns()) {
        text(to, column.name);
        text(to, &kind_name(column.kind, unit));
        if column.nullable {
            let valid: Vec<u8> = (0..array.len())
                .map(|row| array.is_valid(row).into())
                .collect();
            to.update(&valid);
        }
        values(to, column.kind, array.as_ref());
    }
}

fn kind_name(kind: Kind, unit: TimeUnit) -> String {
    match kind {
        Kind::U32 => "u32".into(),
        Kind::F64 => "f64".into(),
        Kind::Bool => "bool".into(),
        Kind::Time => format!("time[{}]", unit.abbreviation()),
        Kind::Symbol | Kind::Category(_) => "cat".into(),
        Kind::Text => "str".into(),
        Kind::Tags => "list[str]".into(),
    }
}

fn values(to: &mut Hasher, kind: Kind, array: &dyn Array) {
    match kind {
        Kind::U32 => {
            let array = array.as_primitive::<UInt32Type>();
            numbers(to, array.iter().map(|v| v.unwrap_or(0).to_le_bytes()));
        }
        Kind::F64 => {
            let array = array.as_primitive::<arrow_array::types::Float64Type>();
            numbers(to, array.iter().map(|v| v.unwrap_or(0.0).to_le_bytes()));
        }
        Kind::Time => numbers(to, read::time_values(array).iter().map(|v| v.to_le_bytes())),
        Kind::Bool => {
            numbers(
                to,
                array
                    .as_boolean()
                    .iter()
                    .map(|v| [u8::from(v.unwrap_or(false))]),
            );
        }
        Kind::Symbol | Kind::Category(_) => names(to, array.as_dictionary::<UInt32Type>()),
        Kind::Text => texts(to, array.as_string::<i32>()),
        Kind::Tags => lists(to, array.as_list::<i32>()),
    }
}

fn numbers<const N: usize>(to: &mut Hasher, values: impl Iterator<Item = [u8; N]>) {
    let mut block = Vec::with_capacity(BLOCK * N);
    for bytes in values {
        block.extend_from_slice(&bytes);
        if block.len() == BLOCK * N {
            to.update(&block);
            block.clear();
        }
    }
    to.update(&block);
}

fn names(to: &mut Hasher, array: &DictionaryArray<UInt32Type>) {
    let list = array.values().as_string::<i32>();
    for &key in array.keys().values() {
        text(to, list.value(key as usize));
    }
}

fn texts(to: &mut Hasher, array: &StringArray) {
    for value in array {
        text(to, value.unwrap_or(""));
    }
}

fn lists(to: &mut Hasher, array: &ListArray) {
    for tags in array.iter().flatten() {
        count(to, tags.len());
        texts(to, tags.as_string::<i32>());
    }
}

fn text(to: &mut Hasher, value: &str) {
    count(to, value.len());
    to.update(value.as_bytes());
}

fn count(to: &mut Hasher, value: usize) {
    to.update(&(value as u64).to_le_bytes());
}
