//! Holds the tables of a result against those of a scenario.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use omega_core::backtest::BacktestResult;

use super::bars::{moment, times};
use super::read::{EXPECTED, Row, Scenario};

/// A value of a result.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Number(f64),
    Time(i64),
    Flag(bool),
    Text(String),
}

/// Every place where a result is not what the scenario expects.
pub fn differences(scenario: &Scenario, result: &BacktestResult) -> Vec<String> {
    let tables = EXPECTED
        .iter()
        .filter(|name| scenario.table(name).is_some());
    tables
        .flat_map(|name| table(scenario, result, name))
        .collect()
}

fn table(scenario: &Scenario, result: &BacktestResult, name: &str) -> Vec<String> {
    let Some(wanted) = scenario.table(name) else {
        return Vec::new();
    };
    let rows = Rows::new(scenario, result, name);
    let mut expected: Vec<Row<'_>> = wanted.records().collect();
    let mut actual: Vec<usize> = (0..rows.len()).collect();
    if expected.iter().any(|row| id(*row, name) == "...") {
        expected.retain(|row| id(*row, name) != "...");
        actual.retain(|&row| {
            let found = rows.cell(name, row);
            expected
                .iter()
                .any(|wanted| agree(&found, id(*wanted, name)))
        });
    }
    if actual.len() != expected.len() {
        return vec![format!(
            "{name}: rows {actual:?}, expected {}",
            expected.len()
        )];
    }
    let mut found = Vec::new();
    for (row, wanted) in actual.into_iter().zip(expected) {
        for (column, cell) in wanted.iter() {
            let value = rows.cell(column, row);
            if !agree(&value, cell) {
                let place = format!("{name} {}, {column}", id(wanted, name));
                found.push(format!("{place}: {value:?}, expected {cell}"));
            }
        }
    }
    found
}

/// The first cell of a row.
fn id<'a>(row: Row<'a>, name: &str) -> &'a str {
    row.get(name).unwrap_or_default()
}

/// The rows of a result table beside what a scenario calls them.
struct Rows {
    batch: RecordBatch,
    intervals: RecordBatch,
    bars: Vec<i64>,
}

impl Rows {
    fn new(scenario: &Scenario, result: &BacktestResult, name: &str) -> Self {
        let tables = &result.tables;
        Self {
            batch: match name {
                "order" => tables.orders(),
                "fill" => tables.fills(),
                "trade" => tables.trades(),
                "ledger" => tables.ledger(),
                "position" => tables.positions(),
                _ => tables.equity(),
            },
            intervals: tables.intervals(),
            bars: times(scenario.table("bar").unwrap()),
        }
    }

    fn len(&self) -> usize {
        self.batch.num_rows()
    }

    #[expect(clippy::cast_precision_loss, reason = "a scenario has a few rows")]
    fn cell(&self, column: &str, row: usize) -> Cell {
        let name = match column {
            "entry_bar" => "entry_index",
            "exit_bar" => "exit_index",
            "order" => "order_id",
            "trade" | "position" => "trade_id",
            "submitted" => "submitted_time",
            "equity_at" => "time",
            "worst" => return of(&self.intervals, "net_pnl_worst", row),
            "best" => return of(&self.intervals, "net_pnl_best", row),
            "fill" | "ledger" => return Cell::Number(row as f64),
            "bar" | "equity_at_bar" => return self.bar(row),
            other => other,
        };
        of(&self.batch, name, row)
    }

    /// The bar whose open time a row has.
    #[expect(clippy::cast_precision_loss, reason = "a scenario has a few bars")]
    fn bar(&self, row: usize) -> Cell {
        let own = ["submitted_time", "time"];
        let name = own
            .into_iter()
            .find(|name| self.batch.column_by_name(name).is_some());
        let time = name.map(|name| of(&self.batch, name, row));
        let place = self
            .bars
            .iter()
            .rposition(|bar| time == Some(Cell::Time(*bar)));
        place.map_or(Cell::Null, |place| Cell::Number(place as f64))
    }
}

fn of(batch: &RecordBatch, name: &str, row: usize) -> Cell {
    let column = batch.column_by_name(name);
    let column = column.unwrap_or_else(|| panic!("no column '{name}'"));
    if column.is_null(row) {
        return Cell::Null;
    }
    match column.data_type() {
        DataType::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(row)),
        DataType::UInt32 => Cell::Number(column.as_primitive::<UInt32Type>().value(row).into()),
        DataType::Boolean => Cell::Flag(column.as_boolean().value(row)),
        DataType::Timestamp(..) => {
            Cell::Time(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Dictionary(..) => {
            let names = column.as_dictionary::<UInt32Type>();
            let key = names.keys().value(row) as usize;
            Cell::Text(names.values().as_string::<i32>().value(key).to_owned())
        }
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        other => panic!("'{name}' has the type {other}"),
    }
}

/// Whether a value is what a cell states; numbers are close, all else is the same.
fn agree(found: &Cell, cell: &str) -> bool {
    match (found, cell) {
        (_, "_") => true,
        (Cell::Null, _) => cell.is_empty() || cell == "none",
        (Cell::Flag(flag), _) => cell == if *flag { "yes" } else { "no" },
        (Cell::Time(time), _) => *time == moment(cell),
        (Cell::Number(number), _) => cell.parse().is_ok_and(|wanted: f64| {
            let scale = number.abs().max(wanted.abs());
            (number - wanted).abs() <= (1e-12 * scale).max(1e-9)
        }),
        (Cell::Text(text), _) => text == cell,
    }
}
