//! What must hold of everything that a strategy is shown, at every bar.

use omega_core::execution::{Position, Semantics};
use omega_core::replay::{Rates, State, View};

use super::market::Market;
use super::rules::Rules;

/// Looks at what the engine shows, and keeps the equity that it showed.
pub struct Watch<'a> {
    market: &'a Market,
    rules: &'a Rules,
    rates: Rates,
    equity: Vec<f64>,
}

impl<'a> Watch<'a> {
    /// Eyes for one run.
    pub fn new(market: &'a Market, rules: &'a Rules) -> Self {
        Self {
            market,
            rules,
            rates: rules.symbol().rates.clone(),
            equity: Vec::new(),
        }
    }

    /// Equity as it was shown, bar by bar.
    pub fn shown_equity(&self) -> &[f64] {
        &self.equity
    }

    /// Holds what is shown against the market.
    pub fn look(&mut self, view: &View<'_>, state: &State<'_>) {
        let newest = view.newest();
        assert_eq!(
            newest + 1,
            self.rules.start + self.equity.len(),
            "L1: one bar after the other"
        );
        self.nothing_is_of_the_future(view, state);
        for pair in state.positions.windows(2) {
            assert!(
                pair[0].entry < pair[1].entry,
                "positions stand in the order of entry"
            );
        }
        for position in state.positions {
            assert!(
                position.lots > 0.0 && position.lots.is_finite(),
                "{position:?}"
            );
            assert!(position.entry_index <= newest, "L1: {position:?}");
            let is_second = self.rules.config.semantics == Semantics::Two;
            assert!(!is_second || position.id.0 == position.order.0, "F13");
        }
        self.equity_is_balance_and_open_profit(newest, state);
        self.equity.push(state.equity);
    }

    fn nothing_is_of_the_future(&self, view: &View<'_>, state: &State<'_>) {
        let newest = view.newest();
        let bars = &self.market.bars;
        assert_eq!(view.bar(0), bars.get(newest).copied(), "L1: the newest bar");
        assert_eq!(
            view.bar(newest),
            bars.first().copied(),
            "L1: the oldest bar"
        );
        assert_eq!(view.bar(newest + 1), None, "L1: before the first bar");
        let over = bars.get(newest + 1).map_or(i64::MAX, |bar| bar.time);
        if let Some(fill) = state.fills.last() {
            assert!(fill.index <= newest && fill.time < over, "L1: {fill:?}");
        }
        if let Some(trade) = state.trades.last() {
            assert!(
                trade.exit_index <= newest && trade.exit_time < over,
                "L1: {trade:?}"
            );
        }
        if let Some(order) = state.orders.last() {
            assert!(order.submitted_time < over, "L1: {order:?}");
            assert!(order.id.0 < state.next_order, "{order:?}");
        }
    }

    fn equity_is_balance_and_open_profit(&mut self, newest: usize, state: &State<'_>) {
        let bar = self.market.bars[newest];
        let rate = self.rates.at(bar.time);
        let marked = |position: &Position| {
            let close = bar.side(position.direction.exit_side()).close;
            // In a cash account each price counts at its own rate (M11).
            let (change, rate) = match position.entry_rate {
                None => (close - position.entry_price, rate),
                Some(own) => (close * rate - position.entry_price * own, 1.0),
            };
            change * position.direction.sign() * position.lots * position.contract_size * rate
        };
        let open = state
            .positions
            .iter()
            .map(marked)
            .fold(0.0, |sum, profit| sum + profit);
        assert!(
            same(state.equity, state.balance + open),
            "M5: equity at bar {newest}"
        );
        if let Some(level) = self.rules.config.account.stop_out_level
            && !state.positions.is_empty()
        {
            let rate = self.rules.config.symbols[0].instrument.maintenance_rate;
            let held = state
                .positions
                .iter()
                .fold(0.0, |sum, position| sum + position.value * rate);
            assert!(
                state.equity >= level * held,
                "M6: the stop-out at bar {newest}"
            );
        }
    }
}

/// Equal to the last bit, or both not a number.
pub fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}
