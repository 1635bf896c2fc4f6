//! One symbol's input: which column plays which part, brought to segments that share its memory.

use arrow_array::{Array, ArrayRef};
use arrow_buffer::ScalarBuffer;
use arrow_schema::DataType;

use super::align::{Ask, Chunked, Prices, segments};
use super::cast::{TimeType, Typed, floats, times};
use super::findings::time_text;
use super::{ColumnNames, Role, Segment, Slot};
use crate::error::OmegaError;
use crate::types::TimeUnit;

/// A column of the input: its part, the user's name for it, and its chunks, all of one type.
#[derive(Debug, Clone)]
pub struct InputColumn {
    /// The part that it plays.
    pub role: Role,
    /// The user's name for it.
    pub name: String,
    /// Its chunks, in the order of the rows.
    pub chunks: Vec<ArrayRef>,
    /// Bytes that were copied to bring it here; 0 where it is shared.
    pub copied_bytes: usize,
}

impl InputColumn {
    pub(super) fn data_type(&self) -> &DataType {
        self.chunks
            .first()
            .map_or(&DataType::Null, Array::data_type)
    }

    fn rows(&self) -> usize {
        self.chunks.iter().map(Array::len).sum()
    }
}

/// All columns of one symbol.
#[derive(Debug, Clone)]
pub struct SymbolInput {
    /// The symbol's name.
    pub symbol: String,
    /// Its columns.
    pub columns: Vec<InputColumn>,
    /// The distance from bid to ask where no column gives the ask side.
    pub spread: f64,
}

/// One symbol's columns as segments; types are checked, values are not yet.
#[derive(Debug, Clone)]
pub struct SymbolColumns {
    /// The symbol's name.
    pub symbol: String,
    /// Unit of its times.
    pub unit: TimeUnit,
    /// Display time zone of the time column.
    pub timezone: Option<String>,
    /// The user's columns.
    pub names: ColumnNames,
    /// The chunks, cut where any column is cut.
    pub segments: Vec<Segment>,
    /// Every missing value, by row; the segments hold no meaning there.
    pub nulls: Vec<(usize, Slot)>,
    /// Bytes that a cast made.
    pub copied_bytes: usize,
}

/// Brings one symbol's columns to segments without copying, and checks types and lengths.
///
/// # Errors
/// [`OmegaError::InvalidColumn`] for a missing, mistyped, empty or unequally long column;
/// [`OmegaError::InvalidCandleData`] where a value cannot be cast, or an ask frame's times differ;
/// [`OmegaError::Config`] for a negative spread.
pub fn read(input: SymbolInput, cast: bool) -> Result<SymbolColumns, OmegaError> {
    check_spread(input.spread)?;
    let names = input
        .columns
        .iter()
        .map(|column| (column.role, column.name.clone()))
        .collect();
    let mut reader = Reader {
        input,
        cast,
        nulls: Vec::new(),
        copied_bytes: 0,
    };
    // Time first: the other columns are measured against its length.
    let (time, time_type) = reader.time()?;
    let chunked = Chunked {
        bid: reader.bid()?,
        ask: reader.ask()?,
        volume: reader.column(Role::Volume, Slot::Volume)?,
        time,
    };
    let Reader {
        input,
        mut nulls,
        copied_bytes,
        ..
    } = reader;
    // Collected column by column, but validation consumes them row by row.
    nulls.sort_unstable();
    Ok(SymbolColumns {
        symbol: input.symbol,
        unit: time_type.unit,
        timezone: time_type.timezone,
        names: ColumnNames::new(names),
        segments: segments(chunked),
        nulls,
        copied_bytes,
    })
}

fn check_spread(spread: f64) -> Result<(), OmegaError> {
    // `>=` is false for NaN, so that one condition refuses it with the negative ones.
    if spread >= 0.0 && spread.is_finite() {
        return Ok(());
    }
    Err(OmegaError::Config {
        parameter: "spread".to_owned(),
        given: spread.to_string(),
        expected: "a finite number of price units, 0 or more".to_owned(),
        hint: "A spread of 2 pips on EURUSD is spread=0.0002".to_owned(),
    })
}

struct Reader {
    input: SymbolInput,
    cast: bool,
    nulls: Vec<(usize, Slot)>,
    copied_bytes: usize,
}

impl Reader {
    fn find(&self, role: Role) -> Option<&InputColumn> {
        self.input.columns.iter().find(|column| column.role == role)
    }

    fn require(&self, role: Role) -> Result<&InputColumn, OmegaError> {
        self.find(role).ok_or_else(|| {
            self.refuse(
                role.name(),
                "the column is missing",
                "Add it, or map one with columns={}",
            )
        })
    }

    fn refuse(&self, column: &str, problem: &str, hint: &str) -> OmegaError {
        OmegaError::InvalidColumn {
            symbol: self.input.symbol.as_str().into(),
            column: column.into(),
            problem: problem.to_owned(),
            hint: hint.to_owned(),
        }
    }

    fn note<T: arrow_buffer::ArrowNativeType>(
        &mut self,
        typed: Typed<T>,
        slot: Slot,
    ) -> Vec<ScalarBuffer<T>> {
        self.nulls
            .extend(typed.nulls.into_iter().map(|row| (row, slot)));
        self.copied_bytes += typed.copied_bytes;
        typed.chunks
    }

