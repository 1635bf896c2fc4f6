//! What a column of the input stands for, and the user's name for it.

use std::fmt;

/// The part that a column of the input plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Open time of the bar.
    Time,
    /// Open times of a separate ask frame; compared with those of the bid and then dropped.
    AskTime,
    /// A price of plain data, which is the bid side: 0 open, 1 high, 2 low, 3 close.
    Price(u8),
    /// A price of the bid side, numbered likewise.
    Bid(u8),
    /// A price of the ask side, numbered likewise.
    Ask(u8),
    /// The bid of a quote tick: all four bid prices.
    BidQuote,
    /// The ask of a quote tick: all four ask prices.
    AskQuote,
    /// Distance from bid to ask, in price units.
    Spread,
    /// Volume of the bar.
    Volume,
}

// One table for both directions, so that `parse` and `name` cannot disagree.
const NAMES: [(Role, &str); 18] = [
    (Role::Time, "time"),
    (Role::AskTime, "ask_time"),
    (Role::Price(0), "open"),
    (Role::Price(1), "high"),
    (Role::Price(2), "low"),
    (Role::Price(3), "close"),
    (Role::Bid(0), "bid_open"),
    (Role::Bid(1), "bid_high"),
    (Role::Bid(2), "bid_low"),
    (Role::Bid(3), "bid_close"),
    (Role::Ask(0), "ask_open"),
    (Role::Ask(1), "ask_high"),
    (Role::Ask(2), "ask_low"),
    (Role::Ask(3), "ask_close"),
    (Role::BidQuote, "bid"),
    (Role::AskQuote, "ask"),
    (Role::Spread, "spread"),
    (Role::Volume, "volume"),
];

impl Role {
    /// The role of that name; `None` where there is no such role.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(role, _)| *role)
    }

    /// The name that the documentation uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(role, _)| *role == self)
            .map_or("", |(_, name)| name)
    }

    /// The same part by the side that it belongs to: plain data is the bid side (rule T2).
    #[must_use]
    pub fn on_a_side(self) -> Self {
        match self {
            Self::Price(k) => Self::Bid(k),
            other => other,
        }
    }

    /// Whether this column supplies the slot.
    #[must_use]
    pub fn fills(self, slot: Slot) -> bool {
        match (self, slot) {
            (Self::Time, Slot::Time)
            // A quote supplies all four prices of its side.
            | (Self::BidQuote, Slot::Bid(_))
            | (Self::AskQuote, Slot::Ask(_))
            | (Self::Spread, Slot::Spread)
            | (Self::Volume, Slot::Volume) => true,
            (Self::Price(k) | Self::Bid(k), Slot::Bid(slot)) | (Self::Ask(k), Slot::Ask(slot)) => {
                k == slot
            }
            _ => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place in a segment; prices are numbered 0 open, 1 high, 2 low, 3 close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// Open time.
    Time,
    /// A price of the bid side.
    Bid(u8),
    /// A price of the ask side.
    Ask(u8),
    /// Distance from bid to ask.
    Spread,
    /// Volume.
    Volume,
}

/// The columns that the user gave, in the order of the roles, each by the user's name for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnNames(Vec<(Role, String)>);

impl ColumnNames {
    /// Names in the order given.
    #[must_use]
    pub fn new(names: Vec<(Role, String)>) -> Self {
        Self(names)
    }

    /// Each column's role and the user's name for it.
    pub fn iter(&self) -> impl Iterator<Item = (Role, &str)> {
        self.0.iter().map(|(role, name)| (*role, name.as_str()))
    }

    /// The user's name for the column that supplies a slot.
    #[must_use]
    pub fn of(&self, slot: Slot) -> &str {
        self.0
            .iter()
            .find(|(role, _)| role.fills(slot))
            .map_or("", |(_, name)| name)
    }

    /// Whether the input is quote ticks, whose times may repeat (rule T1).
    #[must_use]
    pub fn are_quotes(&self) -> bool {
        self.0.iter().any(|(role, _)| *role == Role::BidQuote)
    }
}
