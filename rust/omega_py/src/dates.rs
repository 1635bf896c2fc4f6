//! Corporate actions and the rates of carry, as the Python face hands them over.

use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use omega_core::error::OmegaError;
use omega_core::execution::{Carry, DatedRates, Event, Funding, Happening, Roll, Schedule};
use omega_core::types::SymbolId;

/// All corporate actions of a run.
#[derive(FromPyObject)]
pub(super) struct EventFields {
    #[pyo3(item, from_py_with = event_rows)]
    rows: Vec<EventRow>,
    /// By symbol.
    #[pyo3(item)]
    pub(super) halts: Vec<Vec<(i64, i64)>>,
    #[pyo3(item)]
    rolls: Vec<RollRow>,
}

/// Symbol, time and bar; bid and ask of the old contract; what becomes of earlier prices, and
/// whether the same value is held afterwards.
type RollRow = (usize, i64, usize, f64, f64, String, bool);

/// One of them.
struct EventRow {
    symbol: usize,
    /// Its place in [`KINDS`].
    kind: u8,
    time: i64,
    bar: Option<usize>,
    first: Option<f64>,
    second: Option<f64>,
    pays: Option<i64>,
    to: Option<usize>,
}

/// By the codes that the face gives them.
const KINDS: [&str; 7] = [
    "split",
    "dividend",
    "reinvest",
    "change",
    "delisting",
    "leave",
    "recall",
];

/// The same in columns; a place of -1, the least time and a number of NaN are none.
#[derive(FromPyObject)]
struct EventColumns<'py> {
    places: PyReadonlyArray1<'py, i64>,
    kinds: PyReadonlyArray1<'py, u8>,
    times: PyReadonlyArray1<'py, i64>,
    bars: PyReadonlyArray1<'py, i64>,
    firsts: PyReadonlyArray1<'py, f64>,
    seconds: PyReadonlyArray1<'py, f64>,
    pays: PyReadonlyArray1<'py, i64>,
    to: PyReadonlyArray1<'py, i64>,
}

fn event_rows(given: &Bound<'_, PyAny>) -> PyResult<Vec<EventRow>> {
    let columns: EventColumns<'_> = given.extract()?;
    let (places, kinds) = (columns.places.as_slice()?, columns.kinds.as_slice()?);
    let (times, bars) = (columns.times.as_slice()?, columns.bars.as_slice()?);
    let (firsts, seconds) = (columns.firsts.as_slice()?, columns.seconds.as_slice()?);
    let (pays, to) = (columns.pays.as_slice()?, columns.to.as_slice()?);
    let number = |value: f64| (!value.is_nan()).then_some(value);
    let row = |row: usize| EventRow {
        symbol: usize::try_from(places[row]).unwrap_or(usize::MAX),
        kind: kinds[row],
        time: times[row],
        bar: usize::try_from(bars[row]).ok(),
        first: number(firsts[row]),
        second: number(seconds[row]),
        pays: (pays[row] != i64::MIN).then_some(pays[row]),
        to: usize::try_from(to[row]).ok(),
    };
    Ok((0..places.len()).map(row).collect())
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
        let kind = KINDS.get(usize::from(self.kind)).copied();
        let kind = kind.unwrap_or("an unknown kind");
        let number = || first.ok_or_else(|| unknown("a number", kind));
        let what = match kind {
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
                to: checked(self.to.unwrap_or(usize::MAX), symbols)?,
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

fn checked(symbol: usize, symbols: usize) -> Result<SymbolId, OmegaError> {
    match u32::try_from(symbol) {
        Ok(number) if symbol < symbols => Ok(SymbolId(number)),
        _ => Err(unknown("a symbol of the run", &symbol.to_string())),
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
