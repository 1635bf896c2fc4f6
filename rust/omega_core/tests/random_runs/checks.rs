//! What must hold of everything that a run wrote down.

use std::collections::BTreeMap;

use omega_core::execution::{
    AccountKind, ExitReason, Expiry, Fill, MarketFill, Order, OrderStatus, OrderType, Position,
    PositionMode, ReduceOnly, Semantics,
};
use omega_core::portfolio::{EquityCurve, LedgerKind, LedgerLine, Trade};
use omega_core::types::Bar;

use super::market::Market;
use super::rules::Rules;
use super::watch::same;

/// What a run wrote down; trades in the order of their exits.
#[derive(Debug)]
pub struct Outcome {
    pub orders: Vec<Order>,
    pub fills: Vec<Fill>,
    pub positions: Vec<Position>,
    pub trades: Vec<Trade>,
    pub ledger: Vec<LedgerLine>,
    pub equity: EquityCurve,
    /// Equity as the strategy was shown it.
    pub shown_equity: Vec<f64>,
}

/// A fill and what it did: opened a position, or closed (a part of) one.
type Paired<'a> = (&'a Fill, Option<&'a Trade>);

impl Outcome {
    /// Holds every row against the rules.
    pub fn check(&self, market: &Market, rules: &Rules) {
        let paired = self.paired();
        for (fill, trade) in &paired {
            self.check_price(fill, *trade, market, rules);
        }
        self.check_lots(&paired, rules.config.semantics);
        self.check_ledger(&paired, rules);
        self.check_trades(rules);
        self.check_equity(market, rules);
        self.check_orders(market, rules);
    }

