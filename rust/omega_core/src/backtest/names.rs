//! The names of choices, as settings that come as text write them.

use crate::error::OmegaError;
use crate::execution::{
    AccountKind, Distance, IntrabarPolicy, Manager, MarketFill, PositionMode, Semantics, Sizer,
};

/// The choices of `Config::intrabar`.
pub const INTRABAR: [(&str, IntrabarPolicy); 4] = [
    ("pessimistic", IntrabarPolicy::Pessimistic),
    ("optimistic", IntrabarPolicy::Optimistic),
    ("ohlc_path", IntrabarPolicy::OhlcPath),
    ("nearest", IntrabarPolicy::Nearest),
];

/// The choices of `Config::position_mode`.
pub const POSITION_MODE: [(&str, PositionMode); 2] = [
    ("hedging", PositionMode::Hedging),
    ("netting", PositionMode::Netting),
];

/// The choices of `AccountRules::kind`.
pub const ACCOUNT_KIND: [(&str, AccountKind); 2] =
    [("margin", AccountKind::Margin), ("cash", AccountKind::Cash)];

/// The choices of `Config::semantics`.
pub const SEMANTICS: [(&str, Semantics); 2] = [("1", Semantics::One), ("2", Semantics::Two)];

/// The choices of `Config::market_fill`.
pub const MARKET_FILL: [(&str, MarketFill); 2] = [
    ("next_open", MarketFill::NextOpen),
    ("last_close", MarketFill::LastClose),
];

/// The choice with a name.
///
/// # Errors
/// `Config` with the names that there are, where it is none of them.
pub fn named<T: Copy>(parameter: &str, name: &str, choices: &[(&str, T)]) -> Result<T, OmegaError> {
    let found = choices.iter().find(|(known, _)| *known == name);
    found.map(|(_, choice)| *choice).ok_or_else(|| {
        // Names are listed in the message, since they come from text and a typing error is the
        // likely cause.
        let known: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
        OmegaError::Config {
            parameter: parameter.into(),
            given: name.into(),
            expected: known.join(", "),
            hint: "Choose one of them".into(),
        }
    })
}

/// A sizer by its name and its number.
///
/// # Errors
/// `Config` where the name is unknown.
pub fn sizer(name: &str, number: f64) -> Result<Sizer, OmegaError> {
    let choices = [
        ("fixed_lots", Sizer::FixedLots(number)),
        ("fixed_units", Sizer::FixedUnits(number)),
        ("risk_amount", Sizer::RiskAmount(number)),
        ("risk_percent", Sizer::RiskPercent(number)),
        ("equity_percent", Sizer::EquityPercent(number)),
    ];
    named("sizer", name, &choices)
}

/// The numbers of a built-in position manager; each reads those that it knows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ManagerNumbers {
    /// Distance or trigger, in price.
    pub first: Option<f64>,
    /// Offset or trigger of a trailing stop, in price, or fraction.
    pub second: Option<f64>,
    /// Time, in the unit of the time column.
    pub duration: Option<i64>,
    /// Bars.
    pub bars: Option<usize>,
}

/// A built-in position manager by its name and its numbers.
///
/// # Errors
/// `Config` where the name is unknown.
pub fn manager(name: &str, numbers: ManagerNumbers) -> Result<Manager, OmegaError> {
    // A missing distance or trigger becomes NaN, which the check of the configuration refuses.
    let first = numbers.first.unwrap_or(f64::NAN);
    let second = numbers.second.unwrap_or(f64::NAN);
    let (bars, duration) = (numbers.bars, numbers.duration);
    let choices = [
        (
            "trailing_stop",
            Manager::TrailingStop {
                distance: Distance::Price(first),
                trigger: numbers.second,
            },
        ),
        (
            "trailing_percent",
            Manager::TrailingStop {
                distance: Distance::Percent(first),
                trigger: numbers.second,
            },
        ),
        (
            "break_even",
            Manager::BreakEven {
                trigger: first,
                offset: second,
            },
        ),
        ("time_exit", Manager::TimeExit { bars, duration }),
        (
            "partial_close",
            Manager::PartialClose {
                trigger: first,
                fraction: second,
            },
        ),
    ];
    named("position_manager", name, &choices)
}
