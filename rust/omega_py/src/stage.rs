//! A run with everything in its place: played to its end, and told.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::results::PyRunTables;
use super::settings::RunSettings;
use super::store::CandleStore;
use super::strategy::Raised;
use omega_core::error::OmegaError;
use omega_core::execution::Simulator;
use omega_core::portfolio::Portfolio;
use omega_core::replay::{
    self, Behind, Feed, Magnifier, Observer, Plan, Rates, RunCounts, Strategy,
};
use omega_core::results::{RunRows, RunTables};
use omega_core::store::{Market, SymbolCandles, Walk};
use omega_core::types::SymbolId;

/// What a run counted and how long it took.
#[pyclass(frozen, get_all, module = "omega._core")]
pub struct RunReport {
    bars_processed: usize,
    signals_generated: usize,
    exits_triggered: usize,
    total_time_ms: f64,
    callback_time_ms: f64,
    start_index: usize,
}

impl RunReport {
    /// What a run counted that has no result tables.
    pub(super) fn new(
        (bars_processed, signals_generated, exits_triggered): (usize, usize, usize),
        start_index: usize,
        (began, callback_time): (Instant, Duration),
    ) -> Self {
        Self {
            bars_processed,
            signals_generated,
            exits_triggered,
            total_time_ms: began.elapsed().as_secs_f64() * 1e3,
            callback_time_ms: callback_time.as_secs_f64() * 1e3,
            start_index,
        }
    }
}

/// A run that is ready to begin.
pub(super) struct Stage<'a> {
    pub(super) market: &'a Market,
    pub(super) settings: RunSettings,
    pub(super) plan: Plan,
    pub(super) feed: Feed<'a>,
    pub(super) executor: Simulator,
    pub(super) portfolio: Portfolio,
    pub(super) began: Instant,
}

/// A run that is over.
pub(super) struct Played {
    rows: RunRows,
    counts: RunCounts,
    start: usize,
    began: Instant,
}

impl<'a> Stage<'a> {
    /// Puts everything in its place for a run.
    pub(super) fn new(
        market: &'a Market,
        settings: RunSettings,
        warmup: &[usize],
        backing: &[Backing],
    ) -> Result<Self, OmegaError> {
        let began = Instant::now();
        let plan = settings.plan(market, warmup)?;
        let behind = behind_all(backing, market, &plan)?;
        let execution = settings.execution(market.symbols()[0].unit())?;
        let steps = plan.end - plan.start;
        Ok(Self {
            market,
            feed: Feed { market, behind },
            executor: Simulator::new(execution),
            portfolio: Portfolio::new(settings.cash, market.time(plan.start), steps),
            plan,
            settings,
            began,
        })
    }

    pub(super) fn play<S, O>(self, strategy: &mut S, observer: &mut O) -> PyResult<Played>
    where
        S: Strategy<Error = Raised>,
        O: Observer<Error = Raised>,
    {
        self.play_for(strategy, observer, Ok, |books| books)
    }

    /// Plays with a portfolio that keeps the books of the run.
    pub(super) fn play_for<S, O, P>(
        mut self,
        strategy: &mut S,
        observer: &mut O,
        keep: impl FnOnce(Portfolio) -> PyResult<P>,
        books: impl FnOnce(P) -> Portfolio,
    ) -> PyResult<Played>
    where
        S: Strategy<Error = Raised>,
        O: Observer<Error = Raised>,
        P: replay::Portfolio,
    {
        let mut portfolio = keep(self.portfolio)?;
        let desk = (&mut self.executor, &mut portfolio);
        let counts = replay::run(&mut self.feed, &self.plan, strategy, desk, observer)
            .map_err(|Raised(error)| error)?;
        let steps = self.plan.start..self.plan.end;
        let (executor, portfolio) = (self.executor, books(portfolio));
        Ok(Played {
            rows: rows_of(self.market, steps, &self.settings, executor, portfolio),
            counts,
            start: self.plan.start,
            began: self.began,
        })
    }
}

impl Played {
    /// What the run wrote down.
    pub(super) fn into_rows(self) -> RunRows {
        self.rows
    }

