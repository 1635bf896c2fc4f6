//! The configuration of a backtest, as the Python face hands it over: mappings, checked there.

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use super::dates::{CarryFields, EventFields};
use super::store::CandleStore;
use omega_core::backtest::{
    ACCOUNT_KIND, Config, INTRABAR, MARKET_FILL, ManagerNumbers, POSITION_MODE, SEMANTICS,
    SymbolConfig, manager, named, sizer,
};
use omega_core::error::OmegaError;
use omega_core::execution::costs::{FeeFunction, Fees, Slippage, Swap};
use omega_core::execution::{AccountRules, Instrument, Limits, Manager, Participation, Semantics};
use omega_core::replay::{Plan, Rates};
use omega_core::store::{Market, SymbolCandles};
use omega_core::types::{Direction, SymbolId};

/// Contract size, steps and margin of the instrument traded.
#[derive(FromPyObject)]
struct InstrumentFields {
    #[pyo3(item)]
    contract_size: f64,
    #[pyo3(item)]
    tick_size: Option<f64>,
    #[pyo3(item)]
    pip_size: Option<f64>,
    #[pyo3(item)]
    volume_min: Option<f64>,
    #[pyo3(item)]
    volume_step: Option<f64>,
    #[pyo3(item)]
    volume_max: Option<f64>,
    #[pyo3(item)]
    margin_rate: f64,
    #[pyo3(item)]
    margin_per_lot: Option<f64>,
    #[pyo3(item)]
    maintenance_rate: f64,
    #[pyo3(item)]
    liquidation_fee: f64,
}

/// What kind of account it is, and what is tested of it.
#[derive(FromPyObject)]
struct AccountFields {
    #[pyo3(item)]
    kind: String,
    #[pyo3(item)]
    tests_margin: bool,
    #[pyo3(item)]
    stops_at_ruin: bool,
}

/// Fees, slippage and swap; slippage and swap in price units, and in percent of the price.
#[derive(FromPyObject)]
struct CostFields {
    #[pyo3(item)]
    fee_per_million: f64,
    #[pyo3(item)]
    fee_per_lot: f64,
    #[pyo3(item)]
    fee_percent: f64,
    #[pyo3(item)]
    fee_fixed: f64,
    #[pyo3(item)]
    fee_maker: f64,
    #[pyo3(item)]
    fee_taker: f64,
    #[pyo3(item)]
    fee: Option<Py<PyAny>>,
    #[pyo3(item)]
    fee_min: f64,
    #[pyo3(item)]
    entry_only: bool,
    #[pyo3(item)]
    slippage: f64,
    #[pyo3(item)]
    slippage_random: f64,
    #[pyo3(item)]
    slippage_percent: f64,
    #[pyo3(item)]
    swap_long: f64,
    #[pyo3(item)]
    swap_short: f64,
    #[pyo3(item)]
    swap_long_percent: f64,
    #[pyo3(item)]
    swap_short_percent: f64,
    #[pyo3(item)]
    triple_day: Option<i64>,
}

/// A built-in position manager; its name and its numbers.
#[derive(FromPyObject)]
struct ManagerFields {
    #[pyo3(item(0))]
    name: String,
    #[pyo3(item(1))]
    first: Option<f64>,
    #[pyo3(item(2))]
    second: Option<f64>,
    #[pyo3(item(3))]
    duration: Option<i64>,
    #[pyo3(item(4))]
    bars: Option<usize>,
}

/// Everything that a run needs beside data and strategy.
#[derive(FromPyObject)]
pub(super) struct RunSettings {
    #[pyo3(item)]
    start: Option<i64>,
    #[pyo3(item)]
    end: Option<i64>,
    #[pyo3(item)]
    semantics: String,
    #[pyo3(item)]
    pub(super) cash: f64,
    /// The share of the volume, whether it is that of the bar before, and whether the rest is
    /// tried again.
    #[pyo3(item)]
    participation: Option<(f64, bool, bool)>,
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    strict: bool,
    #[pyo3(item)]
    close_at_end: bool,
    #[pyo3(item)]
    limit_improvement: bool,
    #[pyo3(item)]
    stale_after: Option<usize>,
    #[pyo3(item)]
    market_fill: String,
    #[pyo3(item)]
    intrabar: String,
    #[pyo3(item)]
    position_mode: String,
    #[pyo3(item)]
    account: AccountFields,
    #[pyo3(item)]
    stop_out_level: Option<f64>,
    #[pyo3(item)]
    max_positions: Option<usize>,
    #[pyo3(item)]
    max_positions_per_symbol: Option<usize>,
    #[pyo3(item)]
    cooldown_bars: usize,
    #[pyo3(item)]
    cooldown_entry: i64,
    #[pyo3(item)]
    cooldown_exit: i64,
    #[pyo3(item)]
    sessions: Vec<(i64, i64)>,
    /// When the sessions of a calendar begin and end, in turn, of each symbol.
    #[pyo3(item, from_py_with = times_of_each)]
    session_times: Vec<Arc<[i64]>>,
    /// When each symbol joins and leaves the universe, in turn.
    #[pyo3(item, from_py_with = times_of_each)]
    member_times: Vec<Arc<[i64]>>,
    #[pyo3(item)]
    events: Option<EventFields>,
    #[pyo3(item)]
    carry: Option<CarryFields>,
    #[pyo3(item)]
    blackouts: Vec<(i64, i64)>,
    #[pyo3(item)]
    managers: Vec<ManagerFields>,
    #[pyo3(item)]
    sizer: (String, f64),
    /// By symbol, in order.
    #[pyo3(item)]
    symbols: Vec<SymbolFields>,
}

