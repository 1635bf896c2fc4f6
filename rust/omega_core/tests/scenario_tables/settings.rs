//! The settings of a scenario as a configuration; where Python knows a unit of its own (pips,
//! points, minutes, leverage), it is turned into the core's.

use std::sync::Arc;

use omega_core::backtest::{
    Config, INTRABAR, MARKET_FILL, ManagerNumbers, POSITION_MODE, SEMANTICS, SymbolConfig, manager,
    named, sizer,
};
use omega_core::execution::costs::{Fees, Slippage, Swap};
use omega_core::execution::{Distance, Instrument, IntrabarPolicy, Manager, Semantics, Sizer};
use omega_core::replay::Rates;
use omega_core::store::{Align, Market, SymbolCandles};

use super::bars::{UNIT, candles, moment};
use super::read::Scenario;
use super::value::Value;

/// What account currency is where a scenario names none.
const ACCOUNT: &str = "USD";

/// The market of a scenario.
pub fn market(scenario: &Scenario) -> Market {
    let intersects =
        |(name, given): &(String, Value)| name == "align" && given.word() == "intersection";
    let align = if scenario.settings.iter().any(intersects) {
        Align::Intersection
    } else {
        Align::Union
    };
    Market::new(candles(scenario.table("bar").unwrap()), align).unwrap()
}

/// Its configuration.
pub fn config(scenario: &Scenario, market: &Market) -> Config {
    let symbols = market.symbols();
    let mut config = Config {
        symbols: vec![SymbolConfig::default(); symbols.len()],
        ..Config::default()
    };
    let mut costs = Costs::default();
    for (name, given) in &scenario.settings {
        let known = run(&mut config, name, given)
            || limits(&mut config, name, given)
            || costs.set(name, given)
            || by_symbol(&mut config, symbols, name, given)
            || config
                .symbols
                .iter_mut()
                .all(|own| instrument(&mut own.instrument, name, given));
        assert!(known, "{}: unknown setting '{name}'", scenario.name);
    }
    for own in &mut config.symbols {
        costs.apply(config.semantics, own);
    }
    if let Some(finer) = scenario.table("finer_bar") {
        for finer in candles(finer) {
            let place = symbols.iter().position(|one| one.name() == finer.name());
            config.symbols[place.unwrap()].magnifier = Some(finer);
        }
    }
    config
}

fn run(config: &mut Config, name: &str, given: &Value) -> bool {
    match name {
        "cash" => config.cash = given.number(),
        "start" => config.start = Some(moment(given.word())),
        "end" => config.end = Some(moment(given.word())),
        "close_at_end" => config.close_at_end = given.word() == "True",
        "limit_improvement" => config.limit_improvement = given.word() == "True",
        // The policy of a magnified bar's finer bars.
        "intrabar" if given.word() == "magnifier" => config.intrabar = IntrabarPolicy::Pessimistic,
        "intrabar" => config.intrabar = named(name, given.word(), &INTRABAR).unwrap(),
        "market_fill" => config.market_fill = named(name, given.word(), &MARKET_FILL).unwrap(),
        "position_mode" => {
            config.position_mode = named(name, given.word(), &POSITION_MODE).unwrap();
        }
        "stop_out_level" => config.account.stop_out_level = Some(given.number()),
        "semantics" => {
            config.semantics = named(name, &given.number().to_string(), &SEMANTICS).unwrap();
        }
        "sizer" => config.sizer = sizer_of(given),
        "position_manager" => config.managers = given.items().iter().map(manager_of).collect(),
        "align" | "quote_currency" => {}
        _ => return false,
    }
    true
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small whole numbers"
)]
fn limits(config: &mut Config, name: &str, given: &Value) -> bool {
    let minutes = |given: &Value| given.number() as i64 * 60 * UNIT.per_second();
    let spans = |read: fn(&Value) -> i64| {
        let span = |pair: &Value| (read(&pair.items()[0]), read(&pair.items()[1]));
        given.items().iter().map(span).collect()
    };
    let limits = &mut config.limits;
    match name {
        "max_positions" => limits.max_positions = Some(given.number() as usize),
        "max_positions_per_symbol" => {
            limits.max_positions_per_symbol = Some(given.number() as usize);
        }
        "cooldown_bars" => limits.cooldown_bars = given.number() as usize,
        "cooldown_minutes" => limits.cooldown_entry = minutes(given),
        "cooldown_after_exit_minutes" => limits.cooldown_exit = minutes(given),
        "sessions" => limits.sessions = spans(|clock| moment(clock.word()) - moment("00:00")),
        "blackouts" => limits.blackouts = spans(|time| moment(time.word())),
        _ => return false,
    }
    true
}

/// Costs in pips and points wait for the instrument.
#[derive(Default)]
struct Costs {
    slippage: Slippage,
    swap: Swap,
    fees: Fees,
    leverage: Option<f64>,
}