    pub(super) fn report(
        self,
        callback_time: Duration,
        tables: impl FnOnce(RunRows) -> RunTables,
    ) -> (PyRunTables, RunReport) {
        let exits_triggered = self.rows.trades.len();
        let tables = tables(self.rows);
        let counts = (self.counts.bars, self.counts.signals, exits_triggered);
        let report = RunReport::new(counts, self.start, (self.began, callback_time));
        (PyRunTables::from(tables), report)
    }
}

/// What stands behind the candles: the conversion rate and the finer series.
#[derive(FromPyObject)]
pub(super) struct BehindFields<'py> {
    #[pyo3(item)]
    rate: f64,
    #[pyo3(item)]
    rate_store: Option<Bound<'py, CandleStore>>,
    #[pyo3(item)]
    rate_inverse: bool,
    #[pyo3(item)]
    magnifier: Option<Bound<'py, CandleStore>>,
}

/// What stands behind each symbol; a rate must be known at the newest bar that the first step sees.
fn behind_all(
    backing: &[Backing],
    market: &Market,
    plan: &Plan,
) -> Result<Vec<Behind>, OmegaError> {
    let walk = Walk::at(market, plan.start);
    let symbols = (0_u32..).map(SymbolId).zip(market.symbols());
    backing
        .iter()
        .zip(symbols)
        .map(|(backing, (symbol, candles))| {
            let newest = walk.as_ref().and_then(|walk| walk.newest(symbol));
            let first = newest.map(|bar| bar.time);
            backing.behind(first.unwrap_or_else(|| candles.time(0)))
        })
        .collect()
}

/// The same without the interpreter; a sweep puts it behind the candles of many runs.
pub(super) struct Backing {
    rate: f64,
    /// The conversion pair, and whether it is quoted the other way round.
    pair: Option<(Arc<SymbolCandles>, bool)>,
    magnifier: Option<Arc<SymbolCandles>>,
}

impl BehindFields<'_> {
    pub(super) fn backing(&self) -> Backing {
        let candles =
            |store: &Bound<'_, CandleStore>| Arc::clone(store.get().inner().symbol(SymbolId(0)));
        let pair = self.rate_store.as_ref().map(candles);
        Backing {
            rate: self.rate,
            pair: pair.map(|pair| (pair, self.rate_inverse)),
            magnifier: self.magnifier.as_ref().map(candles),
        }
    }
}

impl Backing {
    fn behind(&self, first: i64) -> Result<Behind, OmegaError> {
        let magnifier = self.magnifier.as_ref();
        Ok(Behind {
            rates: self.rates(first)?,
            magnifier: magnifier.map(|finer| Magnifier::new(Arc::clone(finer))),
        })
    }

    /// Where the conversion rate comes from; a pair must be known by the first time asked for.
    fn rates(&self, first: i64) -> Result<Rates, OmegaError> {
        let Some((candles, inverse)) = &self.pair else {
            return Ok(Rates::Constant(self.rate));
        };
        if candles.is_empty() || candles.time(0) > first {
            return Err(OmegaError::Config {
                parameter: "conversion".into(),
                given: format!("{} without a bar at or before {first}", candles.name()),
                expected: "rates from before the first bar of the run".into(),
                hint: "Start later, or give data of the conversion pair that begins earlier".into(),
            });
        }
        Ok(Rates::Symbol {
            candles: Arc::clone(candles),
            inverse: *inverse,
            newest: 0,
        })
    }
}

fn rows_of(
    market: &Market,
    steps: Range<usize>,
    settings: &RunSettings,
    executor: Simulator,
    portfolio: Portfolio,
) -> RunRows {
    let (orders, fills, positions) = executor.into_rows();
    let (trades, ledger, equity) = portfolio.into_rows(market.times(steps));
    let candles = market.symbols();
    RunRows {
        symbols: candles.iter().map(|one| one.name().to_owned()).collect(),
        contract_sizes: settings
            .symbols
            .iter()
            .map(|one| one.instrument.contract_size)
            .collect(),
        unit: candles[0].unit(),
        timezone: candles[0].timezone().map(str::to_owned),
        trades,
        orders,
        fills,
        ledger,
        equity,
        positions,
    }
}