    fn time(&mut self) -> Result<(Vec<ScalarBuffer<i64>>, TimeType), OmegaError> {
        let column = self.require(Role::Time)?;
        if column.rows() == 0 {
            return Err(self.refuse(&column.name, "there are no rows", "Give at least one bar"));
        }
        let (typed, time_type) = times(&self.input.symbol, column, self.cast)?;
        let chunks = self.note(typed, Slot::Time);
        self.check_ask_time(&chunks, &time_type)?;
        Ok((chunks, time_type))
    }

    fn column(
        &mut self,
        role: Role,
        slot: Slot,
    ) -> Result<Option<Vec<ScalarBuffer<f64>>>, OmegaError> {
        let Some(column) = self.find(role) else {
            return Ok(None);
        };
        let expected = self.require(Role::Time)?.rows();
        if column.rows() != expected {
            let problem = format!(
                "the column has {} rows, the time column has {expected}",
                column.rows()
            );
            return Err(self.refuse(&column.name, &problem, "Give columns of one length"));
        }
        let typed = floats(&self.input.symbol, column, self.cast)?;
        Ok(Some(self.note(typed, slot)))
    }

    fn prices(&mut self, role: fn(u8) -> Role, slot: fn(u8) -> Slot) -> Result<Prices, OmegaError> {
        let mut columns = [const { Vec::new() }; 4];
        for (k, column) in (0u8..).zip(&mut columns) {
            // `column` returns `None` for a missing column; all four prices are needed, so the name
            // is reported first.
            self.require(role(k))?;
            *column = self.column(role(k), slot(k))?.unwrap_or_default();
        }
        Ok(Prices::Bars(columns))
    }

    fn bid(&mut self) -> Result<Prices, OmegaError> {
        if let Some(quote) = self.column(Role::BidQuote, Slot::Bid(0))? {
            return Ok(Prices::Quote(quote));
        }
        // One column named for the bid side decides: the other three are then missing by these
        // names, instead of being taken from plain data.
        let sided = (0..4).any(|k| self.find(Role::Bid(k)).is_some());
        self.prices(if sided { Role::Bid } else { Role::Price }, Slot::Bid)
    }

    fn ask(&mut self) -> Result<Ask, OmegaError> {
        if let Some(quote) = self.column(Role::AskQuote, Slot::Ask(0))? {
            return Ok(Ask::Quoted(Prices::Quote(quote)));
        }
        if (0..4).any(|k| self.find(Role::Ask(k)).is_some()) {
            return Ok(Ask::Quoted(self.prices(Role::Ask, Slot::Ask)?));
        }
        let spread = self.column(Role::Spread, Slot::Spread)?;
        Ok(spread.map_or(Ask::Constant(self.input.spread), Ask::Spread))
    }

    /// The times of a separate ask frame must be those of the bid frame, row by row.
    fn check_ask_time(
        &self,
        bid: &[ScalarBuffer<i64>],
        bid_type: &TimeType,
    ) -> Result<(), OmegaError> {
        let Some(column) = self.find(Role::AskTime) else {
            return Ok(());
        };
        let (ask, ask_type) = times(&self.input.symbol, column, self.cast)?;
        // Not converted: input is never repaired silently (rule T3), and a finer unit could not be.
        if ask_type.unit != bid_type.unit {
            let (given, expected) = (ask_type.unit.abbreviation(), bid_type.unit.abbreviation());
            let problem = format!("the unit is {given}, that of the bid side is {expected}");
            return Err(self.refuse(&column.name, &problem, "Give both sides in one unit"));
        }
        // A null counts as a difference whatever its buffer holds, which may by chance be the right
        // time.
        let missing = ask.nulls.first().copied();
        let differs = first_difference(bid, &ask.chunks);
        let Some(row) = differs.into_iter().chain(missing).min() else {
            return Ok(());
        };
        let text = |chunks: &[ScalarBuffer<i64>]| {
            value_at(chunks, row).map_or_else(
                || "no row".to_owned(),
                |time| time_text(time, bid_type.unit),
            )
        };
        let value = if missing == Some(row) {
            "null".to_owned()
        } else {
            text(&ask.chunks)
        };
        Err(OmegaError::InvalidCandleData {
            symbol: self.input.symbol.as_str().into(),
            column: column.name.as_str().into(),
            row,
            value,
            rule: "same_times",
            problem: format!("the bid side has {} here", text(bid)),
            hint: "Join the two frames on time first, so that both sides have the same rows",
        })
    }
}

/// The first row in which two columns differ, where they do; a missing row is a difference.
fn first_difference(a: &[ScalarBuffer<i64>], b: &[ScalarBuffer<i64>]) -> Option<usize> {
    let (mut a, mut b) = (a.iter(), b.iter());
    let (mut left, mut right): (&[i64], &[i64]) = (&[], &[]);
    let mut row = 0;
    loop {
        while left.is_empty() {
            let Some(next) = a.next() else { break };
            left = next;
        }
        while right.is_empty() {
            let Some(next) = b.next() else { break };
            right = next;
        }
        let rows = left.len().min(right.len());
        if rows == 0 {
            return (left.len() != right.len()).then_some(row);
        }
        // Whole stretches are compared at once, and the row is searched only in the one that
        // differs.
        if left[..rows] != right[..rows] {
            return left
                .iter()
                .zip(right)
                .position(|(a, b)| a != b)
                .map(|offset| row + offset);
        }
        (left, right) = (&left[rows..], &right[rows..]);
        row += rows;
    }
}

fn value_at(chunks: &[ScalarBuffer<i64>], mut row: usize) -> Option<i64> {
    for chunk in chunks {
        if let Some(&value) = chunk.get(row) {
            return Some(value);
        }
        // Cannot fall below 0: a chunk that has no such row is at most that long.
        row -= chunk.len();
    }
    None
}
