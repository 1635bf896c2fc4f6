//! How the closed trades went.

use super::super::{RunTables, read};
use super::{Metrics, count, float, number, ratio, sum};

pub(super) fn metrics(tables: &RunTables) -> Metrics {
    let net = read::f64s(&tables.trades, "net_pnl");
    let wins: Vec<f64> = net.iter().copied().filter(|&pnl| pnl > 0.0).collect();
    let losses: Vec<f64> = net.iter().copied().filter(|&pnl| pnl < 0.0).collect();
    let (won, lost) = (sum(wins.iter().copied()), sum(losses.iter().copied()));
    let closed = sum(net.iter().copied());
    let multiples: Vec<f64> = read::optional_f64s(&tables.trades, "r_multiple")
        .iter()
        .flatten()
        .collect();
    let mean = |total: f64, rows: usize| ratio(total, number(rows));
    let ambiguous = read::bools(&tables.trades, "ambiguous").true_count();
    let worst = read::f64s(&tables.intervals, "net_pnl_worst");
    let best = read::f64s(&tables.intervals, "net_pnl_best");
    vec![
        ("trades", count(net.len())),
        ("wins", count(wins.len())),
        ("losses", count(losses.len())),
        ("win_rate", float(mean(number(wins.len()), net.len()))),
        ("profit_factor", float(ratio(won, 0.0 - lost))),
        ("expectancy", float(mean(closed, net.len()))),
        (
            "average_r",
            float(mean(sum(multiples.iter().copied()), multiples.len())),
        ),
        ("average_win", float(mean(won, wins.len()))),
        ("average_loss", float(mean(lost, losses.len()))),
        (
            "largest_win",
            float(wins.into_iter().reduce(|a, b| if b > a { b } else { a })),
        ),
        (
            "largest_loss",
            float(losses.into_iter().reduce(|a, b| if b < a { b } else { a })),
        ),
        ("closed_pnl", float(Some(closed))),
        ("ambiguous_trades", count(ambiguous)),
        ("pnl_worst", float(Some(sum(worst.iter().copied())))),
        ("pnl_best", float(Some(sum(best.iter().copied())))),
    ]
}
