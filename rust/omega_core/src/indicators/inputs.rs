//! The columns of one request, each in one slice.

use arrow_buffer::ScalarBuffer;

use super::{Need, Source, Spec};
use crate::columns::{AskColumns, Segment};
use crate::error::OmegaError;
use crate::store::SymbolCandles;
use crate::types::{Days, Side};

/// The columns that an indicator needs, in its order, and the times where it needs days.
#[derive(Debug)]
pub struct Inputs {
    columns: Vec<ScalarBuffer<f64>>,
    times: Option<ScalarBuffer<i64>>,
    days: Days,
}

impl Inputs {
    /// Columns of equal length, in the order of the definition's needs.
    ///
    /// # Errors
    /// `Config` where there are more or fewer than needed, or their lengths differ.
    pub fn new(spec: &Spec, columns: Vec<ScalarBuffer<f64>>) -> Result<Self, OmegaError> {
        let name = spec.definition().name;
        let needed = spec.definition().needs.len();
        let lengths: Vec<usize> = columns.iter().map(ScalarBuffer::len).collect();
        if columns.len() != needed || lengths.iter().any(|length| *length != lengths[0]) {
            return Err(OmegaError::Config {
                parameter: format!("{name} columns"),
                given: format!("lengths {lengths:?}"),
                expected: format!("{needed} of one length"),
                hint: "Its sources must be of one symbol and one timeframe".into(),
            });
        }
        Ok(Self {
            columns,
            times: None,
            days: Days::Utc(1),
        })
    }

    /// The same with the times of the candles, for what begins anew each day; of UTC where no days
    /// are given.
    #[must_use]
    pub fn with_times(mut self, candles: &SymbolCandles, days: Option<&Days>) -> Self {
        self.times = Some(candles.times(0..candles.len()));
        self.days = days.map_or_else(|| Days::utc(candles.unit()), Days::clone);
        self
    }

    /// The columns by place.
    #[must_use]
    pub fn columns<const N: usize>(&self) -> [&[f64]; N] {
        std::array::from_fn(|place| &*self.columns[place])
    }

    /// One column by its place.
    #[must_use]
    pub fn column(&self, place: usize) -> &[f64] {
        &self.columns[place]
    }

    /// The open times; empty where the indicator does not need days.
    #[must_use]
    pub fn times(&self) -> &[i64] {
        self.times.as_deref().unwrap_or_default()
    }

    /// Their days (T4).
    #[must_use]
    pub fn days(&self) -> &Days {
        &self.days
    }
}

/// The column of the candles that a need means, on a side.
#[must_use]
pub fn source_of(need: Need, side: Side) -> Option<Source> {
    let price = match need {
        Need::Open => 0,
        Need::High => 1,
        Need::Low => 2,
        Need::Close => 3,
        Need::Volume => return Some(Source::Volume),
        Need::Source | Need::Second | Need::Third => return None,
    };
    Some(match side {
        Side::Bid => Source::Bid(price),
        Side::Ask => Source::Ask(price),
    })
}

/// A column of the candles in one piece: shared where one segment holds it, else put together.
///
/// # Errors
/// `Config` where the volume is requested and the candles have none.
pub fn column(candles: &SymbolCandles, source: Source) -> Result<ScalarBuffer<f64>, OmegaError> {
    // Data in one chunk is read where it lies: an indicator over a mapped file copies no price.
    if let [segment] = candles.segments()
        && let Some(stored) = stored(segment, source)
    {
        return Ok(stored.clone());
    }
    let mut joined = Vec::with_capacity(candles.len());
    for segment in candles.segments() {
        append(&mut joined, segment, source)?;
    }
    Ok(joined.into())
}

/// The buffer of a column, where it lies in memory.
fn stored(segment: &Segment, source: Source) -> Option<&ScalarBuffer<f64>> {
    match (source, &segment.ask) {
        (Source::Bid(price), _) => Some(&segment.bid[price]),
        (Source::Ask(price), AskColumns::Quoted(columns)) => Some(&columns[price]),
        (Source::Volume, _) => segment.volume.as_ref(),
        (Source::Ask(_), _) => None,
    }
}

/// Adds a segment's values; the ask side may be the bid plus a spread (rule T2).
fn append(joined: &mut Vec<f64>, segment: &Segment, source: Source) -> Result<(), OmegaError> {
    if let Some(values) = stored(segment, source) {
        joined.extend_from_slice(values);
        return Ok(());
    }
    match (source, &segment.ask) {
        (Source::Ask(price), AskColumns::Constant(spread)) => {
            // The same single addition as in `Segment::ask`, so that an indicator reads the ask to
            // the bit that orders are filled at.
            joined.extend(segment.bid[price].iter().map(|bid| bid + spread));
        }
        (Source::Ask(price), AskColumns::Spread(spreads)) => {
            let pairs = segment.bid[price].iter().zip(spreads.iter());
            joined.extend(pairs.map(|(bid, spread)| bid + spread));
        }
        // Only the volume can be missing: bids are stored, and asks are stored or made.
        _ => {
            return Err(OmegaError::Config {
                parameter: "source".into(),
                given: "volume".into(),
                expected: "a column of the data".into(),
                hint: "The data has no volume column".into(),
            });
        }
    }
    Ok(())
}