impl Costs {
    fn set(&mut self, name: &str, given: &Value) -> bool {
        match name {
            "slippage_pips" => self.slippage.fixed = given.number(),
            "slippage_percent" => self.slippage.percent = given.number(),
            "swap_long" => self.swap.long = given.number(),
            "swap_short" => self.swap.short = given.number(),
            "swap_long_percent" => self.swap.long_percent = given.number(),
            "swap_short_percent" => self.swap.short_percent = given.number(),
            "swap_triple_day" if given.word() == "None" => self.swap.triple_day = None,
            "fee_per_million" => self.fees.per_million = given.number(),
            "fee_per_lot" => self.fees.per_lot = given.number(),
            "fee_percent" => self.fees.percent = given.number(),
            "fee_fixed" => self.fees.fixed = given.number(),
            "fee_maker" => self.fees.maker = given.number(),
            "fee_taker" => self.fees.taker = given.number(),
            "side" => self.fees.entry_only = given.word() == "entry",
            "fee_min" => self.fees.minimum = given.number(),
            "leverage" => self.leverage = Some(given.number()),
            _ => return false,
        }
        true
    }

    #[expect(clippy::float_cmp, reason = "the default is exactly 1")]
    fn apply(&self, semantics: Semantics, own: &mut SymbolConfig) {
        own.fees = self.fees.clone();
        own.slippage = self.slippage.clone();
        own.slippage.fixed *= own.instrument.pip_size.unwrap_or(0.0);
        let tick = own.instrument.tick_size.unwrap_or(0.0);
        own.swap = self.swap;
        own.swap.long *= tick;
        own.swap.short *= tick;
        let instrument = &mut own.instrument;
        // A rate of the instrument stands above the leverage (M7).
        if instrument.margin_rate == 1.0 {
            let without = if semantics == Semantics::One {
                0.0
            } else {
                1.0
            };
            instrument.margin_rate = self.leverage.map_or(without, |leverage| 1.0 / leverage);
        }
        instrument.maintenance_rate = instrument.margin_rate;
    }
}

fn instrument(instrument: &mut Instrument, name: &str, given: &Value) -> bool {
    match name {
        "contract_size" => instrument.contract_size = given.number(),
        "tick_size" => instrument.tick_size = Some(given.number()),
        "pip_size" => instrument.pip_size = Some(given.number()),
        "volume_min" => instrument.volume_min = Some(given.number()),
        "volume_step" => instrument.volume_step = Some(given.number()),
        "volume_max" => instrument.volume_max = Some(given.number()),
        "margin_rate" => instrument.margin_rate = given.number(),
        "quote_currency" => {}
        _ => return false,
    }
    true
}

/// Settings that name symbols or currencies.
fn by_symbol(
    config: &mut Config,
    symbols: &[Arc<SymbolCandles>],
    name: &str,
    given: &Value,
) -> bool {
    let Value::Map(entries) = given else {
        return false;
    };
    for (of, given) in entries {
        match (name, given) {
            ("conversion", Value::Number(rate)) => config.symbols[0].rates = Rates::Constant(*rate),
            ("instruments", Value::Call(_, _, fields)) => {
                let place = symbols
                    .iter()
                    .position(|one| one.name() == of.word())
                    .unwrap();
                let own = &mut config.symbols[place];
                for (field, given) in fields {
                    assert!(
                        instrument(&mut own.instrument, field, given),
                        "unknown '{field}'"
                    );
                    if field == "quote_currency" && given.word() != ACCOUNT {
                        own.rates = pair(symbols, given.word());
                    }
                }
            }
            _ => return false,
        }
    }
    true
}

/// The rate of a quote currency: the symbol of the market that is quoted in account currency.
fn pair(symbols: &[Arc<SymbolCandles>], quote: &str) -> Rates {
    let wanted = format!("{quote}{ACCOUNT}");
    let found = symbols.iter().find(|one| one.name() == wanted).unwrap();
    Rates::Symbol {
        candles: Arc::clone(found),
        inverse: false,
        newest: 0,
    }
}

fn sizer_of(given: &Value) -> Sizer {
    let Value::Call(name, arguments, _) = given else {
        panic!("{given:?} is no sizer");
    };
    sizer(&snake(name), arguments[0].number()).unwrap()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small whole numbers"
)]
fn manager_of(given: &Value) -> Manager {
    let Value::Call(name, arguments, fields) = given else {
        panic!("{given:?} is no manager");
    };
    let mut numbers = ManagerNumbers {
        first: arguments.first().map(Value::number),
        ..ManagerNumbers::default()
    };
    for (field, given) in fields {
        match field.as_str() {
            "offset" | "fraction" | "trigger" => numbers.second = Some(given.number()),
            "bars" => numbers.bars = Some(given.number() as usize),
            "percent" => {
                let distance = Distance::Percent(given.number());
                return Manager::TrailingStop {
                    distance,
                    trigger: None,
                };
            }
            other => panic!("unknown '{other}'"),
        }
    }
    manager(&snake(name), numbers).unwrap()
}

/// `FixedLots` as `fixed_lots`.
fn snake(camel: &str) -> String {
    let words = camel.chars().map(|c| match c {
        'A'..='Z' => format!("_{}", c.to_ascii_lowercase()),
        other => other.to_string(),
    });
    words.collect::<String>().trim_start_matches('_').to_owned()
}
