//! Plays a scenario: a strategy that requests what its tables state.

use omega_core::backtest::{Backtest, BacktestResult};
use omega_core::error::OmegaError;
use omega_core::execution::{
    Action, CloseTarget, Distance, ExitReason, Expiry, Level, LevelChange, ModifyRequest,
    OpenRequest, OrderType, ReduceOnly, Sizer,
};
use omega_core::replay::{State, Strategy, View};
use omega_core::store::Market;
use omega_core::types::{Direction, OrderId, SymbolId, TradeId};

use super::bars::moment;
use super::read::Scenario;
use super::settings;

/// Runs a scenario's actions over its bars.
pub fn play(scenario: &Scenario) -> BacktestResult {
    let market = settings::market(scenario);
    let config = settings::config(scenario, &market);
    let backtest = Backtest::new(&market, config).unwrap();
    backtest
        .run(&mut Script {
            scenario,
            market: &market,
        })
        .unwrap()
}

/// Does what stands in the table of actions.
struct Script<'a> {
    scenario: &'a Scenario,
    market: &'a Market,
}

impl Strategy for Script<'_> {
    type Error = OmegaError;

    fn evaluate(
        &mut self,
        view: &View<'_>,
        state: &State<'_>,
        actions: &mut Vec<Action>,
    ) -> Result<(), OmegaError> {
        let after = self.scenario.table("after_bar").into_iter();
        let after = after.flat_map(|table| &table.rows);
        let at = self
            .scenario
            .table("at")
            .into_iter()
            .flat_map(|table| &table.rows);
        let now = after
            .filter(|row| row[0].parse() == Ok(view.newest()))
            .chain(at.filter(|row| moment(&row[0]) == view.time()));
        for row in now {
            self.add(&row[1], state, actions);
        }
        Ok(())
    }
}

impl Script<'_> {
    /// Adds an action such as `buy limit=98 stop_loss=95` or `close trade=0 fraction=0.5`.
    fn add(&self, words: &str, state: &State<'_>, actions: &mut Vec<Action>) {
        let mut words = words.split_whitespace();
        let verb = words.next().unwrap();
        let given: Vec<(&str, &str)> = words.map(|word| word.split_once('=').unwrap()).collect();
        match verb {
            "buy" => actions.push(Action::Open(self.entry(Direction::Long, &given))),
            "sell" => actions.push(Action::Open(self.entry(Direction::Short, &given))),
            "close" => {
                let (fraction, reason) = (get(&given, "fraction"), get(&given, "reason"));
                let close = |target| Action::Close {
                    target,
                    fraction: fraction.map_or(1.0, number),
                    reason: match reason {
                        Some("time") => ExitReason::Time,
                        _ => ExitReason::Signal,
                    },
                };
                actions.extend(self.targets(&given, state).into_iter().map(close));
            }
            "cancel" => actions.push(Action::Cancel(OrderId(id(&given, "order").unwrap()))),
            "modify" => actions.push(Action::Modify(ModifyRequest {
                trade: TradeId(id(&given, "trade").unwrap()),
                price: get(&given, "price").map(number),
                limit_price: get(&given, "limit_price").map(number),
                lots: get(&given, "size").map(number),
                stop_loss: level(get(&given, "stop_loss")),
                take_profit: level(get(&given, "take_profit")),
                expiry: get(&given, "expires").map(expiry),
            })),
            other => panic!("'{other}': expected buy, sell, close, cancel or modify"),
        }
    }

    fn entry(&self, direction: Direction, given: &[(&str, &str)]) -> OpenRequest {
        let mut entry = OpenRequest::market(SymbolId(0), direction);
        let price = |name| get(given, name).map(number);
        entry.kind = match (price("stop"), price("limit")) {
            (None, None) => OrderType::Market,
            (None, Some(limit)) => OrderType::Limit(limit),
            (Some(stop), None) => OrderType::Stop(stop),
            (Some(stop), Some(limit)) => OrderType::StopLimit { stop, limit },
        };
        if let (Some(touch), OrderType::Limit(limit)) = (price("touch"), entry.kind) {
            entry.kind = OrderType::LimitIfTouched { touch, limit };
        }
        for (name, cell) in given {
            match *name {
                "limit" | "stop" | "touch" => {}
                "at_close" => entry.kind = OrderType::AtClose,
                "trail" => entry.trail = Some(distance(cell)),
                "symbol" => entry.symbol = self.symbol(cell),
                "size" => entry.size = Some(Sizer::FixedLots(number(cell))),
                "stop_loss" => entry.stop_loss = Some(level_of(cell)),
                "take_profit" => entry.take_profit = Some(level_of(cell)),
                "trailing_stop" => entry.trailing_stop = Some(distance(cell)),
                "reduce_only" => entry.reduce_only = ReduceOnly::Any,
                "oco" => entry.group = Some((*cell).to_owned()),
                "reason" => entry.reason = Some((*cell).to_owned()),
                "expires" => entry.expiry = expiry(cell),
                other => panic!("'{other}' is nothing that an entry has"),
            }
        }
        entry
    }

    /// What a close means: a trade, a symbol, or each symbol that has something open.
    fn targets(&self, given: &[(&str, &str)], state: &State<'_>) -> Vec<CloseTarget> {
        if let Some(trade) = id(given, "trade") {
            return vec![CloseTarget::Trade(TradeId(trade))];
        }
        if let Some(name) = get(given, "symbol") {
            return vec![CloseTarget::Symbol(self.symbol(name))];
        }
        let mut open: Vec<SymbolId> = state.positions.iter().map(|one| one.symbol).collect();
        open.sort();
        open.dedup();
        if open.is_empty() {
            open.push(SymbolId(0));
        }
        open.into_iter().map(CloseTarget::Symbol).collect()
    }

    fn symbol(&self, name: &str) -> SymbolId {
        let place = self
            .market
            .symbols()
            .iter()
            .position(|one| one.name() == name);
        SymbolId(u32::try_from(place.unwrap()).unwrap())
    }
}

fn get<'a>(given: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    given
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, cell)| *cell)
}

fn id(given: &[(&str, &str)], name: &str) -> Option<u32> {
    get(given, name).map(|cell| cell.parse().unwrap())
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap()
}

/// A price such as `95`, or a distance from the entry such as `away:5` or `away:2%`.
fn level_of(cell: &str) -> Level {
    match cell.strip_prefix("away:") {
        Some(far) => Level::Away(distance(far)),
        None => Level::At(number(cell)),
    }
}

fn distance(cell: &str) -> Distance {
    match cell.strip_suffix('%') {
        Some(percent) => Distance::Percent(number(percent)),
        None => Distance::Price(number(cell)),
    }
}

fn expiry(cell: &str) -> Expiry {
    match cell {
        "day" => Expiry::Day,
        "ioc" => Expiry::ImmediateOrCancel,
        "fok" => Expiry::FillOrKill,
        "none" => Expiry::GoodTillCancelled,
        cell => Expiry::GoodTillTime(moment(&cell.replace('_', " "))),
    }
}

fn level(cell: Option<&str>) -> LevelChange {
    match cell {
        None => LevelChange::Keep,
        Some("none") => LevelChange::Set(None),
        Some(cell) => LevelChange::Set(Some(level_of(cell))),
    }
}