/// What is traded, and what that costs.
#[derive(FromPyObject)]
struct SymbolFields {
    #[pyo3(item)]
    instrument: InstrumentFields,
    #[pyo3(item)]
    costs: CostFields,
    /// Open times of the bars that hold the end of a session.
    #[pyo3(item, from_py_with = times)]
    session_ends: Option<Arc<[i64]>>,
    /// By bar, the part of the price that a fill of one unit moves it by (M13).
    #[pyo3(item, from_py_with = parts)]
    impact: Option<Arc<[f64]>>,
}

/// The data beside the candles of a symbol: the conversion rate and the finer candles.
#[derive(FromPyObject)]
pub(super) struct ContextFields<'py> {
    #[pyo3(item)]
    rate: f64,
    #[pyo3(item)]
    rate_store: Option<Bound<'py, CandleStore>>,
    #[pyo3(item)]
    rate_inverse: bool,
    #[pyo3(item)]
    magnifier: Option<Bound<'py, CandleStore>>,
}

impl RunSettings {
    /// The steps of a run.
    pub(super) fn plan(
        &self,
        market: &Market,
        warmup: &[usize],
        semantics: Semantics,
    ) -> Result<Plan, OmegaError> {
        let span = (self.start, self.end);
        Plan::new(market, span, warmup, self.close_at_end, semantics)
    }

    /// The version of the rules.
    ///
    /// # Errors
    /// `Config` where it is unknown.
    pub(super) fn semantics(&self) -> Result<Semantics, OmegaError> {
        named("semantics", &self.semantics, &SEMANTICS)
    }

