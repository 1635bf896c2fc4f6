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
use arrow_array::{
    Array, ArrowPrimitiveType, DictionaryArray, ListArray, PrimitiveArray, RecordBatch, StringArray,
};
use blake3::Hasher;
use bytemuck::Pod;

use super::schema::{self, Column, Kind};
use super::{RunTables, read};
use crate::types::TimeUnit;

/// Gathers short pieces: a hash of many of them takes its time for each.
#[derive(Default)]
struct Pieces {
    hasher: Hasher,
    gathered: Vec<u8>,
}

impl Pieces {
    /// From so many bytes on a piece is hashed where it lies.
    // BLAKE3 compresses many chunks side by side, but only within one call.
    const LARGE: usize = 1 << 16;

    fn update(&mut self, bytes: &[u8]) {
        if self.gathered.len() + bytes.len() > Self::LARGE {
            // What was gathered comes first: the order of the bytes is the format.
            self.hasher.update(&self.gathered);
            self.gathered.clear();
        }
        if bytes.len() > Self::LARGE {
            self.hasher.update(bytes);
        } else {
            self.gathered.extend_from_slice(bytes);
        }
    }

    fn finish(mut self) -> String {
        self.hasher.update(&self.gathered);
        self.hasher.finalize().to_hex().to_string()
    }
}

/// Values are turned into bytes in blocks of this many, which stay in the cache.
const BLOCK: usize = 1 << 14;

impl RunTables {
    /// BLAKE3 of the logical bytes of trades, orders and equity, as 64 hexadecimal digits; computed
    /// at the first call.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| {
            let mut pieces = Pieces::default();
            let unit = self.shared.unit;
            table(&mut pieces, "trades", schema::TRADES, &self.trades(), unit);
            table(
                &mut pieces,
                "orders",
                schema::HASHED_ORDERS,
                &self.orders(),
                unit,
            );
            table(&mut pieces, "equity", schema::EQUITY, &self.equity(), unit);
            pieces.finish()
        })
    }
}

fn table(to: &mut Pieces, name: &str, columns: &[Column], rows: &RecordBatch, unit: TimeUnit) {
    text(to, name);
    // Counts and lengths before contents, so that no two tables have the same bytes by moving a
    // value from one column to the next.
    count(to, columns.len());
    count(to, rows.num_rows());
    for (column, array) in columns.iter().zip(rows.columns()) {
        text(to, column.name);
        text(to, &kind_name(column.kind, unit));
        // By the schema, not by what is missing in this run: the format must not depend on values.
        // A missing value hashes as 0; these bytes distinguish the two.
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

fn values(to: &mut Pieces, kind: Kind, array: &dyn Array) {
    match kind {
        Kind::U32 => {
            let array = array.as_primitive::<UInt32Type>();
            if as_they_lie(to, array) {
                return;
            }
            numbers(to, array.iter().map(|v| v.unwrap_or(0).to_le_bytes()));
        }
        Kind::F64 => {
            let array = array.as_primitive::<arrow_array::types::Float64Type>();
            if as_they_lie(to, array) {
                return;
            }
            numbers(to, array.iter().map(|v| v.unwrap_or(0.0).to_le_bytes()));
        }
        // Times are never missing, so that the buffer is the logical bytes where the processor is
        // little-endian.
        Kind::Time if cfg!(target_endian = "little") => {
            to.update(bytemuck::cast_slice(read::time_values(array)));
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

/// Takes the bytes of a column in one piece where they are the logical ones; whether it did.
fn as_they_lie<T: ArrowPrimitiveType>(to: &mut Pieces, array: &PrimitiveArray<T>) -> bool
where
    T::Native: Pod,
{
    // Under a null the buffer may hold anything, which must leave no trace in the hash.
    let plain = array.null_count() == 0 && cfg!(target_endian = "little");
    if plain {
        to.update(bytemuck::cast_slice(array.values()));
    }
    plain
}

fn numbers<const N: usize>(to: &mut Pieces, values: impl Iterator<Item = [u8; N]>) {
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

/// Names in blocks, each written down once: a hash of many short pieces is slow.
fn names(to: &mut Pieces, array: &DictionaryArray<UInt32Type>) {
    let list = array.values().as_string::<i32>();
    let encoded: Vec<Vec<u8>> = (0..list.len())
        .map(|name| encoded(list.value(name)))
        .collect();
    let mut block = Vec::with_capacity(BLOCK);
    for &key in array.keys().values() {
        block.extend_from_slice(&encoded[key as usize]);
        flush(to, &mut block, BLOCK);
    }
    flush(to, &mut block, 0);
}

fn texts(to: &mut Pieces, array: &StringArray) {
    let mut block = Vec::with_capacity(BLOCK);
    for value in array {
        block.extend_from_slice(&encoded(value.unwrap_or("")));
        flush(to, &mut block, BLOCK);
    }
    flush(to, &mut block, 0);
}

fn lists(to: &mut Pieces, array: &ListArray) {
    // The usual case, no tags at all: a length of 0 for each row, without looking at the rows.
    if array.values().is_empty() {
        let empty = (0..array.len() - array.null_count()).map(|_| 0_u64.to_le_bytes());
        return numbers(to, empty);
    }
    for tags in array.iter().flatten() {
        count(to, tags.len());
        texts(to, tags.as_string::<i32>());
    }
}

/// Hands a block on once it has so many bytes.
fn flush(to: &mut Pieces, block: &mut Vec<u8>, bytes: usize) {
    if block.len() >= bytes {
        to.update(block);
        block.clear();
    }
}

/// A text as its length and its bytes.
fn encoded(value: &str) -> Vec<u8> {
    let length = (value.len() as u64).to_le_bytes();
    [&length, value.as_bytes()].concat()
}

fn text(to: &mut Pieces, value: &str) {
    to.update(&encoded(value));
}

fn count(to: &mut Pieces, value: usize) {
    to.update(&(value as u64).to_le_bytes());
}
