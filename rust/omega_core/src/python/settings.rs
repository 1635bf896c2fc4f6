//! The settings of a run, as the Python face hands them over: one mapping, checked there.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::error::OmegaError;
use crate::execution::costs::{Fees, Slippage};
use crate::execution::{Instrument, IntrabarPolicy, MarketFill, Settings, Sizer, SymbolSettings};
use crate::replay::Plan;
use crate::store::SymbolCandles;
use crate::types::TimeUnit;

/// Contract size, steps and margin of the instrument traded.
#[derive(FromPyObject)]
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
#[derive(FromPyObject)]
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
}

/// Everything that a run needs beside data and strategy.
#[derive(FromPyObject)]
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
    sizer: (String, f64),
    #[pyo3(item)]
    pub(super) instrument: InstrumentFields,
    #[pyo3(item)]
    costs: CostFields,
}

impl RunSettings {
    pub(super) fn plan(
        &self,
        candles: &Arc<SymbolCandles>,
        warmup: usize,
    ) -> Result<Plan, OmegaError> {
        Plan::new(candles, self.start, self.end, warmup, self.close_at_end)
    }

    /// The rules of execution.
    ///
    /// # Errors
    /// `Config` where a word is not known.
    pub(super) fn execution(&self, unit: TimeUnit) -> Result<Settings, OmegaError> {
        let instrument = &self.instrument;
        let costs = &self.costs;
        Ok(Settings {
            symbols: vec![SymbolSettings {
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
            }],
            intrabar: chosen("intrabar", &self.intrabar, &INTRABAR)?,
            market_fill: chosen("market_fill", &self.market_fill, &MARKET_FILL)?,
            limit_improvement: self.limit_improvement,
            sizer: chosen("sizer", &self.sizer.0, &SIZERS)?(self.sizer.1),
            seed: self.seed,
            strict: self.strict,
            units_per_day: unit.per_day(),
        })
    }
}

const INTRABAR: [(&str, IntrabarPolicy); 4] = [
    ("pessimistic", IntrabarPolicy::Pessimistic),
    ("optimistic", IntrabarPolicy::Optimistic),
    ("ohlc_path", IntrabarPolicy::OhlcPath),
    ("nearest", IntrabarPolicy::Nearest),
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
