//! What a configuration refuses, and that a backtest is the stages joined.

use std::sync::Arc;

use super::*;
use crate::error::OmegaError;
use crate::execution::costs::{FeeFunction, Fees};
use crate::execution::{AccountRules, Instrument};
use crate::replay::{Observer, Rates};
use crate::results::MetricValue;
use crate::store::{AskColumns, Market, Segment, SymbolCandles};
use crate::strategies::{BuyAndHold, DonchianBreakout, RsiReversion};
use crate::types::TimeUnit;

/// A bar a minute from so many minutes on, each a unit of price above the one before.
fn candles(from: i64, bars: i64) -> Arc<SymbolCandles> {
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    let prices = || (0..bars).map(|bar| 100.0 + bar as f64).collect();
    let segment = Segment {
        time: (from..from + bars).map(|bar| bar * 60).collect(),
        bid: [prices(), prices(), prices(), prices()],
        ask: AskColumns::Constant(0.5),
        volume: None,
    };
    let symbol = SymbolCandles::new("RISE".into(), TimeUnit::Second, None, vec![segment], 0);
    Arc::new(symbol)
}

fn market() -> Market {
    Market::single(candles(0, 5))
}

fn refusal(config: Config) -> String {
    match Backtest::new(&market(), config) {
        Ok(_) => "nothing".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_run_has_tables_counts_and_named_metrics() {
    let market = market();
    let backtest = Backtest::new(&market, Config::default()).unwrap();
    let result = backtest.run(&mut BuyAndHold::default()).unwrap();
    // Bought at the ask of bar 1, 101.5, and sold at the bid of the last close, 104.
    assert_eq!(result.metrics().net_profit, MetricValue::Float(2.5));
    assert_eq!(result.metrics().trades, MetricValue::Int(1));
    assert_eq!(
        (result.start, result.counts.bars, result.counts.signals),
        (1, 4, 1)
    );
    // One for each bar, the first of which comes before the first decision (L2).
    assert_eq!(result.tables.equity().num_rows(), 5);
    let again = backtest.run(&mut BuyAndHold::default()).unwrap();
    assert_eq!(again.fingerprint(), result.fingerprint());
}

#[test]
fn strategies_that_look_a_bar_back_do_not_look_before_the_first() {
    let market = market();
    let backtest = Backtest::new(&market, Config::default()).unwrap();
    let prices = [100.0; 5];
    let mut breakout = DonchianBreakout::new([&prices; 3], 2, 2);
    let mut reversion = RsiReversion::new(&prices, 2, 30.0, 70.0, 50.0);
    // The warm-up is that of the configuration, and there is none.
    let closed = [
        backtest.run(&mut breakout).unwrap().tables.closed(),
        backtest.run(&mut reversion).unwrap().tables.closed(),
    ];
    assert_eq!(closed, [0, 0]);
}

#[test]
fn metrics_are_shown_as_numbers() {
    let shown = |value: MetricValue| format!("{value:.2}");
    assert_eq!(shown(MetricValue::Float(2.0)), "2.00");
    assert_eq!(
        format!("{} {}", MetricValue::Int(3), MetricValue::Time(60)),
        "3 60"
    );
    assert_eq!(MetricValue::Null.to_string(), "undefined");
}

#[test]
fn a_symbol_has_the_instrument_and_the_rate_of_its_entry() {
    let market = market();
    let ten = SymbolConfig {
        instrument: Instrument {
            contract_size: 10.0,
            ..Instrument::default()
        },
        rates: Rates::Constant(0.5),
        ..SymbolConfig::default()
    };
    let config = Config {
        symbols: vec![ten],
        ..Config::default()
    };
    let backtest = Backtest::new(&market, config).unwrap();
    let result = backtest.run(&mut BuyAndHold::default()).unwrap();
    assert_eq!(result.metrics().net_profit, MetricValue::Float(12.5));
    assert_eq!(result.tables.contract_sizes(), [10.0]);
}

fn with_fees(fees: Fees) -> Config {
    Config {
        symbols: vec![SymbolConfig {
            fees,
            ..SymbolConfig::default()
        }],
        ..Config::default()
    }
}

#[test]
fn a_fee_function_is_called_for_each_leg() {
    let market = market();
    let function = FeeFunction::new(|fill| Ok(if fill.is_entry { 0.5 } else { 0.25 }));
    let config = with_fees(Fees {
        fixed: 0.125,
        function: Some(function),
        ..Fees::default()
    });
    let backtest = Backtest::new(&market, config).unwrap();
    let result = backtest.run(&mut BuyAndHold::default()).unwrap();
    assert_eq!(result.metrics().net_profit, MetricValue::Float(1.5));
}

#[test]
fn a_fee_function_that_fails_ends_the_run_with_its_own_error() {
    let market = market();
    let function = FeeFunction::new(|fill| {
        if fill.is_entry {
            return Ok(0.5);
        }
        Err(Box::new("no fee for exits".parse::<f64>().unwrap_err()))
    });
    let config = with_fees(Fees {
        function: Some(function),
        ..Fees::default()
    });
    let backtest = Backtest::new(&market, config).unwrap();
    let failed = backtest.run(&mut BuyAndHold::default()).map(|_| ());
    let Err(OmegaError::FeeFailed { order, time, cause }) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!((order, time), (0, 240));
    assert!(cause.downcast_ref::<std::num::ParseFloatError>().is_some());
}

#[test]
fn impossible_values_are_refused_by_name() {
    let of = |own: SymbolConfig| Config {
        symbols: vec![own],
        ..Config::default()
    };
    let sized = Instrument {
        contract_size: 0.0,
        ..Instrument::default()
    };
    let cases = [
        (
            Config {
                cash: f64::NAN,
                ..Config::default()
            },
            "cash: given NaN",
        ),
        (
            Config {
                warmup: vec![1, 1],
                ..Config::default()
            },
            "warmup: given 2 entries",
        ),
        (
            Config {
                account: AccountRules {
                    stop_out_level: Some(0.0),
                    ..AccountRules::default()
                },
                ..Config::default()
            },
            "stop_out_level: given 0",
        ),
        (
            of(SymbolConfig {
                instrument: sized,
                ..SymbolConfig::default()
            }),
            "RISE: contract_size: given 0, expected a finite number above 0",
        ),
        (
            of(SymbolConfig {
                rates: Rates::Constant(-1.0),
                ..SymbolConfig::default()
            }),
            "RISE: rates: given -1",
        ),
    ];
    for (config, expected) in cases {
        let message = refusal(config);
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_conversion_pair_is_known_from_the_first_visible_bar_on() {
    let with = |from| Config {
        symbols: vec![SymbolConfig {
            rates: Rates::Symbol {
                candles: candles(from, 3),
                inverse: false,
                newest: 0,
            },
            ..SymbolConfig::default()
        }],
        ..Config::default()
    };
    assert_eq!(refusal(with(0)), "nothing");
    assert!(refusal(with(1)).starts_with("conversion: given RISE without a bar at or before 0"));
}

#[test]
fn names_are_found_and_unknown_ones_refused_with_the_known() {
    assert_eq!(
        named("market_fill", "last_close", &MARKET_FILL),
        Ok(MARKET_FILL[1].1)
    );
    let message = sizer("half", 1.0).map_err(|error| error.to_string());
    assert!(message.is_err_and(|message| message.contains("fixed_lots, fixed_units")));
    assert!(manager("trailing", ManagerNumbers::default()).is_err());
}

#[test]
fn an_observer_ends_the_run() {
    struct Impatient;
    impl Observer for Impatient {
        type Error = OmegaError;

        fn tick(&mut self, _done: usize) -> Result<(), OmegaError> {
            sizer("none", 0.0).map(drop)
        }
    }
    let market = market();
    let backtest = Backtest::new(&market, Config::default()).unwrap();
    assert!(
        backtest
            .run_observed(&mut BuyAndHold::default(), &mut Impatient)
            .is_err()
    );
}
