//! The rules of T1 and T3 by name, and what a run does about each.

use crate::error::OmegaError;

/// A rule that every row of the input must keep; findings of a row are reported in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// No value is missing.
    Null,
    /// No value is NaN or infinite.
    Nan,
    /// Times strictly increase; those of quote ticks may repeat.
    TimeOrder,
    /// Prices are above zero.
    Price,
    /// The high is the highest price.
    High,
    /// The low is the lowest price.
    Low,
    /// The ask is at or above the bid.
    Crossed,
    /// Volume is not negative.
    Volume,
}

impl Rule {
    /// All rules, in order.
    pub const ALL: [Self; 8] = [
        Self::Null,
        Self::Nan,
        Self::TimeOrder,
        Self::Price,
        Self::High,
        Self::Low,
        Self::Crossed,
        Self::Volume,
    ];

    /// The name that `validate={...}` uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Nan => "nan",
            Self::TimeOrder => "time_order",
            Self::Price => "price",
            Self::High => "high",
            Self::Low => "low",
            Self::Crossed => "crossed",
            Self::Volume => "volume",
        }
    }

    /// The rule of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// What the user can do about a row that breaks it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Null => "Drop or fill the rows without a value before the run",
            Self::Nan => "Drop or fill the rows before the run",
            Self::TimeOrder => "Sort by time and drop duplicate times before the run",
            Self::Price => {
                "Drop the row, or set allow_negative for an instrument that may trade below zero"
            }
            Self::High | Self::Low => {
                "Repair or drop the row; omega.CandleStore(data, validate='report').validate() \
                 lists all"
            }
            Self::Crossed => {
                "Drop the row, or pass validate={'crossed': 'allow'} to trade each side as it \
                 stands"
            }
            Self::Volume => "Drop or repair the row, or leave the volume column out",
        }
    }
}

/// What is done about a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The input is refused.
    Error,
    /// The rows are counted, and the caller gets a warning.
    Warn,
    /// Nothing.
    Allow,
}

/// The level of every rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules([Level; 8]);

impl Default for Rules {
    fn default() -> Self {
        Self::ALL_ERRORS
    }
}

impl Rules {
    /// Every rule refuses.
    pub const ALL_ERRORS: Self = Self([Level::Error; 8]);

    /// The level of one rule.
    #[must_use]
    pub fn level(self, rule: Rule) -> Level {
        // By discriminant: a rule that is added must lengthen the array and `ALL`.
        self.0[rule as usize]
    }

    /// The same rules with one at another level.
    ///
    /// # Errors
    /// [`OmegaError::Config`] for a rule that the engine cannot do without.
    pub fn with(mut self, rule: Rule, level: Level) -> Result<Self, OmegaError> {
        // Under a null a buffer holds anything, and every search by time needs ascending times.
        if level != Level::Error && matches!(rule, Rule::Null | Rule::TimeOrder) {
            return Err(OmegaError::Config {
                parameter: format!("validate['{}']", rule.name()),
                given: "'warn' or 'allow'".to_owned(),
                expected: "'error'".to_owned(),
                hint: rule.hint().to_owned(),
            });
        }
        self.0[rule as usize] = level;
        Ok(self)
    }

    /// Every rule refuses, but prices at or below zero stay allowed where they are.
    #[must_use]
    pub fn reporting(self) -> Self {
        // A report lists what a run would let pass, too; only prices below zero are a property of
        // the instrument.
        let mut rules = Self::ALL_ERRORS;
        rules.0[Rule::Price as usize] = self.level(Rule::Price);
        rules
    }

    /// The same rules for an instrument that may trade at or below zero.
    #[must_use]
    pub fn allowing_negative(mut self) -> Self {
        self.0[Rule::Price as usize] = Level::Allow;
        self
    }
}
