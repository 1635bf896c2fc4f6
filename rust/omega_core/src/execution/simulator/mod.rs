//! The order book and the open positions of a run, and what one bar does to them.
//!
//! Within one bar (F9): market orders in submission order; then everything that the open price
//! itself triggers, by order number; then what happens inside the bar, by order number. A
//! protective exit counts under the number of the order that opened its position.

mod accept;
mod calm;
mod change;
mod exits;
mod fills;
mod groups;
mod manage;
mod queue;
mod stretches;
mod walk;

use super::{Fill, LastTrades, Order, OrderType, Position, Settings};
use crate::error::OmegaError;
use crate::types::{OrderId, SymbolId, TradeId};

/// What happened, in order, for strategies that want to hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The fill at this place among all fills.
    Filled(usize),
    /// The closed trade at this place among all of them.
    Closed(usize),
}

/// An order that waits, with the kind it has by now: a stop-limit becomes a limit when armed.
#[derive(Debug, Clone, Copy)]
struct Working {
    id: OrderId,
    row: usize,
    symbol: SymbolId,
    kind: OrderType,
    /// Whether this bar's open armed it: it works again from the next bar on (F4).
    rests: bool,
}

/// Omega's own executor: matches orders against bid and ask columns.
#[derive(Debug)]
pub struct Simulator {
    settings: Settings,
    orders: Vec<Order>,
    working: Vec<Working>,
    positions: Vec<Position>,
    fills: Vec<Fill>,
    events: Vec<Event>,
    touched: Vec<walk::Touched>,
    asked: Vec<queue::Asked>,
    last_trades: Vec<LastTrades>,
    /// The first refusal of a strict run that did not happen at acceptance.
    refused: Option<OmegaError>,
    next_order: u32,
    next_trade: u32,
    changes: u64,
    /// The changes counted when a bar was last found to leave all as it is.
    settled: u64,
    /// Time of the bar walked last.
    walked: i64,
    calm: Option<calm::Calm>,
    /// Memory for the marks of the next quiet stretch.
    spare: calm::Marks,
    /// Memory for the positions that a close means.
    meant: Vec<TradeId>,
}

impl Simulator {
    /// An executor without orders or positions.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            last_trades: vec![LastTrades::default(); settings.symbols.len()],
            settings,
            orders: Vec::new(),
            working: Vec::new(),
            positions: Vec::new(),
            fills: Vec::new(),
            events: Vec::new(),
            touched: Vec::new(),
            asked: Vec::new(),
            refused: None,
            next_order: 0,
            next_trade: 0,
            changes: 0,
            settled: 0,
            walked: i64::MIN,
            calm: None,
            spare: calm::Marks::default(),
            meant: Vec::new(),
        }
    }

    /// Whether no bar can change anything: nothing is open and nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.positions.is_empty() && self.working.is_empty() && self.asked.is_empty()
    }

    /// Notes which symbols a bar can change something for.
    pub fn mark_live(&self, live: &mut [bool]) {
        live.fill(false);
        for position in &self.positions {
            live[position.symbol.index()] = true;
        }
        for waiting in &self.working {
            live[waiting.symbol.index()] = true;
        }
        for asked in &self.asked {
            live[self.orders[asked.row].symbol.index()] = true;
        }
    }

    /// Open positions, by trade number.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Open positions, for marking.
    pub fn positions_mut(&mut self) -> &mut [Position] {
        &mut self.positions
    }

    /// All order rows so far.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The rows of the orders that wait, by number.
    pub fn working(&self) -> impl Iterator<Item = &Order> {
        self.working.iter().map(|waiting| &self.orders[waiting.row])
    }

    /// All fills so far.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// The number that the next action will take.
    #[must_use]
    pub fn next_order(&self) -> u32 {
        self.next_order
    }

    /// Counts every change of orders and positions, so that a reader can tell whether to look.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// What happened since the events were last cleared.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Forgets what happened, keeping the memory for what happens next.
    pub fn clear_events(&mut self) {
        self.events.clear();
    }

    /// Orders, fills and open positions at the end of a run.
    #[must_use]
    pub fn into_rows(mut self) -> (Vec<Order>, Vec<Fill>, Vec<Position>) {
        self.rouse();
        (self.orders, self.fills, self.positions)
    }

    fn take_number(&mut self) -> OrderId {
        let id = OrderId(self.next_order);
        self.next_order += 1;
        self.changes += 1;
        id
    }
}
