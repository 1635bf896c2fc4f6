//! Orders to fills: order book, matching, protective exits, sizing and costs.
//!
//! In: actions of the strategy and one bar after the other. Out: fills, orders with their states,
//! open positions. Prices are compared as the trade's direction faces them (`Ohlc::facing`), so
//! that each rule is written once, for buying.

mod account;
mod action;
mod bars;
mod book;
mod by_symbol;
pub mod costs;
mod dated_events;
mod distance;
mod entry_limits;
mod exposure;
mod fill_sums;
mod instrument;
mod intrabar;
mod labels;
mod lowest_profits;
mod managers;
mod marks;
mod matching;
mod oco;
mod oco_groups;
mod order;
mod orders;
mod places;
mod position;
mod positions;
mod queue;
mod quiet;
mod rebalance;
mod restated;
mod roster;
mod settings;
mod simulator;
mod sizing;
mod stale;
mod trigger;

pub use account::{Account, Booking, Exit, LedgerKind};
pub use action::{Action, CloseTarget, LevelChange, ModifyRequest, OpenRequest};
pub use bars::{Concern, StepBars, SymbolBar};
pub use dated_events::{Carry, DatedRates, Event, Funding, Happening, Roll, Schedule};
pub use distance::{Distance, Level};
pub use entry_limits::{LastTrades, Limits};
pub use exposure::{AccountStop, Exposure, Rest};
pub(crate) use fill_sums::FillNumbers;
pub use fill_sums::FillSums;
pub use instrument::Instrument;
pub use intrabar::{IntrabarPolicy, Outcome, Resolution, facing_path, low_comes_first, resolve};
pub use labels::Labels;
pub use lowest_profits::{Lows, QuietBar};
pub use managers::Manager;
pub(crate) use marks::{greatest, least};
pub use matching::{Live, Match, at_open, in_bar, target_at_open};
pub use order::{
    ExitReason, Expiry, Fill, Order, OrderStatus, OrderType, ReduceOnly, RejectReason,
};
pub use position::{Origin, Position, open_profit};
pub use rebalance::{
    Missing, Phases, Rebalance, RebalanceRules, SizeAt, Target, TargetSize, WeightRow,
};
pub use settings::{
    AccountKind, AccountRules, MarketFill, Participation, PositionMode, Semantics, Settings,
    SymbolSettings,
};
pub use simulator::{OwnBars, Simulator, SimulatorRows};
pub use sizing::{Sizer, SizingBasis};
pub use stale::Stale;
pub use trigger::Trigger;