    /// Each fill beside the trade row that it made; one that opens a position has none.
    fn paired(&self) -> Vec<Paired<'_>> {
        let mut closed = self.trades.iter();
        let paired = self.fills.iter().map(|fill| {
            let trade = fill.closes.then(|| closed.next()).flatten();
            (fill, trade)
        });
        let paired: Vec<Paired<'_>> = paired.collect();
        assert!(closed.next().is_none(), "every trade row has its fill");
        for (fill, trade) in &paired {
            assert_eq!(fill.closes, trade.is_some());
            if let Some(trade) = trade {
                assert_eq!(fill.trade, trade.id);
                assert!(same(fill.price, trade.exit_price) && same(fill.lots, trade.lots));
            }
        }
        paired
    }

    fn order(&self, fill: &Fill) -> &Order {
        let row = self
            .orders
            .binary_search_by_key(&fill.order, |order| order.id);
        assert!(row.is_ok(), "a fill of an order without a row: {fill:?}");
        &self.orders[row.unwrap_or(0)]
    }

    /// F1 to F4, F6 and F10: where a fill may be.
    fn check_price(&self, fill: &Fill, trade: Option<&Trade>, market: &Market, rules: &Rules) {
        let is_second = rules.config.semantics == Semantics::Two;
        let reason = trade.map(|trade| trade.exit_reason);
        let at_close = match reason {
            Some(ExitReason::EndOfData) => true,
            Some(ExitReason::StopOut) => !is_second,
            _ => false,
        };
        // At the open, inside the bar or at its close (M9).
        let by_account = matches!(reason, Some(ExitReason::StopOut | ExitReason::Ruin));
        let (bar, last) = bars_of(fill, market, rules);
        let what = || {
            format!(
                "F10: {fill:?}\n{trade:?}\n{:?}\non {bar:?}\nafter {last:?}",
                self.order(fill)
            )
        };
        let sign = fill.direction.sign();
        let side = fill.direction.entry_side();
        let (prices, last) = (bar.side(side), last.side(side));
        let slip = |price: f64| price + sign * fill.slippage;
        assert!(
            fill.slippage >= 0.0 && fill.fee >= 0.0 && fill.lots > 0.0,
            "{}",
            what()
        );
        let kind = kind_of(self.order(fill), trade);
        let in_bar = slip(prices.low) <= fill.price && fill.price <= slip(prices.high);
        let holds = match kind {
            _ if at_close => same(fill.price, slip(prices.close)),
            _ if by_account => in_bar,
            OrderType::AtClose => same(fill.price, slip(prices.close)),
            OrderType::Limit(limit)
            | OrderType::StopLimit { limit, .. }
            | OrderType::LimitIfTouched { limit, .. } => {
                fill.slippage == 0.0 && in_bar && fill.price * sign <= limit * sign
            }
            OrderType::Stop(stop) => in_bar && fill.price * sign >= slip(stop) * sign,
            _ => match rules.config.market_fill {
                MarketFill::NextOpen => in_bar && same(fill.price, slip(prices.open)),
                MarketFill::LastClose => same(fill.price, slip(last.close)),
            },
        };
        assert!(holds, "{}", what());
    }

    /// What is opened is closed or still open, lot by lot.
    fn check_lots(&self, paired: &[Paired<'_>], semantics: Semantics) {
        let mut open: BTreeMap<u32, f64> = BTreeMap::new();
        for (fill, trade) in paired {
            if trade.is_none() {
                let is_one = semantics == Semantics::One || fill.trade.0 == fill.order.0;
                assert!(is_one, "F13: {fill:?}");
                assert_eq!(self.order(fill).reduce_only, ReduceOnly::No, "F14");
                open.insert(fill.trade.0, fill.lots);
                continue;
            }
            let left = open.get(&fill.trade.0).copied();
            assert!(
                left.is_some_and(|left| fill.lots <= left),
                "{fill:?} of {left:?} lots"
            );
            let left = left.unwrap_or(0.0) - fill.lots;
            if left > 0.0 {
                open.insert(fill.trade.0, left);
            } else {
                open.remove(&fill.trade.0);
            }
        }
        let still: BTreeMap<u32, f64> = self
            .positions
            .iter()
            .map(|position| (position.id.0, position.lots))
            .collect();
        assert_eq!(
            open, still,
            "lots opened less lots closed are the lots open"
        );
    }

    /// M5: the ledger is the fills and the nights, and its balances are its sums.
    fn check_ledger(&self, paired: &[Paired<'_>], rules: &Rules) {
        let mut balance = 0.0;
        for line in &self.ledger {
            balance += line.amount;
            assert!(same(balance, line.balance), "M5: {line:?}");
        }
        let booked = self.ledger.iter().filter_map(|line| match line.kind {
            LedgerKind::Pnl | LedgerKind::Fee => {
                Some((line.trade, line.time, line.kind, line.amount))
            }
            // None of the others without dates, which these runs do not have.
            _ => None,
        });
        let mut expected = Vec::new();
        for (fill, trade) in paired {
            let (number, time) = (Some(fill.trade), fill.time);
            if let Some(trade) = trade {
                expected.push((number, time, LedgerKind::Pnl, trade.gross_pnl));
            }
            if fill.fee != 0.0 {
                expected.push((number, time, LedgerKind::Fee, -fill.fee));
            }
        }
        let booked: Vec<_> = booked.collect();
        assert_eq!(
            booked.len(),
            expected.len(),
            "M5: a line for each profit and each fee"
        );
        for (booked, expected) in booked.iter().zip(&expected) {
            assert_eq!(
                (booked.0, booked.1, booked.2),
                (expected.0, expected.1, expected.2)
            );
            assert!(
                same(booked.3, expected.3),
                "M5: {booked:?}, expected {expected:?}"
            );
        }
        self.check_balance(balance, rules);
    }

    /// M5: cash, net profits, and what open positions cost so far.
    fn check_balance(&self, balance: f64, rules: &Rules) {
        let closed = self
            .trades
            .iter()
            .fold(rules.config.cash, |sum, trade| sum + trade.net_pnl);
        let open = self.positions.iter();
        let expected = open.fold(closed, |sum, position| {
            sum - position.entry_fee + position.swap
        });
        let size = self
            .ledger
            .iter()
            .fold(0.0, |sum: f64, line| sum + line.amount.abs());
        let close = (balance - expected).abs() <= 1e-9 * size;
        assert!(
            close || !balance.is_finite(),
            "M5: {balance}, expected {expected}"
        );
    }

    /// M2 and I3: profits of the rows, and the intervals that they imply.
    fn check_trades(&self, rules: &Rules) {
        let mut rates = rules.symbol().rates.clone();
        let times = &self.equity.time;
        for trade in &self.trades {
            let rate = rates.at(times[trade.exit_index - rules.first_row()]);
            let contract_size = rules.symbol().instrument.contract_size;
            // In a cash account each price counts at its own rate (M11).
            let mut entries = self.fills.iter().filter(|fill| !fill.closes);
            let entry = entries
                .find(|fill| fill.trade == trade.id)
                .map_or(1.0, |fill| fill.rate);
            let (change, rate) = match rules.config.account.kind {
                AccountKind::Margin => (trade.exit_price - trade.entry_price, rate),
                AccountKind::Cash => (trade.exit_price * rate - trade.entry_price * entry, 1.0),
            };
            let gross = change * trade.direction.sign() * trade.lots * contract_size * rate;
            assert!(same(gross, trade.gross_pnl), "M2: {trade:?}");
            assert!(
                same(gross - trade.fees + trade.swap, trade.net_pnl),
                "M2: {trade:?}"
            );
            let ordered =
                trade.net_pnl_worst <= trade.net_pnl && trade.net_pnl <= trade.net_pnl_best;
            assert!(ordered || !trade.net_pnl.is_finite(), "I3: {trade:?}");
            assert!(
                trade.ambiguous || same(trade.net_pnl_worst, trade.net_pnl_best),
                "I3: {trade:?}"
            );
            assert!(!(trade.mae > 0.0 || trade.mfe < 0.0), "{trade:?}");
            assert!(trade.entry_index <= trade.exit_index, "{trade:?}");
            assert!(trade.entry_time <= trade.exit_time, "I5: {trade:?}");
        }
    }

    /// One row a bar, with the balance of the ledger, and the equity that the strategy was shown.
    fn check_equity(&self, market: &Market, rules: &Rules) {
        let rows = &self.equity;
        let times = market.bars[rules.first_row()..].iter().map(|bar| bar.time);
        assert!(
            times.eq(rows.time.iter().copied()),
            "one equity row for each bar"
        );
        let mut lines = self.ledger.iter().peekable();
        let mut balance = 0.0;
        let balances: Vec<f64> = rows.balance().collect();
        assert_eq!(balances.len(), rows.time.len(), "a balance for each row");
        for (row, written) in balances.into_iter().enumerate() {
            let over = rows.time.get(row + 1).copied().unwrap_or(i64::MAX);
            while let Some(line) = lines.next_if(|line| line.time < over) {
                balance = line.balance;
            }
            assert!(same(balance, written), "M5: the balance of row {row}");
            // The first decision sees the equity of the bar before it.
            let decision = (row + 1 + rules.first_row()).checked_sub(rules.start);
            let shown = decision.and_then(|decision| self.shown_equity.get(decision));
            if let Some(shown) = shown {
                assert!(
                    same(*shown, rows.equity[row]),
                    "the equity shown at row {row}"
                );
            }
        }
        if let Some(equity) = rows.equity.last()
            && rules.config.close_at_end
        {
            assert!(self.positions.is_empty() && same(*equity, balance), "L4");
        }
    }

    /// F5, F8 and F12: what the states of orders say is what their fills say.
    fn check_orders(&self, market: &Market, rules: &Rules) {
        let mut groups: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        let netting = rules.config.position_mode == PositionMode::Netting;
        for order in &self.orders {
            if let Some(group) = order.labels.group() {
                let (filled, working) = groups.entry(group).or_default();
                // In netting mode a closing part may fill, and what it leaves be refused.
                let fills = self.fills.iter().any(|fill| fill.order == order.id);
                *filled += u32::from(fills);
                *working += u32::from(order.status == OrderStatus::Working);
            }
        }
        for (group, (filled, working)) in groups {
            assert!(
                filled <= 1 && (filled == 0 || working == 0),
                "F8: {group} {filled} {working}"
            );
        }
        let mut filled = vec![false; self.orders.len()];
        for fill in &self.fills {
            let order = self.order(fill);
            let netted = netting && matches!(order.status, OrderStatus::Rejected(_));
            assert!(
                order.status == OrderStatus::Filled || netted,
                "{order:?}\n{fill:?}"
            );
            if let Ok(row) = self
                .orders
                .binary_search_by_key(&fill.order, |order| order.id)
            {
                filled[row] = true;
            }
            if fill.direction == order.direction && order.kind != OrderType::Market {
                check_expiry(order, fill, market);
            }
        }
        for (order, filled) in self.orders.iter().zip(filled) {
            assert!(
                filled || order.status != OrderStatus::Filled,
                "filled without a fill: {order:?}"
            );
        }
    }
}

/// What kind of order made a fill; a protective exit is a stop or a limit of its level (F6).
fn kind_of(order: &Order, trade: Option<&Trade>) -> OrderType {
    let level = |level: Option<f64>| level.unwrap_or(f64::NAN);
    match trade.map(|trade| (trade.exit_reason, trade)) {
        Some((ExitReason::StopLoss | ExitReason::TrailingStop | ExitReason::BreakEven, trade)) => {
            OrderType::Stop(level(trade.stop_loss))
        }
        Some((ExitReason::TakeProfit, trade)) => OrderType::Limit(level(trade.take_profit)),
        _ => order.kind,
    }
}

/// The bar that a fill was matched against, and the one before it.
fn bars_of(fill: &Fill, market: &Market, rules: &Rules) -> (Bar, Bar) {
    let before = market.bars[fill.index - 1];
    let inside = if rules.symbol().magnifier.is_some() {
        market.inside(fill.index)
    } else {
        0..0
    };
    if inside.is_empty() {
        let bar = market.bars[fill.index];
        assert_eq!(bar.time, fill.time, "{fill:?}");
        return (bar, before);
    }
    let finer = &market.finer[inside];
    let place = finer.partition_point(|bar| bar.time < fill.time);
    assert_eq!(
        finer.get(place).map(|bar| bar.time),
        Some(fill.time),
        "I5: {fill:?}"
    );
    let last = place.checked_sub(1).map_or(before, |place| finer[place]);
    (finer[place], last)
}

/// F5: an order does not fill after its time.
fn check_expiry(order: &Order, fill: &Fill, market: &Market) {
    let per_day = market.unit.per_day();
    let in_time = match order.expiry {
        Expiry::GoodTillCancelled | Expiry::ImmediateOrCancel | Expiry::FillOrKill => true,
        Expiry::GoodTillTime(time) => fill.time < time,
        Expiry::Day => fill.time.div_euclid(per_day) == order.submitted_time.div_euclid(per_day),
    };
    assert!(in_time, "F5: {order:?}\n{fill:?}");
}
