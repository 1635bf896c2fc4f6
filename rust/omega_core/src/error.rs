//! Every reason a run can be refused, with what was given, what was expected and what to do.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// Why the core refused; the binding maps each kind to one Python exception.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum OmegaError {
    /// A value of the input breaks rule T1 or T3.
    #[error(
        "symbol '{symbol}', column '{column}', row {row}: {problem}; the value is {value} \
         (rule '{rule}'). {hint}"
    )]
    InvalidCandleData {
        /// The symbol.
        // `Box<str>` saves the capacity of a `String`: with two of them this variant has 120 bytes,
        // and above 128 clippy refuses it as the error of a `Result`.
        symbol: Box<str>,
        /// Column of the input, by the user's name for it.
        column: Box<str>,
        /// Row within the symbol, counted from 0.
        row: usize,
        /// The value found, as text.
        value: String,
        /// The rule that it breaks, by name.
        rule: &'static str,
        /// What is wrong with the value, in words.
        problem: String,
        /// What the user can do.
        hint: &'static str,
    },
    /// A column is missing, has a type that is not taken, or a length unlike the others.
    #[error("symbol '{symbol}', column '{column}': {problem}. {hint}")]
    InvalidColumn {
        /// The symbol.
        symbol: Box<str>,
        /// Column of the input, by the user's name for it.
        column: Box<str>,
        /// What is wrong with it.
        problem: String,
        /// What the user can do.
        hint: String,
    },
    /// No bar is left to walk after start and warm-up (rule L2).
    #[error(
        "no bar to run on: start is {start}, the data covers {first} to {last} ({bars} bars) and \
         the warm-up needs {warmup} of them. Choose an earlier start, a later end or more data"
    )]
    WarmupIndexNotFound {
        /// The start asked for, in the unit of the time column; the first bar's where none was.
        start: i64,
        /// First open time of the data.
        first: i64,
        /// Last open time of the data.
        last: i64,
        /// Number of bars.
        bars: usize,
        /// Bars that the strategy and its indicators need before the first decision.
        warmup: usize,
    },
    /// A setting is impossible or contradicts another.
    #[error("{parameter}: given {given}, expected {expected}. {hint}")]
    Config {
        /// The parameter.
        parameter: String,
        /// What was given.
        given: String,
        /// What would have been right.
        expected: String,
        /// What the user can do.
        hint: String,
    },
    /// An order was refused and the run is strict (rule F12).
    #[error("order {order} at bar {bar} was rejected: {reason}. Use strict=False to go on")]
    OrderRejected {
        /// The order's number.
        order: u32,
        /// The bar at whose open it was refused.
        bar: usize,
        /// The reason, as in the orders table.
        reason: &'static str,
    },
    /// A fee function failed, or gave what is no fee (rule M4).
    #[error("the fee function failed at the fill of order {order} at time {time}: {cause}")]
    FeeFailed {
        /// The order's number.
        order: u32,
        /// Time of the bar that it fills in, in the unit of the time column.
        time: i64,
        /// What the function raised.
        cause: Cause,
    },
    /// A strategy in another language reported a failure.
    #[error(
        "the strategy's function returned {code} on bar {bar}, which ends the run; 0 means that \
         all went well. Look into the function, whose code this is"
    )]
    StrategyFailed {
        /// What it returned.
        code: i32,
        /// The first symbol's newest complete bar.
        bar: usize,
    },
    /// The system has no memory for what the run needs.
    #[error(
        "{what} needs {} MB, which the system does not have. Take fewer bars, symbols or runs at \
         once, or raise the limit of the process",
        .bytes / 1_000_000
    )]
    OutOfMemory {
        /// What it is for.
        what: String,
        /// How many bytes were requested.
        bytes: usize,
    },
    /// The run was stopped from outside before its end.
    #[error("the run was stopped before its end")]
    Stopped,
}

/// An error of the user's own code. Copies share it, and are equal to it alone.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl Cause {
    /// Shares an error.
    #[must_use]
    pub fn new(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Self(Arc::from(error))
    }

    /// The error of that type, if it is one.
    #[must_use]
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
