//! A column as kernels read it: slices where they lie, in order.

use std::borrow::Cow;

use crate::columns::{AskColumns, Segment};
use crate::error::OmegaError;
use crate::store::SymbolCandles;

/// Which column of the candles an indicator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A price of the bid side: open, high, low, close by place.
    Bid(usize),
    /// A price of the ask side.
    Ask(usize),
    /// The volume.
    Volume,
}

const PRICES: [&str; 4] = ["open", "high", "low", "close"];

impl Source {
    /// The source of this name: `close`, `bid_close`, `ask_high`, `volume` and so on.
    ///
    /// # Errors
    /// `Config` where there is no such column.
    pub fn named(name: &str) -> Result<Self, OmegaError> {
        if name == "volume" {
            return Ok(Self::Volume);
        }
        let bare = name.strip_prefix("bid_").unwrap_or(name);
        if let Some(place) = PRICES.iter().position(|price| *price == bare) {
            return Ok(Self::Bid(place));
        }
        let ask = name.strip_prefix("ask_").unwrap_or("");
        match PRICES.iter().position(|price| *price == ask) {
            Some(place) => Ok(Self::Ask(place)),
            None => Err(OmegaError::Config {
                parameter: "source".into(),
                given: name.into(),
                expected: "open, high, low or close, alone or after bid_ or ask_; or volume".into(),
                hint: "Or use self.column() with any Polars expression".into(),
            }),
        }
    }
}

/// One value a bar, in one or more slices.
#[derive(Debug, Clone)]
pub struct Series<'a> {
    parts: Vec<Cow<'a, [f64]>>,
    length: usize,
}

impl<'a> Series<'a> {
    /// A series of one slice.
    #[must_use]
    pub fn of(values: &'a [f64]) -> Self {
        Self {
            parts: vec![Cow::Borrowed(values)],
            length: values.len(),
        }
    }

    /// A column of the candles: shared where it lies in memory, computed where the ask side is the
    /// bid plus a spread.
    ///
    /// # Errors
    /// `Config` where the candles have no volume and it is asked for.
    pub fn from_candles(candles: &'a SymbolCandles, source: Source) -> Result<Self, OmegaError> {
        let parts: Option<Vec<_>> = candles
            .segments()
            .iter()
            .map(|segment| part(segment, source))
            .collect();
        let parts = parts.ok_or_else(|| OmegaError::Config {
            parameter: "source".into(),
            given: "volume".into(),
            expected: "a column of the data".into(),
            hint: "The data has no volume column".into(),
        })?;
        Ok(Self {
            parts,
            length: candles.len(),
        })
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The values in one slice: as they lie where they are in one, joined where they are in several.
    #[must_use]
    pub fn contiguous(&self) -> Cow<'_, [f64]> {
        match self.parts.as_slice() {
            [only] => Cow::Borrowed(only),
            _ => Cow::Owned(self.iter().collect()),
        }
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = f64> + Clone + '_ {
        self.parts.iter().flat_map(|part| part.iter().copied())
    }
}

fn part(segment: &Segment, source: Source) -> Option<Cow<'_, [f64]>> {
    Some(match (source, &segment.ask) {
        (Source::Bid(place), _) => Cow::Borrowed(&segment.bid[place]),
        (Source::Volume, _) => Cow::Borrowed(segment.volume.as_deref()?),
        (Source::Ask(place), AskColumns::Quoted(columns)) => Cow::Borrowed(&columns[place]),
        (Source::Ask(place), AskColumns::Constant(spread)) => {
            Cow::Owned(segment.bid[place].iter().map(|bid| bid + spread).collect())
        }
        (Source::Ask(place), AskColumns::Spread(spreads)) => Cow::Owned(
            segment.bid[place]
                .iter()
                .zip(spreads.iter())
                .map(|(bid, spread)| bid + spread)
                .collect(),
        ),
    })
}
