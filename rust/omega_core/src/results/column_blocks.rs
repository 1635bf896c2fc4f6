//! The columns of a table, block of rows by block of rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, UInt32Array};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};

use super::columns::{batch, dictionary, f64_vec, place, tags, texts, time_vec, u32_vec};
use super::row_columns::TakeColumns;
use super::schema::{Column, Kind, Shared};
use crate::types::SymbolId;

/// Rows of which all columns are written before the next ones are read.
// A row is some cache lines, and a column takes a few bytes of it: read column by column, the rows
// of 1,200,000 trades came from memory once for each of 25 columns.
const ROWS: usize = 256;

/// Writes values into the column whose turn it is, which the schema has made for their kind.
macro_rules! into_turn {
    ($self:ident, $kind:pat => $write:expr) => {{
        let name = $self.table[$self.next].name;
        match $self.turn() {
            $kind => $write,
            _ => panic!("'{name}' is a column of this kind"),
        }
    }};
}

/// Rows a block at a time.
pub(super) fn blocks<R>(rows: &[R]) -> impl Iterator<Item = &[R]> {
    rows.chunks(ROWS)
}

/// The values of a column so far.
enum Values<'a> {
    U32(Vec<u32>),
    /// Missing ones are 0.
    OptionalU32(Vec<u32>, BooleanBufferBuilder),
    F64(Vec<f64>),
    /// Missing ones are 0, which is also what the fingerprint hashes for them.
    OptionalF64(Vec<f64>, BooleanBufferBuilder),
    Time(Vec<i64>),
    Bool(BooleanBufferBuilder),
    /// Places in a list, and those of the names met so far.
    Names(Vec<u32>, Vec<(&'static str, u32)>),
    Symbols(Vec<u32>),
    /// Those from the first text on, after so many rows without one.
    Texts(usize, Vec<Option<&'a str>>),
    Tags(Vec<&'a [String]>),
}

/// Columns that grow with each block of rows, as the arrays of a table in the end.
pub(super) struct ColumnBlocks<'a> {
    table: &'static [Column],
    shared: &'a Shared,
    columns: Vec<Values<'a>>,
    /// The column that is written next.
    next: usize,
}

impl<'a> ColumnBlocks<'a> {
    /// Columns with room for so many rows.
    pub(super) fn with_room(table: &'static [Column], rows: usize, shared: &'a Shared) -> Self {
        let columns = table.iter().map(|column| Values::with_room(column, rows));
        Self {
            table,
            shared,
            columns: columns.collect(),
            next: 0,
        }
    }

    /// Writes the columns of a block of rows, in the order of the table.
    pub(super) fn write(&mut self, block: impl FnOnce(&mut Self)) {
        self.next = 0;
        block(self);
    }

    /// Identifiers that may be missing.
    pub(super) fn optional_u32s(&mut self, values: impl Iterator<Item = Option<u32>>) {
        into_turn!(self, Values::OptionalU32(own, known) => for value in values {
            known.append(value.is_some());
            own.push(value.unwrap_or_default());
        });
    }

    /// The table.
    pub(super) fn into_batch(self) -> RecordBatch {
        let (table, shared) = (self.table, self.shared);
        batch(table, self.into_arrays(), shared)
    }

    /// The arrays, in the order of the table.
    pub(super) fn into_arrays(self) -> Vec<ArrayRef> {
        let columns = self.table.iter().zip(self.columns);
        columns
            .map(|(column, values)| values.into_array(column, self.shared))
            .collect()
    }

    /// The column whose turn it is.
    fn turn(&mut self) -> &mut Values<'a> {
        let place = self.next;
        self.next += 1;
        &mut self.columns[place]
    }
}

impl Values<'_> {
    fn with_room(column: &Column, rows: usize) -> Self {
        match (column.kind, column.nullable) {
            (Kind::U32, false) => Self::U32(Vec::with_capacity(rows)),
            (Kind::U32, true) => {
                Self::OptionalU32(Vec::with_capacity(rows), BooleanBufferBuilder::new(rows))
            }
            (Kind::F64, false) => Self::F64(Vec::with_capacity(rows)),
            (Kind::F64, true) => {
                Self::OptionalF64(Vec::with_capacity(rows), BooleanBufferBuilder::new(rows))
            }
            (Kind::Time, _) => Self::Time(Vec::with_capacity(rows)),
            (Kind::Bool, _) => Self::Bool(BooleanBufferBuilder::new(rows)),
            (Kind::Category(_), _) => Self::Names(Vec::with_capacity(rows), Vec::new()),
            (Kind::Symbol, _) => Self::Symbols(Vec::with_capacity(rows)),
            (Kind::Text, _) => Self::Texts(0, Vec::new()),
            (Kind::Tags, _) => Self::Tags(Vec::with_capacity(rows)),
        }
    }

    fn into_array(self, column: &Column, shared: &Shared) -> ArrayRef {
        match self {
            Self::U32(values) => u32_vec(values),
            Self::F64(values) => f64_vec(values),
            Self::OptionalU32(values, known) => {
                Arc::new(UInt32Array::new(values.into(), missing(known)))
            }
            Self::OptionalF64(values, known) => {
                Arc::new(Float64Array::new(values.into(), missing(known)))
            }
            Self::Time(values) => time_vec(values, shared),
            Self::Bool(mut values) => Arc::new(BooleanArray::new(values.finish(), None)),
            Self::Names(keys, _) => dictionary(keys, names_of(column)),
            Self::Symbols(keys) => dictionary(keys, &shared.symbols),
            Self::Texts(without, values) => texts(std::iter::repeat_n(None, without).chain(values)),
            Self::Tags(values) => tags(values),
        }
    }
}

