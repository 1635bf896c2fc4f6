//! Orders that wait for the next bar of their symbol, and what they do then.

use super::{CloseTarget, ExitReason};

/// An order that fills in the next bar of its symbol: a market order or a close that was submitted
/// while the symbol had no bar, a close by a position manager, or an order at the close.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueuedOrder {
    /// Its row among the orders.
    pub(super) row: usize,
    pub(super) task: QueuedTask,
    /// Whether a fill of this bar left it, so that it waits for the next one (W10).
    pub(super) is_left: bool,
    /// Whether it was taken or has ended, and leaves when the list is settled.
    pub(super) is_gone: bool,
}

/// What a queued order does.
#[derive(Debug, Clone, Copy)]
pub(super) enum QueuedTask {
    /// Opens a position.
    Open,
    /// Opens a position at the close of the bar (F16).
    AtClose,
    /// Closes a fraction of positions for a reason.
    Close(CloseRequest),
    /// Is an order of a rebalance, which fills with the others of its symbol's step (W6).
    Rebalance,
}

/// What is to be closed, how much of it, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct CloseRequest {
    pub(super) target: CloseTarget,
    pub(super) fraction: f64,
    pub(super) reason: ExitReason,
}
