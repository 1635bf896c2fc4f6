//! The mirror image of a scenario: prices reflected, bid and ask exchanged, buying for selling.

use super::bars::sides;
use super::read::{Row, Scenario, Table};

const PRICES: [&str; 9] = [
    "price",
    "stop_loss",
    "take_profit",
    "entry_price",
    "exit_price",
    "limit",
    "limit_price",
    "touch",
    "stop",
];

/// The scenario with all prices reflected at a price.
pub fn image(scenario: &Scenario, at: f64) -> Scenario {
    let mut image = scenario.clone();
    image.name += " (mirrored)";
    for table in &mut image.tables {
        *table = match table.columns[0].as_str() {
            "bar" | "finer_bar" => bars(table, at),
            _ => mirrored(table, at),
        };
    }
    for (name, _) in &mut image.settings {
        if let Some(side) = name.strip_prefix("swap_") {
            *name = format!("swap_{}", exchanged(side));
        }
    }
    image
}

fn bars(table: &Table, at: f64) -> Table {
    let kept = ["bar", "finer_bar", "symbol", "time"];
    let own = table
        .columns
        .iter()
        .filter(|name| kept.contains(&name.as_str()));
    let mut columns: Vec<String> = own.cloned().collect();
    let shown = columns.clone();
    for side in ["bid", "ask"] {
        columns.extend(["open", "low", "high", "close"].map(|price| format!("{side}_{price}")));
    }
    let row = |row: Row<'_>| {
        let [bid, ask] = sides(row);
        let own = shown.iter().map(|name| row.get(name).unwrap().to_owned());
        let prices = [ask, bid].into_iter().flat_map(|side| {
            // What was the high is the low.
            [side.open, side.high, side.low, side.close].map(|price| (at - price).to_string())
        });
        own.chain(prices).collect()
    };
    Table {
        rows: table.records().map(row).collect(),
        columns,
    }
}

fn mirrored(table: &Table, at: f64) -> Table {
    let cell = |(name, cell): (&str, &str)| {
        if name == "action" {
            action(cell, at)
        } else if PRICES.contains(&name) {
            price(cell, at)
        } else {
            exchanged(cell).to_owned()
        }
    };
    Table {
        columns: table.columns.clone(),
        rows: table
            .records()
            .map(|row| row.iter().map(cell).collect())
            .collect(),
    }
}

fn action(action: &str, at: f64) -> String {
    let words = action
        .split_whitespace()
        .map(|word| match word.split_once('=') {
            Some((name, given)) if PRICES.contains(&name) => format!("{name}={}", price(given, at)),
            Some(_) => word.to_owned(),
            None => exchanged(word).to_owned(),
        });
    words.collect::<Vec<_>>().join(" ")
}

fn price(cell: &str, at: f64) -> String {
    let number = cell.parse::<f64>();
    number.map_or_else(|_| cell.to_owned(), |price| (at - price).to_string())
}

fn exchanged(word: &str) -> &str {
    match word {
        "buy" => "sell",
        "sell" => "buy",
        "long" => "short",
        "short" => "long",
        other => other,
    }
}
