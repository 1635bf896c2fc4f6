//! Memory of an earlier run, for the next one.

use super::hashed_times::HashedTimes;
use super::{RunSums, RunTables};
use crate::allocation::{require, room};
use crate::execution::{Fill, Order};
use crate::portfolio::{LedgerLine, PortfolioBuffers, Trade};

/// Steps for which there is room for an order, and orders for which there is room at most.
const STEPS_PER_ORDER: usize = 16;
const MOST_ORDERS: usize = 1 << 17;

/// Bytes of the rows that an order of a portfolio comes to.
// A sale may end several positions, each with a fill, a trade and a line of its own.
const ROWS_OF_AN_ORDER: usize =
    size_of::<Order>() + 2 * size_of::<Fill>() + size_of::<Trade>() + 2 * size_of::<LedgerLine>();

/// Memory for the rows of a run: those of one that is over, emptied.
// A run of a sweep writes as much as the one before it: vectors that grow anew are copied again and
// again, and each fresh page of memory costs a fault.
#[derive(Debug, Default)]
pub struct RunBuffers {
    pub(crate) orders: Vec<Order>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) books: PortfolioBuffers,
    pub(crate) hashed_times: HashedTimes,
}

impl RunBuffers {
    /// Takes the memory of a run, as far as no table was made of its rows.
    #[must_use]
    pub fn of(run: RunTables) -> Self {
        let trades = run.trades.into_rows().unwrap_or_default();
        let ledger = run.ledger.into_rows().unwrap_or_default();
        Self {
            orders: run.orders.into_rows().unwrap_or_default(),
            fills: run.fills.into_rows().unwrap_or_default(),
            books: PortfolioBuffers::of(trades, ledger, run.equity.into_rows()),
            hashed_times: HashedTimes::default(),
        }
    }

    /// Takes the memory of a run that was added up.
    #[must_use]
    pub fn of_sums(run: RunSums) -> Self {
        Self {
            orders: run.orders,
            fills: run.fills,
            books: PortfolioBuffers::of_sums(run.books),
            hashed_times: run.hashed_times,
        }
    }

    /// The same, emptied, with room for the rows of a run over so many steps.
    // Room that is never written to takes no memory, and a table that grows leaves gaps behind,
    // which the next larger one does not fit into: two runs over 2,000,000 bars, of 50,000 trades
    // each, took 129 MB without it, and take 113.
    #[must_use]
    pub(crate) fn with_room(mut self, steps: usize) -> Self {
        let orders = MOST_ORDERS.min(steps / STEPS_PER_ORDER);
        room(&mut self.orders, orders);
        room(&mut self.fills, orders);
        self.books.make_room(orders);
        self
    }

    /// The same, emptied, with room for the rows of so many orders where they are many.
    // A table that grows is copied each time until it is so large that its pages are moved: of
    // 1,200,000 orders that took 4 % of a run. Smaller ones lie in memory of the run before, whose
    // pages are there already.
    // Only where as much again stays free: bands and smallest trades may leave few of the orders,
    // and what else the run takes would end the process.
    #[must_use]
    pub(crate) fn with_room_for(mut self, orders: usize) -> Self {
        let twice = orders.saturating_mul(2 * ROWS_OF_AN_ORDER);
        if orders > MOST_ORDERS && require(twice, String::new).is_ok() {
            room(&mut self.orders, orders);
            room(&mut self.fills, 2 * orders);
            self.books.make_room_for(orders);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_orders_have_room_from_the_start_and_few_grow_as_they_come() {
        let few = RunBuffers::default().with_room_for(MOST_ORDERS);
        assert_eq!((few.orders.capacity(), few.fills.capacity()), (0, 0));
        let many = RunBuffers::default().with_room_for(MOST_ORDERS + 1);
        assert!(many.orders.capacity() > MOST_ORDERS);
        assert!(many.fills.capacity() > 2 * MOST_ORDERS);
    }
}
