//! Which column of the candles an indicator reads.

use crate::error::OmegaError;

/// Which column of the candles an indicator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
        // Plain names are the bid side (rule T2).
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
