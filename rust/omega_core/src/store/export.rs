//! The store's columns as Arrow arrays again: the same buffers under the same names.

use std::sync::Arc;

use arrow_array::types::{
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{ArrayRef, Float64Array, PrimitiveArray};
use arrow_buffer::{NullBuffer, ScalarBuffer};

use super::SymbolCandles;
use crate::columns::{AskColumns, Role, Segment};
use crate::types::TimeUnit;

impl SymbolCandles {
    /// The column that plays a role, in segment `k`; `None` where the input has no such column.
    #[must_use]
    pub fn column(&self, k: usize, role: Role) -> Option<ArrayRef> {
        let segment = self.segments().get(k)?;
        if role == Role::Time {
            return Some(self.time_array(segment.time.clone(), None));
        }
        let values = prices(segment, role)?.clone();
        Some(Arc::new(Float64Array::new(values, None)))
    }

    /// Times in this symbol's unit and time zone.
    #[must_use]
    pub fn time_array(&self, times: ScalarBuffer<i64>, nulls: Option<NullBuffer>) -> ArrayRef {
        let zone: Option<Arc<str>> = self.timezone().map(Arc::from);
        match self.unit() {
            TimeUnit::Second => Arc::new(
                PrimitiveArray::<TimestampSecondType>::new(times, nulls).with_timezone_opt(zone),
            ),
            TimeUnit::Millisecond => Arc::new(
                PrimitiveArray::<TimestampMillisecondType>::new(times, nulls)
                    .with_timezone_opt(zone),
            ),
            TimeUnit::Microsecond => Arc::new(
                PrimitiveArray::<TimestampMicrosecondType>::new(times, nulls)
                    .with_timezone_opt(zone),
            ),
            TimeUnit::Nanosecond => Arc::new(
                PrimitiveArray::<TimestampNanosecondType>::new(times, nulls)
                    .with_timezone_opt(zone),
            ),
        }
    }

    /// The roles of the input's columns, of those that the store holds.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.names()
            .iter()
            .map(|(role, _)| role)
            // Compared with the bid's times when it was read, and not kept.
            .filter(|role| *role != Role::AskTime)
    }

    /// Bytes of all columns.
    #[must_use]
    pub fn nbytes(&self) -> usize {
        // By the input's columns: a quote is one column, though a segment refers to it four times.
        self.roles().count() * self.len() * size_of::<f64>()
    }
}

/// The values of a role; the bid side has the names of plain data and its own.
fn prices(segment: &Segment, role: Role) -> Option<&ScalarBuffer<f64>> {
    match (role, &segment.ask) {
        (Role::Price(k) | Role::Bid(k), _) => segment.bid.get(usize::from(k)),
        (Role::BidQuote, _) => segment.bid.first(),
        (Role::Ask(k), AskColumns::Quoted(ask)) => ask.get(usize::from(k)),
        (Role::AskQuote, AskColumns::Quoted(ask)) => ask.first(),
        (Role::Spread, AskColumns::Spread(spread)) => Some(spread),
        (Role::Volume, _) => segment.volume.as_ref(),
        _ => None,
    }
}
