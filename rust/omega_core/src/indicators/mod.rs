//! Whole-column kernels: columns in, one value a bar out, NaN in warm-up.
//!
//! A value depends on bars up to its own only. NaN in gives NaN out at that place (and wherever a
//! window holds it); recursions skip it and go on from their last state.
//!
//! Each family is a file of kernels, plain functions over slices, and ends with the rows that
//! register them by name. `Spec::new("sma", vec![20.0])` is a request, `compute` evaluates it, and
//! `Cache` keeps the result.

pub mod arithmetic;
pub mod averages;
mod cache;
pub mod candle_shapes;
mod candlesticks;
pub mod channels;
mod conditions;
mod deviations;
mod dispersion;
mod exact;
mod extremes;
mod fenwick_tree;
pub mod garch;
mod inputs;
pub mod kalman;
pub mod linear_regression;
pub mod momentum;
pub mod oscillators;
pub mod patterns;
pub mod periods;
mod recursive;
pub mod smoothing;
mod source;
mod spec;
pub mod statistics;
pub mod trend;
pub mod volatility;
pub mod volatility_clusters;
pub mod volume;
mod window_sums;

use crate::error::OmegaError;

pub use cache::{Cache, Column, From, Given, Key, Outputs, Track};
pub use conditions::{Comparison, Operand, compare};
pub use inputs::{Inputs, column};
pub use source::Source;
pub use spec::{Definition, Kind, Need, Parameter, Parameters, Spec};

/// The rows of all families.
const FAMILIES: [&[Definition]; 17] = [
    arithmetic::DEFINITIONS,
    averages::DEFINITIONS,
    momentum::DEFINITIONS,
    trend::DEFINITIONS,
    volume::DEFINITIONS,
    volatility::DEFINITIONS,
    channels::DEFINITIONS,
    statistics::DEFINITIONS,
    kalman::DEFINITIONS,
    garch::DEFINITIONS,
    volatility_clusters::DEFINITIONS,
    smoothing::DEFINITIONS,
    oscillators::DEFINITIONS,
    linear_regression::DEFINITIONS,
    candle_shapes::DEFINITIONS,
    periods::DEFINITIONS,
    patterns::DEFINITIONS,
];

/// All indicators there are.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    FAMILIES.into_iter().flatten()
}

/// The indicator of this name.
///
/// # Errors
/// `Config` where there is none.
pub fn definition(name: &str) -> Result<&'static Definition, OmegaError> {
    let found = definitions().find(|definition| definition.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = definitions().map(|definition| definition.name).collect();
        OmegaError::Config {
            parameter: "indicator".into(),
            given: name.into(),
            expected: format!("one of {}", names.join(", ")),
            hint: "Or use self.column() with any Polars expression".into(),
        }
    })
}

/// One column for each output of an indicator.
#[must_use]
pub fn compute(spec: &Spec, inputs: &Inputs) -> Vec<Vec<f64>> {
    (spec.definition().compute)(&spec.parameters(), inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SymbolCandles;
    use crate::types::TimeUnit;

    /// The least that a parameter may be, and numbers above 0.
    #[expect(clippy::cast_precision_loss, reason = "least values are small")]
    fn least(kind: Kind) -> f64 {
        match kind {
            Kind::Whole(least) => least as f64,
            Kind::Number(least) => least.max(1.0),
            Kind::OptionalWhole(_) | Kind::OptionalNumber(_) => f64::NAN,
            Kind::Choice(_) => 0.0,
        }
    }

    #[test]
    fn every_indicator_has_a_value_for_each_of_few_bars_and_none_fails_without_any() {
        for definition in definitions() {
            let numbers = definition.parameters.iter();
            let numbers = numbers.map(|(_, kind)| least(*kind)).collect();
            let spec = Spec::new(definition.name, numbers).unwrap();
            for bars in 0..4 {
                let prices = (0..bars).map(|bar| (bar * 60, 1.5));
                let candles = SymbolCandles::from_prices("FEW", TimeUnit::Second, prices);
                let length = candles.len();
                let columns = vec![vec![1.5; length].into(); definition.needs.len()];
                let inputs = Inputs::new(&spec, columns).unwrap();
                let outputs = compute(&spec, &inputs.with_times(&candles, None));
                assert_eq!(outputs.len(), definition.outputs, "{}", definition.name);
                let lengths = outputs.iter().map(Vec::len);
                assert!(
                    lengths.eq(vec![length; outputs.len()]),
                    "{}",
                    definition.name
                );
            }
        }
    }
}
