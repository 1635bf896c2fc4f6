//! What an indicator is called, what it takes and reads, and a request for one with its numbers.

use std::cmp::Ordering;

use super::{Inputs, definition};
use crate::error::OmegaError;

/// A column that an indicator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The column that the caller names, or the first of two.
    Source,
    /// The second column that the caller names.
    Second,
    /// The third column that the caller names.
    Third,
    /// Opens of a side of the candles.
    Open,
    /// Highs of a side of the candles.
    High,
    /// Lows of a side of the candles.
    Low,
    /// Closes of a side of the candles.
    Close,
    /// The volume of the candles.
    Volume,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A whole number, at least this.
    Whole(usize),
    /// A finite number, at least this.
    Number(f64),
    /// A whole number, at least this, or NaN for none.
    OptionalWhole(usize),
    /// A finite number, at least this, or NaN for none.
    OptionalNumber(f64),
    /// A place among so many words.
    Choice(usize),
}

/// The most that a whole parameter may be: a window that holds all bars of any data.
// Windows below 2^32 leave `exact` 61 bits or more to tell values apart, and result tables number
// bars with 32 bits.
const MOST: f64 = 4_294_967_295.0;

impl Kind {
    #[expect(
        clippy::cast_precision_loss,
        reason = "least values and choices are small"
    )]
    fn takes(self, given: f64) -> bool {
        let whole = |least: usize| given >= least as f64 && given <= MOST && given.fract() == 0.0;
        match self {
            Self::Whole(least) => whole(least),
            Self::Number(least) => given.is_finite() && given >= least,
            Self::OptionalWhole(least) => given.is_nan() || whole(least),
            Self::OptionalNumber(least) => given.is_nan() || given.is_finite() && given >= least,
            Self::Choice(words) => whole(0) && given < words as f64,
        }
    }

    fn wording(self) -> String {
        match self {
            Self::Whole(least) => format!("a whole number of at least {least}"),
            Self::Number(least) => format!("a number of at least {least}"),
            Self::OptionalWhole(least) => format!("a whole number of at least {least}, or none"),
            Self::OptionalNumber(least) => format!("a number of at least {least}, or none"),
            Self::Choice(words) => format!("the place of one of {words} words"),
        }
    }
}

/// A parameter by name.
pub type Parameter = (&'static str, Kind);

/// An indicator: one row of the registry.
#[derive(Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, in order.
    pub parameters: &'static [Parameter],
    /// The columns that `compute` gets, in order.
    pub needs: &'static [Need],
    /// Whether it needs to know where the days of the calendar begin (T4).
    pub days: bool,
    /// How many columns it gives.
    pub outputs: usize,
    /// Bars needed before the first value.
    pub warmup: fn(&Parameters<'_>) -> usize,
    /// One column for each output.
    pub compute: fn(&Parameters<'_>, &Inputs) -> Vec<Vec<f64>>,
}

/// What rows of indicators over one column and one window have in common.
pub(super) const OF_WINDOW: Definition = Definition {
    name: "",
    parameters: &[("window", Kind::Whole(1))],
    needs: &[Need::Source],
    days: false,
    outputs: 1,
    warmup: |of| of.whole(0),
    compute: |_, _| Vec::new(),
};

/// Checked parameters, read by place.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a>(&'a [f64]);

impl Parameters<'_> {
    /// A number.
    #[must_use]
    pub fn number(&self, place: usize) -> f64 {
        self.0[place]
    }

    /// A whole number, or the place of a choice.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole, not negative and below 2^32"
    )]
    pub fn whole(&self, place: usize) -> usize {
        self.0[place] as usize
    }

    /// A whole number, where one was given.
    #[must_use]
    pub fn optional_whole(&self, place: usize) -> Option<usize> {
        (!self.0[place].is_nan()).then(|| self.whole(place))
    }

    /// A number, where one was given.
    #[must_use]
    pub fn optional_number(&self, place: usize) -> Option<f64> {
        (!self.0[place].is_nan()).then(|| self.0[place])
    }
}

/// An indicator with its parameters; two are equal where every bit is.
#[derive(Debug, Clone)]
pub struct Spec {
    definition: &'static Definition,
    parameters: Vec<f64>,
}

impl Spec {
    /// The indicator of this name, with parameters in its order.
    ///
    /// # Errors
    /// `Config` where the name is unknown, or a parameter is missing, too many or out of range.
    pub fn new(name: &str, parameters: Vec<f64>) -> Result<Self, OmegaError> {
        let definition = definition(name)?;
        let wrong = |parameter: String, given: String, expected: String| OmegaError::Config {
            parameter,
            given,
            expected,
            hint: "See docs/concepts/indicators.md".into(),
        };
        if parameters.len() != definition.parameters.len() {
            let names: Vec<_> = definition
                .parameters
                .iter()
                .map(|(name, _)| *name)
                .collect();
            return Err(wrong(
                format!("{name} parameters"),
                format!("{} of them", parameters.len()),
                format!("({})", names.join(", ")),
            ));
        }
        for ((parameter, kind), given) in definition.parameters.iter().zip(&parameters) {
            if !kind.takes(*given) {
                return Err(wrong(
                    format!("{name} {parameter}"),
                    given.to_string(),
                    kind.wording(),
                ));
            }
        }
        Ok(Self {
            definition,
            parameters,
        })
    }

    /// What it is.
    #[must_use]
    pub fn definition(&self) -> &'static Definition {
        self.definition
    }

    /// Its parameters.
    #[must_use]
    pub fn parameters(&self) -> Parameters<'_> {
        Parameters(&self.parameters)
    }

    /// Bars needed before the first value.
    #[must_use]
    pub fn warmup(&self) -> usize {
        (self.definition.warmup)(&self.parameters())
    }
}

impl Ord for Spec {
    fn cmp(&self, other: &Self) -> Ordering {
        // By bits, because NaN stands for "none" and must equal itself: otherwise no request with
        // an optional parameter would ever be found in the cache.
        let bits = |spec: &Self| -> Vec<u64> {
            spec.parameters
                .iter()
                .map(|number| number.to_bits())
                .collect()
        };
        self.definition
            .name
            .cmp(other.definition.name)
            .then_with(|| bits(self).cmp(&bits(other)))
    }
}

impl PartialOrd for Spec {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Spec {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Spec {}
