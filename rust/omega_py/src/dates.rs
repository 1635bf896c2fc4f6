//! Corporate actions and the rates of carry, as the Python face hands them over.

use std::sync::Arc;

use pyo3::prelude::*;

use omega_core::error::OmegaError;
use omega_core::execution::{Carry, DatedRates, Event, Funding, Happening, Roll, Schedule};
use omega_core::types::SymbolId;

/// All corporate actions of a run.
#[derive(FromPyObject)]
pub(super) struct EventFields {
    #[pyo3(item)]
    rows: Vec<EventRow>,
    /// By symbol.
    #[pyo3(item)]
    pub(super) halts: Vec<Vec<(i64, i64)>>,
    #[pyo3(item)]
    rolls: Vec<RollRow>,
}

/// Symbol, time and bar; bid and ask of the old contract; what becomes of earlier prices, and
/// whether the same value is held afterwards.
type RollRow = (u32, i64, usize, f64, f64, String, bool);

/// One of them.
#[derive(FromPyObject)]
struct EventRow {
    #[pyo3(item(0))]
    symbol: u32,
    #[pyo3(item(1))]
    kind: String,
    #[pyo3(item(2))]
    time: i64,
    #[pyo3(item(3))]
    bar: Option<usize>,
    #[pyo3(item(4))]
    first: Option<f64>,
    #[pyo3(item(5))]
    second: Option<f64>,
    #[pyo3(item(6))]
    pays: Option<i64>,
    #[pyo3(item(7))]
    to: Option<u32>,
}

impl EventFields {
    /// The schedule of a run over so many symbols.
    ///
    /// # Errors
    /// `Config` where a kind is unknown, or lacks its number.
    pub(super) fn schedule(&self, symbols: usize) -> Result<Schedule, OmegaError> {
        let events = self.rows.iter().map(|row| row.event(symbols));
        let rolls = self.rolls.iter().map(|row| roll(row, symbols));
        let all = events.chain(rolls).collect::<Result<_, _>>()?;
        Ok(Schedule::new(all, symbols))
    }
}

impl EventRow {
    fn event(&self, symbols: usize) -> Result<Event, OmegaError> {
        let symbol = checked(self.symbol, symbols)?;
        let (first, second) = (self.first, self.second.unwrap_or(0.0));
        let number = || first.ok_or_else(|| unknown("a number", &self.kind));
        let what = match self.kind.as_str() {
            "split" => Happening::Split { ratio: number()? },
            "dividend" => Happening::Dividend {
                amount: number()?,
                tax: second,
                pays: self.pays,
            },
            "reinvest" => Happening::Reinvest {
                factor: number()?,
                amount: second,
            },
            "change" => Happening::Change {
                to: checked(self.to.unwrap_or(u32::MAX), symbols)?,
                ratio: number()?,
                cash: second,
            },
            "delisting" => Happening::Delisting {
                price: first,
                change: self.second,
            },
            "leave" => Happening::Leave { shorts_only: false },
            "recall" => Happening::Leave { shorts_only: true },
            other => return Err(unknown("a kind of event", other)),
        };
        Ok(Event {
            symbol,
            time: self.time,
            bar: self.bar,
            what,
        })
    }
}

fn roll(row: &RollRow, symbols: usize) -> Result<Event, OmegaError> {
    let &(symbol, time, bar, bid, ask, ref adjust, same_notional) = row;
    Ok(Event {
        symbol: checked(symbol, symbols)?,
        time,
        bar: Some(bar),
        what: Happening::Roll(Roll {
            bid,
            ask,
            by_ratio: adjust == "ratio",
            same_notional,
        }),
    })
}

fn checked(symbol: u32, symbols: usize) -> Result<SymbolId, OmegaError> {
    let symbol = SymbolId(symbol);
    if symbol.index() < symbols {
        Ok(symbol)
    } else {
        Err(unknown("a symbol of the run", &symbol.0.to_string()))
    }
}

fn unknown(expected: &str, given: &str) -> OmegaError {
    OmegaError::Config {
        parameter: "events".into(),
        given: format!("'{given}'"),
        expected: expected.to_owned(),
        hint: "The face makes these rows of omega.Events".into(),
    }
}

/// Days and rates from them on.
type RateColumns = (Vec<i64>, Vec<f64>);

/// Bar, open of the bar, time, rate and mark.
type FundingRow = (usize, i64, i64, f64, Option<f64>);

/// What holding costs by the day.
#[derive(FromPyObject)]
pub(super) struct CarryFields {
    #[pyo3(item)]
    cash: Option<RateColumns>,
    #[pyo3(item)]
    debit: Option<RateColumns>,
    #[pyo3(item)]
    days_of_year: f64,
    /// By symbol.
    #[pyo3(item)]
    borrow: Vec<Option<RateColumns>>,
    #[pyo3(item)]
    rounds_collateral: bool,
    /// By symbol.
    #[pyo3(item)]
    funding: Vec<Vec<FundingRow>>,
}

impl CarryFields {
    pub(super) fn carry(self) -> Carry {
        let rates = |(days, rates): RateColumns| DatedRates { days, rates };
        let of_symbol = |rows: Vec<FundingRow>| -> Arc<[Funding]> {
            let funding = rows
                .into_iter()
                .map(|(bar, opens, time, rate, mark)| Funding {
                    bar,
                    opens,
                    time,
                    rate,
                    mark,
                });
            funding.collect()
        };
        Carry {
            cash: self.cash.map(rates),
            debit: self.debit.map(rates),
            days_of_year: self.days_of_year,
            borrow: self.borrow.into_iter().map(|one| one.map(rates)).collect(),
            rounds_collateral: self.rounds_collateral,
            funding: self.funding.into_iter().map(of_symbol).collect(),
        }
    }
}
