//! Tables of bars as candles, and times as integers.

use std::sync::Arc;

use omega_core::store::{AskColumns, Segment, SymbolCandles};
use omega_core::types::{Ohlc, TimeUnit};

use super::read::{Row, Table};

/// The unit of every time of a scenario.
pub const UNIT: TimeUnit = TimeUnit::Microsecond;
/// 2024-01-01, a Monday, in days since 1970-01-01.
const FIRST_DAY: i64 = 19_723;

/// Bid and ask of a row; the ask is the bid plus a spread where it is not shown.
pub fn sides(row: Row<'_>) -> [Ohlc; 2] {
    let number = |cell: &str| cell.parse::<f64>().unwrap();
    let spread = row.get("spread").map_or(0.0, number);
    let bid = |price: &str| {
        let shown = row.get(&format!("bid_{price}")).or_else(|| row.get(price));
        number(shown.unwrap())
    };
    let ask = |price: &str| {
        let shown = row.get(&format!("ask_{price}"));
        shown.map_or_else(|| bid(price) + spread, number)
    };
    let side = |of: &dyn Fn(&str) -> f64| Ohlc {
        open: of("open"),
        high: of("high"),
        low: of("low"),
        close: of("close"),
    };
    [side(&bid), side(&ask)]
}

/// A time of the first day, or a moment such as `2024-01-02 00:01`.
pub fn moment(cell: &str) -> i64 {
    let (date, clock) = cell.split_once(' ').unwrap_or(("2024-01-01", cell));
    let number = |part: &str| part.parse::<i64>().unwrap();
    let day = match date.split('-').map(number).collect::<Vec<_>>()[..] {
        [2024, 1, day] => FIRST_DAY + day - 1,
        [2024, 2, day] => FIRST_DAY + 31 + day - 1,
        _ => panic!("'{date}': expected a day of January or February 2024"),
    };
    let seconds = clock
        .split(':')
        .map(number)
        .fold((0, 3_600), |(sum, each), part| {
            (sum + part * each, each / 60)
        });
    (day * 86_400 + seconds.0) * UNIT.per_second()
}

/// The open times of a table of bars; a minute apart where none are shown.
pub fn times(table: &Table) -> Vec<i64> {
    let minutes = (0..).map(|minute| moment("00:00") + minute * 60 * UNIT.per_second());
    let rows = table.records().zip(minutes);
    rows.map(|(row, minute)| row.get("time").map_or(minute, moment))
        .collect()
}

/// The candles of each symbol, in the order in which they first stand there.
pub fn candles(table: &Table) -> Vec<Arc<SymbolCandles>> {
    let name = |row: Row<'_>| row.get("symbol").unwrap_or("SYMBOL").to_owned();
    let mut names: Vec<String> = Vec::new();
    for row in table.records() {
        if !names.contains(&name(row)) {
            names.push(name(row));
        }
    }
    let of = |symbol: &String| {
        let rows: Vec<_> = table.records().zip(times(table)).collect();
        let own: Vec<_> = rows
            .into_iter()
            .filter(|(row, _)| name(*row) == *symbol)
            .collect();
        let column = |side: usize, price: fn(&Ohlc) -> f64| {
            own.iter()
                .map(|(row, _)| price(&sides(*row)[side]))
                .collect()
        };
        let prices = |side| {
            [
                column(side, |prices| prices.open),
                column(side, |prices| prices.high),
                column(side, |prices| prices.low),
                column(side, |prices| prices.close),
            ]
        };
        let segment = Segment {
            time: own.iter().map(|(_, time)| *time).collect(),
            bid: prices(0),
            ask: AskColumns::Quoted(prices(1)),
            volume: None,
        };
        Arc::new(SymbolCandles::new(
            symbol.clone(),
            UNIT,
            None,
            vec![segment],
            0,
        ))
    };
    names.iter().map(of).collect()
}