/// The bitmap of what is missing.
// None where nothing is, so that the fingerprint takes the column in one piece.
fn missing(mut known: BooleanBufferBuilder) -> Option<NullBuffer> {
    let missing = NullBuffer::new(known.finish());
    (missing.null_count() > 0).then_some(missing)
}

/// The closed list of names that the schema of a column states.
fn names_of(column: &Column) -> &'static [&'static str] {
    let Kind::Category(list) = column.kind else {
        panic!("'{}' is a category", column.name)
    };
    list
}

/// The key of a name in the list of its column.
// Names are constants, so that comparing addresses finds most of them; the same text at another
// address costs one more entry and gives the same key.
fn key_of(name: &'static str, column: &Column, met: &mut Vec<(&'static str, u32)>) -> u32 {
    if let Some(&(_, key)) = met.iter().find(|(known, _)| std::ptr::eq(*known, name)) {
        return key;
    }
    let Some(key) = place(name, names_of(column)) else {
        panic!("'{name}' is a name of category '{}'", column.name)
    };
    met.push((name, key));
    key
}

impl<'a> TakeColumns<'a> for ColumnBlocks<'a> {
    fn u32s(&mut self, values: impl Iterator<Item = u32>) {
        into_turn!(self, Values::U32(own) => own.extend(values));
    }

    fn f64s(&mut self, values: impl Iterator<Item = f64>) {
        into_turn!(self, Values::F64(own) => own.extend(values));
    }

    fn optional_f64s(&mut self, values: impl Iterator<Item = Option<f64>>) {
        into_turn!(self, Values::OptionalF64(own, known) => for value in values {
            known.append(value.is_some());
            own.push(value.unwrap_or_default());
        });
    }

    fn times(&mut self, values: impl Iterator<Item = i64>) {
        into_turn!(self, Values::Time(own) => own.extend(values));
    }

    fn bools(&mut self, values: impl Iterator<Item = bool>) {
        into_turn!(self, Values::Bool(own) => values.for_each(|value| own.append(value)));
    }

    fn symbols(&mut self, values: impl Iterator<Item = SymbolId>) {
        into_turn!(self, Values::Symbols(own) => own.extend(values.map(|id| id.0)));
    }

    fn names(&mut self, values: impl Iterator<Item = &'static str>) {
        let table = self.table;
        let column = &table[self.next];
        into_turn!(self, Values::Names(own, met) => {
            own.extend(values.map(|name| key_of(name, column, met)));
        });
    }

    fn texts(&mut self, values: impl Iterator<Item = Option<&'a str>>) {
        into_turn!(self, Values::Texts(without, own) => for value in values {
            if value.is_none() && own.is_empty() {
                *without += 1;
            } else {
                own.push(value);
            }
        });
    }

    fn tags(&mut self, values: impl Iterator<Item = &'a [String]>) {
        into_turn!(self, Values::Tags(own) => own.extend(values));
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, UInt32Type};

    use super::*;
    use crate::types::{Days, TimeUnit};

    const TABLE: &[Column] = &[
        column("number", Kind::U32, false),
        column("price", Kind::F64, true),
        column("side", Kind::Category(&["buy", "sell"]), false),
        column("long", Kind::Bool, false),
        column("reason", Kind::Text, true),
    ];

    const fn column(name: &'static str, kind: Kind, nullable: bool) -> Column {
        Column {
            name,
            kind,
            nullable,
        }
    }

    fn arrays(rows: &[u32], text_from: u32) -> Vec<ArrayRef> {
        let shared = Shared {
            symbols: vec!["A".into()],
            unit: TimeUnit::Second,
            timezone: None,
            days: Days::utc(TimeUnit::Second),
            first_decision: None,
        };
        let mut columns = ColumnBlocks::with_room(TABLE, rows.len(), &shared);
        for block in blocks(rows) {
            columns.write(|to| {
                to.u32s(block.iter().copied());
                to.optional_f64s(block.iter().map(|&r| (r % 3 > 0).then_some(f64::from(r))));
                to.names(block.iter().map(|r| ["sell", "buy"][(r % 2) as usize]));
                to.bools(block.iter().map(|r| r % 5 == 0));
                to.texts(block.iter().map(|&r| (r >= text_from).then_some("late")));
            });
        }
        columns.into_arrays()
    }

    #[test]
    fn columns_go_on_over_the_ends_of_blocks() {
        let rows: Vec<u32> = (0..700).collect();
        let made = arrays(&rows, 300);
        assert_eq!(made[0].as_primitive::<UInt32Type>().values(), &rows[..]);
        let prices = made[1].as_primitive::<Float64Type>();
        assert_eq!((prices.is_null(600), prices.value(601)), (true, 601.0));
        let sides = made[2].as_dictionary::<UInt32Type>().keys();
        assert_eq!((sides.value(256), sides.value(513)), (1, 0));
        let long = made[3].as_boolean();
        assert_eq!((long.value(255), long.value(256)), (true, false));
        let reasons = made[4].as_string::<i32>();
        assert_eq!((reasons.null_count(), reasons.value(300)), (300, "late"));
    }

    #[test]
    fn what_is_never_missing_has_no_bitmap_and_no_text_is_all_null() {
        let made = arrays(&[1, 2, 4], 9);
        assert!(made[1].nulls().is_none());
        assert_eq!(made[4].null_count(), 3);
        assert!(arrays(&[], 0).iter().all(Array::is_empty));
    }
}
