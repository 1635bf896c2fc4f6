//! The columns of every result table: names, kinds and nullability, in order.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};

use crate::types::{Days, TimeUnit};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A count, an index or an identifier.
    U32,
    /// A price, a size or an amount of money.
    F64,
    /// True or false.
    Bool,
    /// Time in the unit of the run.
    Time,
    /// A symbol's name, as a dictionary in store order.
    Symbol,
    /// One of a closed list of names, as a dictionary in the order of that list.
    Category(&'static [&'static str]),
    /// Free text.
    Text,
    /// A list of free texts.
    Tags,
}

/// One column of a result table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a value may be missing.
    pub nullable: bool,
}

const fn required(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        nullable: false,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        nullable: true,
    }
}

const DIRECTIONS: Kind = Kind::Category(&["long", "short"]);
const SIDES: Kind = Kind::Category(&["buy", "sell"]);
const ORDER_TYPES: Kind = Kind::Category(&[
    "market",
    "limit",
    "stop",
    "stop_limit",
    "modify",
    "cancel",
    "close",
    "limit_if_touched",
]);
/// What the engine notes on an order.
pub const ORDER_NOTES: &[&str] = &["scaled", "participation"];
const STATUSES: Kind = Kind::Category(&["filled", "cancelled", "expired", "rejected", "working"]);
const EXIT_REASONS: Kind = Kind::Category(&[
    "stop_loss",
    "take_profit",
    "trailing_stop",
    "break_even",
    "signal",
    "time",
    "end_of_data",
    "stop_out",
    "ruin",
    "stale",
    "delisted",
    "split_cash",
    "window",
    "roll",
]);
const LEDGER_KINDS: Kind = Kind::Category(&[
    "deposit",
    "pnl",
    "fee",
    "swap",
    "dividend",
    "tax",
    "split_cash",
    "delisting",
    "interest",
    "borrow",
    "funding",
]);

/// Closed positions and closed parts of positions, in order of entry, then of exit.
pub const TRADES: &[Column] = &[
    // Columns of trades, orders and equity are hashed in this order, with their names and kinds:
    // any change to them changes every fingerprint (D1).
    required("trade_id", Kind::U32),
    required("symbol", Kind::Symbol),
    required("direction", DIRECTIONS),
    required("lots", Kind::F64),
    required("units", Kind::F64),
    required("entry_index", Kind::U32),
    required("entry_time", Kind::Time),
    required("entry_price", Kind::F64),
    required("exit_index", Kind::U32),
    required("exit_time", Kind::Time),
    required("exit_price", Kind::F64),
    optional("stop_loss", Kind::F64),
    optional("take_profit", Kind::F64),
    required("exit_reason", EXIT_REASONS),
    required("ambiguous", Kind::Bool),
    required("gross_pnl", Kind::F64),
    required("fees", Kind::F64),
    required("swap", Kind::F64),
    required("net_pnl", Kind::F64),
    optional("r_multiple", Kind::F64),
    required("mae", Kind::F64),
    required("mfe", Kind::F64),
    required("bars_held", Kind::U32),
    optional("reason", Kind::Text),
    required("tags", Kind::Tags),
];

/// The profit interval of each trade (I3), row by row beside [`TRADES`].
pub const INTERVALS: &[Column] = &[
    // A table of its own: columns of `TRADES` are hashed, and bounds are no decision of a run.
    required("trade_id", Kind::U32),
    required("net_pnl_worst", Kind::F64),
    required("net_pnl_best", Kind::F64),
];

/// Orders, by number; refused ones too (F12).
pub const ORDERS: &[Column] = &[
    required("order_id", Kind::U32),
    required("symbol", Kind::Symbol),
    required("side", SIDES),
    required("type", ORDER_TYPES),
    required("lots", Kind::F64),
    optional("price", Kind::F64),
    optional("stop_loss", Kind::F64),
    optional("take_profit", Kind::F64),
    required("submitted_time", Kind::Time),
    required("status", STATUSES),
    optional("reject_reason", Kind::Text),
    optional("note", Kind::Category(ORDER_NOTES)),
];

