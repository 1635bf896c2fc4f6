//! How the closed trades went.

use super::super::{RunTables, read};
use super::{Held, Outcomes, Streaks, Totals, count, days, float, number, ratio, sum};

pub(super) fn metrics(tables: &RunTables) -> (Outcomes, Streaks, Held, Totals) {
    let net = read::f64s(&tables.trades, "net_pnl");
    let closed = sum(net.iter().copied());
    let ambiguous = read::bools(&tables.trades, "ambiguous").true_count();
    let worst = read::f64s(&tables.intervals, "net_pnl_worst");
    let best = read::f64s(&tables.intervals, "net_pnl_best");
    let outcomes = outcomes(tables, net, closed);
    let totals = Totals {
        closed_pnl: float(Some(closed)),
        ambiguous_trades: count(ambiguous),
        pnl_worst: float(Some(sum(worst.iter().copied()))),
        pnl_best: float(Some(sum(best.iter().copied()))),
    };
    (outcomes, streaks(tables, net), held(tables), totals)
}

/// Winners beside losers.
fn outcomes(tables: &RunTables, net: &[f64], closed: f64) -> Outcomes {
    let wins: Vec<f64> = net.iter().copied().filter(|&pnl| pnl > 0.0).collect();
    let losses: Vec<f64> = net.iter().copied().filter(|&pnl| pnl < 0.0).collect();
    let (won, lost) = (sum(wins.iter().copied()), sum(losses.iter().copied()));
    let multiples: Vec<f64> = read::optional_f64s(&tables.trades, "r_multiple")
        .iter()
        .flatten()
        .collect();
    let mean = |total: f64, rows: usize| ratio(total, number(rows));
    let win_rate = mean(number(wins.len()), net.len());
    let (average_win, average_loss) = (mean(won, wins.len()), mean(lost, losses.len()));
    let payoff = average_win
        .zip(average_loss)
        .and_then(|(win, loss)| ratio(win, 0.0 - loss));
    let kelly = win_rate
        .zip(payoff)
        .and_then(|(rate, payoff)| Some(rate - ratio(1.0 - rate, payoff)?));
    Outcomes {
        trades: count(net.len()),
        wins: count(wins.len()),
        losses: count(losses.len()),
        win_rate: float(win_rate),
        profit_factor: float(ratio(won, 0.0 - lost)),
        expectancy: float(mean(closed, net.len())),
        average_r: float(mean(sum(multiples.iter().copied()), multiples.len())),
        average_win: float(average_win),
        average_loss: float(average_loss),
        largest_win: float(largest(wins)),
        largest_loss: float(losses.into_iter().reduce(|a, b| if b < a { b } else { a })),
        gross_profit: float(Some(won)),
        gross_loss: float(Some(lost)),
        payoff_ratio: float(payoff),
        kelly: float(kelly),
        sqn: float(sqn(net, closed)),
    }
}

fn largest(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    values.into_iter().reduce(|a, b| if b > a { b } else { a })
}

/// Mean over sample deviation of the trades' profits, times the root of their number.
fn sqn(net: &[f64], closed: f64) -> Option<f64> {
    let n = number(net.len());
    if net.len() < 2 {
        return None;
    }
    let mean = closed / n;
    let squares = sum(net.iter().map(|pnl| (pnl - mean) * (pnl - mean)));
    Some(ratio(mean, (squares / (n - 1.0)).sqrt())? * n.sqrt())
}

/// The longest rows of winners and of losers, in the order of exit, then of the table.
fn streaks(tables: &RunTables, net: &[f64]) -> Streaks {
    let left = read::times(&tables.trades, "exit_time");
    let mut in_order: Vec<usize> = (0..net.len()).collect();
    // A stable sort: trades that end at one time keep the order of the table.
    in_order.sort_by_key(|&row| left[row]);
    let (mut won, mut lost, mut longest_won, mut longest_lost) = (0, 0, 0, 0);
    for row in in_order {
        // A profit of 0 ends both streaks.
        won = if net[row] > 0.0 { won + 1 } else { 0 };
        lost = if net[row] < 0.0 { lost + 1 } else { 0 };
        longest_won = longest_won.max(won);
        longest_lost = longest_lost.max(lost);
    }
    Streaks {
        longest_win_streak: count(longest_won),
        longest_loss_streak: count(longest_lost),
    }
}

/// How long trades lasted.
fn held(tables: &RunTables) -> Held {
    let entered = read::times(&tables.trades, "entry_time");
    let left = read::times(&tables.trades, "exit_time");
    let per_day = tables.shared.unit.per_day();
    let bars = read::u32s(&tables.trades, "bars_held");
    let of_trade = || {
        left.iter()
            .zip(entered)
            .map(|(left, entered)| days(left - entered, per_day))
    };
    let n = number(bars.len());
    Held {
        average_bars_held: float(ratio(sum(bars.iter().map(|&bars| f64::from(bars))), n)),
        average_days_held: float(ratio(sum(of_trade()), n)),
        longest_days_held: float(largest(of_trade())),
    }
}
