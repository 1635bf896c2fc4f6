//! A few indicators of each class: exact sums, recursions, extremes, sorted windows, two columns.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use omega_core::error::OmegaError;
use omega_core::indicators::{Inputs, Need, Source, Spec, column, compute};

use super::bars::candles;
use super::{Again, Answer, Workload};

macro_rules! workload {
    ($name:literal, $indicator:literal, $parameters:expr) => {
        Workload {
            name: concat!("indicators: ", $name),
            prepare: || computing($indicator, &$parameters),
            answer: Answer::Finite,
        }
    };
}

/// Of the stage indicators.
pub const WORKLOADS: &[Workload] = &[
    workload!("sma(20)", "sma", [20.0]),
    workload!("ema(20)", "ema", [20.0, 0.0]),
    workload!("rsi(14)", "rsi", [14.0]),
    workload!("atr(14)", "atr", [14.0]),
    workload!("rolling_std(20)", "rolling_std", [20.0, 0.0]),
    workload!("rolling_max(20)", "rolling_max", [20.0]),
    workload!("rolling_quantile(20)", "rolling_quantile", [20.0, 0.25]),
    workload!("correlation(20)", "correlation", [20.0]),
];

/// Computes an indicator over all bars, and sums what is a number of its first column.
fn computing(name: &str, parameters: &[f64]) -> Result<Again, OmegaError> {
    let candles = candles();
    let spec = Spec::new(name, parameters.to_vec())?;
    let source = |need: &Need| match need {
        Need::Second | Need::Open => Source::Bid(0),
        Need::High => Source::Bid(1),
        Need::Low => Source::Bid(2),
        Need::Source | Need::Close => Source::Bid(3),
        Need::Third | Need::Volume => Source::Volume,
    };
    let needs = spec.definition().needs.iter();
    let columns: Result<Vec<ScalarBuffer<f64>>, _> =
        needs.map(|need| column(&candles, source(need))).collect();
    let inputs = Inputs::new(&spec, columns?)?.with_times(&candles, None);
    let given = Arc::new((spec, inputs));
    Ok(Box::new(move || {
        let given = Arc::clone(&given);
        Box::new(move || {
            let outputs = compute(&given.0, &given.1);
            outputs[0].iter().filter(|value| !value.is_nan()).sum()
        })
    }))
}