/// The columns of [`ORDERS`] that are hashed: not what the fills show as well.
pub const HASHED_ORDERS: &[Column] = ORDERS.split_at(ORDERS.len() - 1).0;

/// Executions, in the order in which they happened.
pub const FILLS: &[Column] = &[
    required("order_id", Kind::U32),
    required("trade_id", Kind::U32),
    required("time", Kind::Time),
    required("price", Kind::F64),
    required("lots", Kind::F64),
    required("fee", Kind::F64),
    required("slippage", Kind::F64),
    required("rate", Kind::F64),
];

/// One row for each bar walked, marked to its close (M5).
pub const EQUITY: &[Column] = &[
    required("time", Kind::Time),
    required("balance", Kind::F64),
    required("equity", Kind::F64),
    required("open_positions", Kind::U32),
];

/// Every change of the balance, in the order in which it was booked.
pub const LEDGER: &[Column] = &[
    required("time", Kind::Time),
    required("kind", LEDGER_KINDS),
    optional("trade_id", Kind::U32),
    required("amount", Kind::F64),
    required("balance", Kind::F64),
];

/// Positions still open at the end.
pub const POSITIONS: &[Column] = &[
    required("trade_id", Kind::U32),
    required("symbol", Kind::Symbol),
    required("direction", DIRECTIONS),
    required("lots", Kind::F64),
    required("entry_index", Kind::U32),
    required("entry_time", Kind::Time),
    required("entry_price", Kind::F64),
    optional("stop_loss", Kind::F64),
    optional("take_profit", Kind::F64),
    required("open_profit", Kind::F64),
    required("swap", Kind::F64),
    required("entry_fee", Kind::F64),
];

/// What became of each target weight, in the order in which they were acted on (W12).
pub const WEIGHTS: &[Column] = &[
    required("time", Kind::Time),
    required("symbol", Kind::Symbol),
    optional("target", Kind::F64),
    required("realised", Kind::F64),
    optional("drift", Kind::F64),
    optional("reason", Kind::Text),
];

/// What the time and symbol columns of one run have in common, and its days.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// Names of the symbols, in store order.
    pub symbols: Vec<String>,
    /// Unit of the times.
    pub unit: TimeUnit,
    /// Display time zone of the times.
    pub timezone: Option<Arc<str>>,
    /// The days that returns are of (T4).
    pub days: Days,
    /// Time of the first step at which the strategy could act.
    pub first_decision: Option<i64>,
}

impl Shared {
    /// The days of the run, and the length of one.
    pub(crate) fn clock(&self) -> (Days, i64) {
        (self.days.clone(), self.unit.per_day())
    }
}

impl Kind {
    /// The Arrow type of such a column.
    #[must_use]
    pub fn data_type(self, shared: &Shared) -> DataType {
        match self {
            Self::U32 => DataType::UInt32,
            Self::F64 => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Time => DataType::Timestamp(arrow_unit(shared.unit), shared.timezone.clone()),
            Self::Symbol | Self::Category(_) => {
                DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8))
            }
            Self::Text => DataType::Utf8,
            Self::Tags => DataType::List(tag_field()),
        }
    }
}

/// The Arrow schema of a table.
#[must_use]
pub fn arrow_schema(columns: &[Column], shared: &Shared) -> Schema {
    let field = |c: &Column| Field::new(c.name, c.kind.data_type(shared), c.nullable);
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}

/// The field of the texts in a list of tags.
pub(super) fn tag_field() -> Arc<Field> {
    // Name and nullability must be those of the builder in `columns`: a list type differs where its
    // field does.
    Arc::new(Field::new("item", DataType::Utf8, false))
}

/// A time unit as Arrow names it.
pub(super) fn arrow_unit(unit: TimeUnit) -> arrow_schema::TimeUnit {
    match unit {
        TimeUnit::Second => arrow_schema::TimeUnit::Second,
        TimeUnit::Millisecond => arrow_schema::TimeUnit::Millisecond,
        TimeUnit::Microsecond => arrow_schema::TimeUnit::Microsecond,
        TimeUnit::Nanosecond => arrow_schema::TimeUnit::Nanosecond,
    }
}
