//! Metrics, from the rows of a run or from its tables alone, to the same bits.
//!
//! Every number is made of `+ - * / sqrt`, and of one `powf` for the growth rate, in the order that
//! `docs/concepts/results.md` writes down; sums run from the first row to the last and start at 0.
//! A metric that is undefined, or not finite, is [`MetricValue::Null`], never 0.

mod costs;
mod drawdown;
mod inputs;
mod performance;
mod returns;
mod trades;

use std::fmt;

use super::RunTables;
use crate::portfolio::days;
pub(super) use inputs::Inputs;

/// The value of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MetricValue {
    /// A ratio, a price or an amount of money.
    Float(f64),
    /// A count.
    Int(u64),
    /// A time in the unit of the run.
    Time(i64),
    /// Undefined for this run.
    Null,
}

impl fmt::Display for MetricValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Time(value) => value.fmt(f),
            Self::Null => f.pad("undefined"),
        }
    }
}

/// Makes [`Metrics`] out of its parts: the structs that the modules of the metrics fill.
macro_rules! metrics {
    ($($part:ident { $($name:ident)+ })+) => {
        /// All metrics of a run, in the order in which they are shown;
        /// `docs/concepts/results.md` defines each.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Metrics {
            $($(
                #[doc = concat!("`", stringify!($name), "` of `docs/concepts/results.md`.")]
                pub $name: MetricValue,
            )+)+
        }

        $(
            #[allow(clippy::struct_field_names, reason = "they are the names of the metrics")]
            struct $part {
                $($name: MetricValue,)+
            }
        )+

        impl Metrics {
            fn of(($($part { $($name),+ }),+): ($($part),+)) -> Self {
                Self { $($($name),+),+ }
            }

            /// Names and values in order.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, MetricValue)> {
                [$($((stringify!($name), self.$name)),+),+].into_iter()
            }
        }
    };
}

metrics! {
    Curve {
        start end first_decision bars days years periods_per_year initial_equity final_equity
        lowest_equity net_profit total_return cagr volatility sharpe sortino calmar
        downside_volatility
    }
    Shape { skewness kurtosis }
    Tails {
        best_day worst_day value_at_risk conditional_value_at_risk tail_ratio omega_ratio
    }
    Drawdowns {
        max_drawdown max_drawdown_intrabar max_drawdown_money max_drawdown_bars
        max_drawdown_days drawdowns average_drawdown average_drawdown_days longest_drawdown_bars
        longest_drawdown_days ulcer_index recovery_factor
    }
    Outcomes {
        trades wins losses win_rate profit_factor expectancy average_r average_win average_loss
        largest_win largest_loss gross_profit gross_loss payoff_ratio kelly sqn
    }
    Streaks { longest_win_streak longest_loss_streak }
    Held { average_bars_held average_days_held longest_days_held }
    Totals { closed_pnl ambiguous_trades pnl_worst pnl_best }
    Costs {
        exposure turnover fees slippage_cost swap borrow funding total_costs dividends interest
    }
}

impl RunTables {
    /// All metrics of the run.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.measured().0
    }

    /// All metrics, and the return of each day that they were made of; none where days have no
    /// return.
    #[must_use]
    pub fn measured(&self) -> (Metrics, Option<Vec<f64>>) {
        Inputs::of(self).measured()
    }

    /// The return of each day; none where days have no return.
    #[must_use]
    pub fn daily_returns(&self) -> Option<Vec<f64>> {
        let inputs = Inputs::of(self);
        performance::daily(&inputs, performance::day_of_ruin(&inputs))
    }
}

impl Inputs<'_> {
    /// All metrics, and the returns that they were made of.
    pub(super) fn measured(&self) -> (Metrics, Option<Vec<f64>>) {
        let ruin = performance::day_of_ruin(self);
        let returns = performance::daily(self, ruin);
        let (curve, shape, tails) = performance::metrics(self, ruin.is_some(), returns.as_deref());
        let drawdowns = drawdown::metrics(self);
        let (outcomes, streaks, held, totals) = trades::metrics(self);
        let metrics = Metrics::of((
            curve,
            shape,
            tails,
            drawdowns,
            outcomes,
            streaks,
            held,
            totals,
            costs::metrics(self),
        ));
        (metrics, returns)
    }
}

/// The value where there is one and it is finite.
fn float(value: Option<f64>) -> MetricValue {
    match value {
        // An infinite ratio is no result that could be ranked or stored as JSON.
        Some(value) if value.is_finite() => MetricValue::Float(value),
        _ => MetricValue::Null,
    }
}

fn count(value: usize) -> MetricValue {
    MetricValue::Int(value as u64)
}

/// `a / b` where `b` is above 0.
fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

/// Added up from the first to the last, starting at 0.
fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    // Spelled out: `Iterator::sum` starts at −0.0, which an empty sum would return, and the
    // order of additions is part of every definition.
    values.into_iter().fold(0.0, |total, value| total + value)
}

/// A count as a number.
#[expect(
    clippy::cast_precision_loss,
    reason = "fewer than 2^53 rows fit into memory"
)]
fn number(value: usize) -> f64 {
    value as f64
}