    /// The configuration that the core checks and runs.
    ///
    /// # Errors
    /// `Config` where a name is unknown.
    pub(super) fn config(
        self,
        contexts: &[ContextFields<'_>],
        warmup: Vec<usize>,
    ) -> Result<Config, OmegaError> {
        // Both come in the order of the run's symbols, which is that of their numbers.
        let schedule = self
            .events
            .as_ref()
            .map(|events| events.schedule(contexts.len()));
        let symbols = self.symbols.into_iter().zip(contexts);
        let managers = self.managers.iter().map(ManagerFields::manager);
        Ok(Config {
            semantics: named("semantics", &self.semantics, &SEMANTICS)?,
            cash: self.cash,
            start: self.start,
            end: self.end,
            close_at_end: self.close_at_end,
            warmup,
            // The face has checked the words; the core does not rely on that.
            market_fill: named("market_fill", &self.market_fill, &MARKET_FILL)?,
            intrabar: named("intrabar", &self.intrabar, &INTRABAR)?,
            position_mode: named("position_mode", &self.position_mode, &POSITION_MODE)?,
            limit_improvement: self.limit_improvement,
            sizer: sizer(&self.sizer.0, self.sizer.1)?,
            managers: managers.collect::<Result<_, _>>()?,
            account: AccountRules {
                kind: named("account", &self.account.kind, &ACCOUNT_KIND)?,
                tests_margin: self.account.tests_margin,
                stops_at_ruin: self.account.stops_at_ruin,
                stop_out_level: self.stop_out_level,
            },
            participation: self
                .participation
                .map(|(share, lagged, retries)| Participation {
                    share,
                    lagged,
                    retries,
                }),
            seed: self.seed,
            strict: self.strict,
            symbols: symbols.map(|(own, context)| own.config(context)).collect(),
            limits: Limits {
                max_positions: self.max_positions,
                max_positions_per_symbol: self.max_positions_per_symbol,
                cooldown_bars: self.cooldown_bars,
                cooldown_entry: self.cooldown_entry,
                cooldown_exit: self.cooldown_exit,
                sessions: self.sessions,
                session_times: self.session_times,
                member_times: self.member_times,
                blackouts: self.blackouts,
            },
            stale_after: self.stale_after,
            schedule: schedule.transpose()?.map(Arc::new),
            halts: self.events.map_or_else(Vec::new, |events| events.halts),
            carry: self.carry.map(|carry| Arc::new(carry.carry())),
        })
    }
}

impl SymbolFields {
    fn config(self, context: &ContextFields<'_>) -> SymbolConfig {
        let (instrument, costs) = (self.instrument, self.costs);
        SymbolConfig {
            instrument: Instrument {
                contract_size: instrument.contract_size,
                tick_size: instrument.tick_size,
                pip_size: instrument.pip_size,
                volume_min: instrument.volume_min,
                volume_step: instrument.volume_step,
                volume_max: instrument.volume_max,
                margin_rate: instrument.margin_rate,
                margin_per_lot: instrument.margin_per_lot,
                maintenance_rate: instrument.maintenance_rate,
                liquidation_fee: instrument.liquidation_fee,
            },
            fees: Fees {
                per_million: costs.fee_per_million,
                per_lot: costs.fee_per_lot,
                percent: costs.fee_percent,
                fixed: costs.fee_fixed,
                maker: costs.fee_maker,
                taker: costs.fee_taker,
                function: costs.fee.map(fee_function),
                minimum: costs.fee_min,
                entry_only: costs.entry_only,
            },
            slippage: Slippage {
                fixed: costs.slippage,
                random: costs.slippage_random,
                percent: costs.slippage_percent,
                impact: self.impact,
            },
            swap: Swap {
                long: costs.swap_long,
                short: costs.swap_short,
                long_percent: costs.swap_long_percent,
                short_percent: costs.swap_short_percent,
                triple_day: costs.triple_day,
            },
            session_ends: self.session_ends,
            rates: context.rates(),
            magnifier: context.magnifier.as_ref().map(candles),
        }
    }
}

impl ContextFields<'_> {
    fn rates(&self) -> Rates {
        self.rate_store
            .as_ref()
            .map_or(Rates::Constant(self.rate), |pair| Rates::Symbol {
                candles: candles(pair),
                inverse: self.rate_inverse,
                // A run goes on from here by itself: the settings know no step.
                newest: 0,
            })
    }
}

impl ManagerFields {
    fn manager(&self) -> Result<Manager, OmegaError> {
        let numbers = ManagerNumbers {
            first: self.first,
            second: self.second,
            duration: self.duration,
            bars: self.bars,
        };
        manager(&self.name, numbers)
    }
}

/// A fee function of the face, which takes the parts of a fill and checks what the user's gives.
fn fee_function(function: Py<PyAny>) -> FeeFunction {
    FeeFunction::new(move |fill| {
        let side = match fill.direction {
            Direction::Long => "buy",
            Direction::Short => "sell",
        };
        // A strategy of the core runs without the interpreter, on threads of a sweep as well: each
        // takes it for the call.
        let fee = Python::attach(|py| {
            let parts = (
                side,
                fill.lots,
                fill.units,
                fill.price,
                fill.notional,
                fill.is_maker,
                fill.is_entry,
                fill.time,
                fill.order.0,
            );
            function.call1(py, parts)?.extract::<f64>(py)
        });
        Ok(fee?)
    })
}

/// A column of times, of which the engine keeps a copy: the array could be changed while a run goes
/// on without the interpreter.
pub(super) fn times(given: &Bound<'_, PyAny>) -> PyResult<Option<Arc<[i64]>>> {
    let array = given.extract::<Option<PyReadonlyArray1<'_, i64>>>()?;
    array.map(|array| Ok(array.as_slice()?.into())).transpose()
}

/// A column of numbers, of which the engine keeps a copy as well.
fn parts(given: &Bound<'_, PyAny>) -> PyResult<Option<Arc<[f64]>>> {
    let array = given.extract::<Option<PyReadonlyArray1<'_, f64>>>()?;
    array.map(|array| Ok(array.as_slice()?.into())).transpose()
}

fn times_of_each(given: &Bound<'_, PyAny>) -> PyResult<Vec<Arc<[i64]>>> {
    let arrays = given.extract::<Vec<PyReadonlyArray1<'_, i64>>>()?;
    arrays
        .iter()
        .map(|array| Ok(array.as_slice()?.into()))
        .collect()
}

fn candles(store: &Bound<'_, CandleStore>) -> Arc<SymbolCandles> {
    // The store's own candles: a reference more, no copy.
    Arc::clone(store.get().inner().symbol(SymbolId(0)))
}
