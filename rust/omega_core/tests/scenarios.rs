//! Goal: the core alone does what the scenarios state. Method: each table of `tests/scenarios/` is
//! played through `Backtest`, and once more mirrored; the Python tests play the same tables.

#![allow(clippy::unwrap_used, reason = "what cannot be read fails the test")]

mod scenario_tables;

use scenario_tables::{Scenario, all, differences, play, read};

/// Scenarios that take more than the core; there are none.
const BEYOND_THE_CORE: [&str; 0] = [];

#[test]
fn every_scenario_comes_out_as_it_says() {
    let mut beyond = 0;
    let mut wrong = Vec::new();
    let scenarios = all();
    for scenario in &scenarios {
        if BEYOND_THE_CORE.contains(&scenario.name.as_str()) {
            beyond += 1;
            continue;
        }
        let found = differences(scenario, &play(scenario));
        wrong.extend(
            found
                .iter()
                .map(|what| format!("{}: {what}", scenario.name)),
        );
    }
    println!("{} scenarios, mirror images included", scenarios.len());
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(
        beyond,
        BEYOND_THE_CORE.len(),
        "a scenario that is listed is there"
    );
    assert!(
        scenarios.len() > 200,
        "only {} scenarios were found",
        scenarios.len()
    );
}

const BROKEN: &str = "
## A fill that is not there

| bar | open | high | low | close |
|---|---|---|---|---|
| 0 | 100 | 101 | 99 | 100 |
| 1 | 100 | 101 | 99 | 100 |

| after bar | action |
|---|---|
| 0 | buy |

| fill | bar | price |
|---|---|---|
| 0 | 1 | 100.5 |
| 1 | _ | _ |
";

fn broken(content: &str) -> Scenario {
    read("broken", content).remove(0)
}

#[test]
fn a_wrong_expectation_is_found() {
    let scenario = broken(BROKEN);
    let found = differences(&scenario, &play(&scenario));
    assert_eq!(found, ["fill 0, price: Number(100.0), expected 100.5"]);
}

#[test]
#[should_panic(expected = "unknown table 'fils'")]
fn a_table_that_nobody_knows_is_refused() {
    broken(&BROKEN.replace("| fill |", "| fils |"));
}
