//! What validation found, row by row, and as counts.

use arrow_array::temporal_conversions as temporal;

use super::{ColumnNames, Rule, Slot};
use crate::error::OmegaError;
use crate::types::TimeUnit;

/// One value that breaks one rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Row within the symbol, counted from 0.
    pub row: usize,
    /// The rule.
    pub rule: Rule,
    /// Where the value stands.
    pub slot: Slot,
    /// Open time of the row; `None` where that is what is missing.
    pub time: Option<i64>,
    /// The value; `None` for a missing one and for times.
    pub value: Option<f64>,
    /// What the value was compared with: the price beyond the high, the bid above the ask.
    pub against: Option<f64>,
    /// The time before, where the rule is about time.
    pub before: Option<i64>,
}

/// How often one rule was broken, and where first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// Number of findings.
    pub count: usize,
    /// The first one.
    pub first: Finding,
}

/// All that one pass over a symbol found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// Every finding, by row, then rule, then column.
    pub rows: Vec<Finding>,
    /// Number of rows in which the ask is below the bid; `None` without validation.
    pub crossed_rows: Option<usize>,
    /// For each rule that only warns: how often it was broken.
    pub warnings: Vec<Tally>,
}

impl Finding {
    /// The finding as the reason to refuse the symbol.
    #[must_use]
    pub fn into_error(self, symbol: &str, names: &ColumnNames, unit: TimeUnit) -> OmegaError {
        OmegaError::InvalidCandleData {
            symbol: symbol.into(),
            column: names.of(self.slot).into(),
            row: self.row,
            value: self.value_text(unit),
            rule: self.rule.name(),
            problem: self.problem(unit),
            hint: self.rule.hint(),
        }
    }

    fn value_text(&self, unit: TimeUnit) -> String {
        match (self.rule, self.slot, self.time, self.value) {
            (Rule::Null, ..) => "null".to_owned(),
            // Times come before values: a finding about time has no value, and its text would be
            // "null".
            (_, Slot::Time, Some(time), _) => time_text(time, unit),
            (.., Some(value)) => value.to_string(),
            _ => "null".to_owned(),
        }
    }

    fn problem(&self, unit: TimeUnit) -> String {
        let against = self
            .against
            .map_or_else(String::new, |value| value.to_string());
        match self.rule {
            Rule::Null => "a value is missing".to_owned(),
            Rule::Nan => "a value is NaN or infinite".to_owned(),
            Rule::TimeOrder => match self.before {
                Some(before) => {
                    format!(
                        "the time does not come after the row before, {}",
                        time_text(before, unit)
                    )
                }
                None => "the time is outside of the range of its type".to_owned(),
            },
            Rule::Price => "the price is not above zero".to_owned(),
            Rule::High => format!("the high is below max(open, close) = {against}"),
            Rule::Low => format!("the low is above min(open, close) = {against}"),
            Rule::Crossed if self.slot == Slot::Spread => "the spread is negative".to_owned(),
            Rule::Crossed => format!("the ask is below the bid, {against}"),
            Rule::Volume => "the volume is negative".to_owned(),
        }
    }
}

/// A time as ISO text in UTC; the bare number where the calendar does not reach.
pub(super) fn time_text(time: i64, unit: TimeUnit) -> String {
    let datetime = match unit {
        TimeUnit::Second => temporal::timestamp_s_to_datetime(time),
        TimeUnit::Millisecond => temporal::timestamp_ms_to_datetime(time),
        TimeUnit::Microsecond => temporal::timestamp_us_to_datetime(time),
        TimeUnit::Nanosecond => temporal::timestamp_ns_to_datetime(time),
    };
    // The calendar ends long before 64 bits do, and an error about such a time must still show it.
    datetime.map_or_else(|| time.to_string(), |datetime| datetime.to_string())
}
