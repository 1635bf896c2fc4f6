//! The settings of a run, as the Python face hands them over: one mapping, checked there.

use pyo3::prelude::*;

use omega_core::error::OmegaError;
use omega_core::execution::costs::{Fees, Slippage, Swap};
use omega_core::execution::{
    Instrument, IntrabarPolicy, Limits, Manager, MarketFill, PositionMode, Settings, Sizer,
    SymbolSettings,
};
use omega_core::replay::Plan;
use omega_core::store::Market;
use omega_core::types::TimeUnit;

/// Contract size, steps and margin of the instrument traded.
#[derive(Clone, FromPyObject)]
pub(super) struct InstrumentFields {
    #[pyo3(item)]
    pub(super) contract_size: f64,
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
}

/// Fees and slippage, slippage in price units.
#[derive(Clone, FromPyObject)]
struct CostFields {
    #[pyo3(item)]
    fee_per_million: f64,
    #[pyo3(item)]
    fee_per_lot: f64,
    #[pyo3(item)]
    fee_percent: f64,
    #[pyo3(item)]
    fee_min: f64,
    #[pyo3(item)]
    slippage: f64,
    #[pyo3(item)]
    slippage_random: f64,
    #[pyo3(item)]
    swap_long: f64,
    #[pyo3(item)]
    swap_short: f64,
    #[pyo3(item)]
    triple_day: i64,
}

/// A built-in position manager; its name and its numbers.
#[derive(Clone, FromPyObject)]
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
#[derive(Clone, FromPyObject)]
pub(super) struct RunSettings {
    #[pyo3(item)]
    start: Option<i64>,
    #[pyo3(item)]
    end: Option<i64>,
    #[pyo3(item)]
    pub(super) cash: f64,
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    strict: bool,
    #[pyo3(item)]
    close_at_end: bool,
    #[pyo3(item)]
    limit_improvement: bool,
    #[pyo3(item)]
    market_fill: String,
    #[pyo3(item)]
    intrabar: String,
    #[pyo3(item)]
    position_mode: String,
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
    #[pyo3(item)]
    blackouts: Vec<(i64, i64)>,
    #[pyo3(item)]
    managers: Vec<ManagerFields>,
    #[pyo3(item)]
    sizer: (String, f64),
    /// By symbol, in order.
    #[pyo3(item)]
    pub(super) symbols: Vec<SymbolFields>,
}

/// What is traded, and what that costs.
#[derive(Clone, FromPyObject)]
pub(super) struct SymbolFields {
    #[pyo3(item)]
    pub(super) instrument: InstrumentFields,
    #[pyo3(item)]
    costs: CostFields,
}

impl RunSettings {
    pub(super) fn plan(&self, market: &Market, warmup: &[usize]) -> Result<Plan, OmegaError> {
        Plan::new(market, self.start, self.end, warmup, self.close_at_end)
    }

    /// The rules of execution.
    ///
    /// # Errors
    /// `Config` where a word is not known.
    pub(super) fn execution(&self, unit: TimeUnit) -> Result<Settings, OmegaError> {
        Ok(Settings {
            symbols: self.symbols.iter().map(SymbolFields::settings).collect(),
            intrabar: chosen("intrabar", &self.intrabar, &INTRABAR)?,
            market_fill: chosen("market_fill", &self.market_fill, &MARKET_FILL)?,
            limit_improvement: self.limit_improvement,
            sizer: chosen("sizer", &self.sizer.0, &SIZERS)?(self.sizer.1),
            position_mode: chosen("position_mode", &self.position_mode, &POSITION_MODE)?,
            limits: self.limits(),
            managers: self
                .managers
                .iter()
                .map(manager)
                .collect::<Result<_, _>>()?,
            stop_out_level: self.stop_out_level,
            seed: self.seed,
            strict: self.strict,
            units_per_day: unit.per_day(),
        })
    }

    fn limits(&self) -> Limits {
        Limits {
            max_positions: self.max_positions,
            max_positions_per_symbol: self.max_positions_per_symbol,
            cooldown_bars: self.cooldown_bars,
            cooldown_entry: self.cooldown_entry,
            cooldown_exit: self.cooldown_exit,
            sessions: self.sessions.clone(),
            blackouts: self.blackouts.clone(),
        }
    }
}

impl SymbolFields {
    fn settings(&self) -> SymbolSettings {
        let (instrument, costs) = (&self.instrument, &self.costs);
        SymbolSettings {
            instrument: Instrument {
                contract_size: instrument.contract_size,
                tick_size: instrument.tick_size,
                pip_size: instrument.pip_size,
                volume_min: instrument.volume_min,
                volume_step: instrument.volume_step,
                volume_max: instrument.volume_max,
                margin_rate: instrument.margin_rate,
            },
            fees: Fees {
                per_million: costs.fee_per_million,
                per_lot: costs.fee_per_lot,
                percent: costs.fee_percent,
                minimum: costs.fee_min,
            },
            slippage: Slippage {
                fixed: costs.slippage,
                random: costs.slippage_random,
            },
            swap: Swap {
                long: costs.swap_long,
                short: costs.swap_short,
                triple_day: costs.triple_day,
            },
        }
    }
}

const INTRABAR: [(&str, IntrabarPolicy); 4] = [
    ("pessimistic", IntrabarPolicy::Pessimistic),
    ("optimistic", IntrabarPolicy::Optimistic),
    ("ohlc_path", IntrabarPolicy::OhlcPath),
    ("nearest", IntrabarPolicy::Nearest),
];

const POSITION_MODE: [(&str, PositionMode); 2] = [
    ("hedging", PositionMode::Hedging),
    ("netting", PositionMode::Netting),
];

const MARKET_FILL: [(&str, MarketFill); 2] = [
    ("next_open", MarketFill::NextOpen),
    ("last_close", MarketFill::LastClose),
];

/// Makes a sizer of its number.
type MakeSizer = fn(f64) -> Sizer;

const SIZERS: [(&str, MakeSizer); 5] = [
    ("fixed_lots", Sizer::FixedLots),
    ("fixed_units", Sizer::FixedUnits),
    ("risk_amount", Sizer::RiskAmount),
    ("risk_percent", Sizer::RiskPercent),
    ("equity_percent", Sizer::EquityPercent),
];

fn manager(fields: &ManagerFields) -> Result<Manager, OmegaError> {
    let first = fields.first.unwrap_or(f64::NAN);
    let second = fields.second.unwrap_or(f64::NAN);
    let choices = [
        ("trailing_stop", Manager::TrailingStop { distance: first }),
        (
            "break_even",
            Manager::BreakEven {
                trigger: first,
                offset: second,
            },
        ),
        (
            "time_exit",
            Manager::TimeExit {
                bars: fields.bars,
                duration: fields.duration,
            },
        ),
        (
            "partial_close",
            Manager::PartialClose {
                trigger: first,
                fraction: second,
            },
        ),
    ];
    chosen("position_manager", &fields.name, &choices)
}

/// The choice that a word names.
fn chosen<T: Copy>(parameter: &str, word: &str, choices: &[(&str, T)]) -> Result<T, OmegaError> {
    let found = choices.iter().find(|(name, _)| *name == word);
    found
        .map(|(_, choice)| *choice)
        .ok_or_else(|| OmegaError::Config {
            parameter: parameter.into(),
            given: word.into(),
            expected: choices
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", "),
            hint: "Choose one of them".into(),
        })
}
