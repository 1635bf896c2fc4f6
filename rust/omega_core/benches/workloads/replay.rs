//! The loop around strategies of the core: one that trades, one that holds, one that holds much.

use std::sync::Arc;

use omega_core::backtest::{Backtest, Config};
use omega_core::error::OmegaError;
use omega_core::replay::NoObserver;
use omega_core::replay::Strategy;
use omega_core::results::RunRows;
use omega_core::store::{Market, SymbolCandles, TrackId};
use omega_core::strategies::{
    BuyAndHold, Entries, Level, Signals, SmaCross, SymbolSignals, Values, Wanted,
};
use omega_core::types::SymbolId;

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
    let entries = (0..bars).map(|bar| u8::from((SLOW..SLOW + HELD).contains(&bar)));
    let stops = Values(TrackId(0), vec![0.001; bars].into());
    let signals = SymbolSignals {
        symbol: SymbolId(0),
        wanted: Wanted {
            long_entry: Some(entries.collect()),
            ..Wanted::default()
        },
        stop_loss: Some(Level::Price(stops)),
        take_profit: None,
        size: None,
    };
    let accumulating = Entries {
        accumulate: true,
        ..Entries::default()
    };
    let candles = candles();
    let market = Market::single(Arc::clone(&candles));
    Ok(running(
        candles,
        Signals::new(&market, vec![signals], accumulating),
    ))
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
    let config = Config {
        cash: 1e6,
        warmup: vec![SLOW],
        strict: true,
        ..Config::default()
    };
    let written = Backtest::new(&market, config)?.rows(strategy, &mut NoObserver::new())?;
    Ok(written.rows)
}
