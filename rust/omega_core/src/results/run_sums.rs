//! A run of which no tables are made: only what its metrics and its fingerprint need.

use std::borrow::Cow;

use arrow_buffer::ScalarBuffer;

use super::Metrics;
use super::fingerprint;
use super::hashed_times::HashedTimes;
use super::metrics::Inputs;
use super::schema::Shared;
use crate::execution::{Fill, FillSums, Order};
use crate::portfolio::PortfolioSums;

/// The sums of a run that keeps no rows; of a run that is hashed also the rows of trades and
/// orders.
#[derive(Debug)]
pub struct RunSums {
    pub(crate) shared: Shared,
    /// The cash at the start.
    pub(crate) initial: f64,
    pub(crate) times: ScalarBuffer<i64>,
    pub(crate) books: PortfolioSums,
    pub(crate) orders: Vec<Order>,
    pub(crate) fill_sums: FillSums,
    /// For the next run.
    pub(crate) fills: Vec<Fill>,
    pub(crate) hashed_times: HashedTimes,
}

impl RunSums {
    /// All metrics, and the return of each day that they were made of, as those of the tables.
    #[must_use]
    pub fn measured(&self) -> (Metrics, Option<Vec<f64>>) {
        let inputs = Inputs {
            shared: &self.shared,
            extremes: self.books.extremes,
            trades: Cow::Borrowed(&self.books.closed),
            fills: self.fill_sums,
            initial: Some(self.initial),
            booked: self.books.booked,
            times: self.times.clone(),
            walked: Cow::Borrowed(&self.books.walked),
            busy: self.books.busy,
        };
        inputs.measured()
    }

    /// The fingerprint of the tables, of a run that was to have one.
    pub fn fingerprint(&mut self) -> Option<String> {
        let changes = self.books.changes.as_ref()?;
        let rows = (self.books.trades.as_slice(), self.orders.as_slice());
        let (spans, shared) = (&self.books.spans, &self.shared);
        let times = self.hashed_times.of(&self.times);
        Some(fingerprint::of_sums(rows, (times, spans, changes), shared))
    }
}
