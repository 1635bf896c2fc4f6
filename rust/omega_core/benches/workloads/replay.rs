//! The loop around strategies of the core: one that trades, one that holds, one that holds much.

use std::sync::Arc;

use omega_core::error::OmegaError;
use omega_core::execution::costs::{Fees, Slippage, Swap};
use omega_core::execution::{
    Instrument, IntrabarPolicy, Limits, MarketFill, PositionMode, Settings, Simulator, Sizer,
    SymbolSettings,
};
use omega_core::portfolio::Portfolio;
use omega_core::replay::{self, SymbolContext, Feed, Observer, Plan, Strategy};
use omega_core::results::RunRows;
use omega_core::store::{Market, SymbolCandles};
use omega_core::strategies::{BuyAndHold, Level, SignalColumns, Signals, SmaCross};
use omega_core::types::TimeUnit;

use super::bars::{BARS, candles};
use super::{Again, Answer, Workload};

const FAST: usize = 10;
const SLOW: usize = 30;
const HELD: usize = 100;

/// Of the stages replay, execution and portfolio.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "replay: SMA cross",
        prepare: crossing,
        answer: Answer::Finite,
    },
    Workload {
        name: "replay: one position held",
        prepare: holding,
        answer: Answer::Is(1.0),
    },
    Workload {
        name: "replay: a hundred positions with a stop each",
        prepare: many,
        answer: Answer::Is(HELD as f64),
    },
];

fn crossing() -> Result<Again, OmegaError> {
    let candles = candles();
    let strategy = SmaCross::new(&candles.segments()[0].bid[3], FAST, SLOW);
    Ok(running(candles, strategy))
}

fn holding() -> Result<Again, OmegaError> {
    Ok(running(candles(), BuyAndHold::default()))
}

/// The first bars after the warm-up buy one after the other, with a stop that no bar reaches.
fn many() -> Result<Again, OmegaError> {
    let bars = BARS as usize;
    let entries: Vec<i8> = (0..bars)
        .map(|bar| i8::from((SLOW..SLOW + HELD).contains(&bar)))
        .collect();
    let columns = SignalColumns {
        stop_loss: Some(Level::Price(vec![0.001; bars].into())),
        accumulate: true,
        ..SignalColumns::default()
    };
    Ok(running(candles(), Signals::new(&entries, None, columns)))
}

/// Runs a strategy, and counts its trades.
fn running<S>(candles: Arc<SymbolCandles>, strategy: S) -> Again
where
    S: Strategy<Error = OmegaError> + Clone + 'static,
{
    Box::new(move || {
        let (candles, mut strategy) = (Arc::clone(&candles), strategy.clone());
        Box::new(move || {
            let rows = rows_of(candles, &mut strategy);
            rows.map_or(f64::NAN, |rows| rows.trades.len() as f64)
        })
    })
}

/// What a run of an SMA cross writes down.
pub fn rows_of_crossing() -> Result<RunRows, OmegaError> {
    let candles = candles();
    let mut strategy = SmaCross::new(&candles.segments()[0].bid[3], FAST, SLOW);
    rows_of(candles, &mut strategy)
}

fn rows_of<S>(candles: Arc<SymbolCandles>, strategy: &mut S) -> Result<RunRows, OmegaError>
where
    S: Strategy<Error = OmegaError>,
{
    let market = Market::single(candles);
    let plan = Plan::new(&market, None, None, &[SLOW], true)?;
    let mut feed = Feed {
        market: &market,
        contexts: vec![SymbolContext::rate(1.0)],
    };
    let mut executor = Simulator::new(settings());
    let steps = plan.start..plan.end;
    let mut portfolio = Portfolio::new(1e6, market.time(plan.start), steps.len());
    replay::run(&mut feed, &plan, strategy, &mut executor, &mut portfolio, &mut Nobody)?;
    let (orders, fills, positions) = executor.into_rows();
    let (trades, ledger, equity) = portfolio.into_rows(market.times(steps));
    Ok(RunRows {
        symbols: vec!["S0".to_owned()],
        contract_sizes: vec![1.0],
        unit: TimeUnit::Second,
        timezone: None,
        trades,
        orders,
        fills,
        ledger,
        equity,
        positions,
    })
}

/// Nobody looks up from the work.
struct Nobody;

impl Observer for Nobody {
    type Error = OmegaError;

    fn tick(&mut self, _done: usize) -> Result<(), OmegaError> {
        Ok(())
    }
}

fn settings() -> Settings {
    Settings {
        symbols: vec![SymbolSettings {
            instrument: Instrument {
                contract_size: 1.0,
                tick_size: None,
                pip_size: None,
                volume_min: None,
                volume_step: None,
                volume_max: None,
                margin_rate: 0.0,
            },
            fees: Fees::default(),
            slippage: Slippage::default(),
            swap: Swap::default(),
        }],
        intrabar: IntrabarPolicy::Pessimistic,
        market_fill: MarketFill::NextOpen,
        position_mode: PositionMode::Hedging,
        limit_improvement: true,
        sizer: Sizer::FixedLots(1.0),
        limits: Limits::default(),
        managers: Vec::new(),
        stop_out_level: None,
        seed: 0,
        strict: true,
        units_per_day: TimeUnit::Second.per_day(),
    }
}
