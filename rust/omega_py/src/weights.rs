//! Target weights in: columns that the Python face has checked, as a strategy of the core.

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use super::conditions::Mask;
use super::error::to_pyerr;
use super::native::NativeStrategy;
use super::tracks::Tracks;
use omega_core::error::OmegaError;
use omega_core::execution::{Missing, RebalanceRules, SizeAt};
use omega_core::strategies::{Native, Schedule, TargetSet, TargetWeight, Weights};
use omega_core::types::SymbolId;

/// How sizes follow from targets.
#[derive(FromPyObject)]
pub(super) struct RuleFields {
    #[pyo3(item)]
    size_at: String,
    #[pyo3(item)]
    min_trade: f64,
    #[pyo3(item)]
    band: f64,
    #[pyo3(item)]
    max_turnover: Option<f64>,
    #[pyo3(item)]
    cash_buffer: f64,
}

/// Sets of weights, one after the other in columns, and when they are acted on.
#[derive(FromPyObject)]
pub(super) struct WeightFields<'py> {
    /// When each set is dated.
    #[pyo3(item)]
    times: PyReadonlyArray1<'py, i64>,
    /// How many rows come before each set, and in all.
    #[pyo3(item)]
    offsets: PyReadonlyArray1<'py, i64>,
    /// By row, the place of its symbol.
    #[pyo3(item)]
    symbols: PyReadonlyArray1<'py, u32>,
    /// By row, the weight; NaN leaves the symbol alone.
    #[pyo3(item)]
    weights: PyReadonlyArray1<'py, f64>,
    /// None where changes decide.
    #[pyo3(item)]
    schedule: Option<PyReadonlyArray1<'py, i64>>,
    #[pyo3(item)]
    missing: String,
    #[pyo3(item)]
    rules: RuleFields,
}

impl RuleFields {
    pub(super) fn rules(&self) -> RebalanceRules {
        RebalanceRules {
            // The face has checked the words, so that what is not one is the other.
            size_at: if self.size_at == "fill" {
                SizeAt::Fill
            } else {
                SizeAt::Decision
            },
            min_trade: self.min_trade,
            band: self.band,
            max_turnover: self.max_turnover,
            cash_buffer: self.cash_buffer,
        }
    }
}

/// What happens to symbols without a target.
pub(super) fn missing(word: &str) -> Missing {
    match word {
        "hold" => Missing::Hold,
        "untouched" => Missing::Untouched,
        _ => Missing::Sell,
    }
}

/// Target weights as a strategy.
pub(super) fn weights(tracks: &Tracks, fields: &WeightFields<'_>) -> PyResult<NativeStrategy> {
    let sets = sets(fields)?;
    let schedule = match &fields.schedule {
        None => Schedule::Changes,
        Some(times) => Schedule::Times(times.as_slice()?.to_vec()),
    };
    let market = &tracks.market;
    let rules = fields.rules.rules();
    let weights = Weights::new(market, sets, &schedule, missing(&fields.missing), rules);
    Ok(NativeStrategy::of(Native::Weights(weights)))
}

fn sets(fields: &WeightFields<'_>) -> PyResult<Vec<TargetSet>> {
    let (times, offsets) = (fields.times.as_slice()?, fields.offsets.as_slice()?);
    let (symbols, values) = (fields.symbols.as_slice()?, fields.weights.as_slice()?);
    let mut sets = Vec::with_capacity(times.len());
    for (&time, span) in times.iter().zip(offsets.windows(2)) {
        let rows = usize::try_from(span[0])
            .ok()
            .zip(usize::try_from(span[1]).ok());
        let rows = rows.and_then(|(first, past)| {
            Some(
                symbols
                    .get(first..past)?
                    .iter()
                    .zip(values.get(first..past)?),
            )
        });
        let Some(rows) = rows else {
            return Err(to_pyerr(OmegaError::Config {
                parameter: "weights".into(),
                given: format!("rows {span:?}"),
                expected: format!("rows of {}", symbols.len()),
                hint: "Give offsets that ascend".into(),
            }));
        };
        let weights = rows.map(|(&symbol, &weight)| TargetWeight {
            symbol: SymbolId(symbol),
            weight: (!weight.is_nan()).then_some(weight),
        });
        sets.push(TargetSet {
            time,
            weights: weights.collect(),
        });
    }
    Ok(sets)
}

/// Where a step is the next one of which the first at or after some time is: a truth is acted on at
/// the step after it.
pub(super) fn due(tracks: &Tracks, times: &[i64]) -> Mask {
    let market = &tracks.market;
    let mut truths = vec![0; market.steps()];
    for &time in times {
        let before = market.first_at_or_after(time).checked_sub(1);
        if let Some(truth) = before.and_then(|step| truths.get_mut(step)) {
            *truth = 1;
        }
    }
    // Beyond the last step there is none to act at.
    if let Some(last) = truths.last_mut() {
        *last = 0;
    }
    Mask::new(truths)
}
