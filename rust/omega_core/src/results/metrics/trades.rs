//! How the closed trades went.

use super::inputs::Inputs;
use super::{Held, Outcomes, Streaks, Totals, count, days, float, number, ratio, sum};
use crate::portfolio::ClosedTrade;

pub(super) fn metrics(inputs: &Inputs<'_>) -> (Outcomes, Streaks, Held, Totals) {
    let trades = &inputs.trades;
    let closed = sum(trades.iter().map(|trade| trade.net));
    let ambiguous = trades.iter().filter(|trade| trade.ambiguous).count();
    let totals = Totals {
        closed_pnl: float(Some(closed)),
        ambiguous_trades: count(ambiguous),
        pnl_worst: float(Some(sum(trades.iter().map(|trade| trade.worst)))),
        pnl_best: float(Some(sum(trades.iter().map(|trade| trade.best)))),
    };
    let per_day = inputs.shared.unit.per_day();
    (
        outcomes(trades, closed),
        streaks(trades),
        held(trades, per_day),
        totals,
    )
}

/// Profits on one side of 0.
#[derive(Default)]
struct OneSide {
    trades: usize,
    sum: f64,
    largest: Option<f64>,
}

impl OneSide {
    fn add(&mut self, net: f64) {
        self.trades += 1;
        self.sum += net;
        if self.largest.is_none_or(|largest| net.abs() > largest.abs()) {
            self.largest = Some(net);
        }
    }

    fn mean(&self) -> Option<f64> {
        ratio(self.sum, number(self.trades))
    }
}

/// Winners beside losers.
fn outcomes(trades: &[ClosedTrade], closed: f64) -> Outcomes {
    let (mut wins, mut losses) = (OneSide::default(), OneSide::default());
    let (mut multiples, mut measured) = (0.0, 0);
    for trade in trades {
        if trade.net > 0.0 {
            wins.add(trade.net);
        } else if trade.net < 0.0 {
            losses.add(trade.net);
        }
        if let Some(multiple) = trade.r_multiple {
            multiples += multiple;
            measured += 1;
        }
    }
    let rows = number(trades.len());
    let win_rate = ratio(number(wins.trades), rows);
    let (average_win, average_loss) = (wins.mean(), losses.mean());
    let payoff = average_win
        .zip(average_loss)
        .and_then(|(win, loss)| ratio(win, 0.0 - loss));
    let kelly = win_rate
        .zip(payoff)
        .and_then(|(rate, payoff)| Some(rate - ratio(1.0 - rate, payoff)?));
    Outcomes {
        trades: count(trades.len()),
        wins: count(wins.trades),
        losses: count(losses.trades),
        win_rate: float(win_rate),
        profit_factor: float(ratio(wins.sum, 0.0 - losses.sum)),
        expectancy: float(ratio(closed, rows)),
        average_r: float(ratio(multiples, number(measured))),
        average_win: float(average_win),
        average_loss: float(average_loss),
        largest_win: float(wins.largest),
        largest_loss: float(losses.largest),
        gross_profit: float(Some(wins.sum)),
        gross_loss: float(Some(losses.sum)),
        payoff_ratio: float(payoff),
        kelly: float(kelly),
        sqn: float(sqn(trades, closed)),
    }
}

/// Mean over sample deviation of the trades' profits, times the root of their number.
fn sqn(trades: &[ClosedTrade], closed: f64) -> Option<f64> {
    let n = number(trades.len());
    if trades.len() < 2 {
        return None;
    }
    let mean = closed / n;
    let squares = sum(trades.iter().map(|t| (t.net - mean) * (t.net - mean)));
    Some(ratio(mean, (squares / (n - 1.0)).sqrt())? * n.sqrt())
}

/// The longest streaks of winners and of losers, in the order of exit, then of the table.
fn streaks(trades: &[ClosedTrade]) -> Streaks {
    let mut in_order: Vec<&ClosedTrade> = trades.iter().collect();
    // A stable sort: trades that end at one time keep the order of the table.
    in_order.sort_by_key(|trade| trade.left);
    let (mut won, mut lost, mut longest_won, mut longest_lost) = (0, 0, 0, 0);
    for trade in in_order {
        // A profit of 0 ends both streaks.
        won = if trade.net > 0.0 { won + 1 } else { 0 };
        lost = if trade.net < 0.0 { lost + 1 } else { 0 };
        longest_won = longest_won.max(won);
        longest_lost = longest_lost.max(lost);
    }
    Streaks {
        longest_win_streak: count(longest_won),
        longest_loss_streak: count(longest_lost),
    }
}

/// How long trades lasted.
fn held(trades: &[ClosedTrade], per_day: i64) -> Held {
    let of_trade = || trades.iter().map(|t| days(t.left - t.entered, per_day));
    let longest = of_trade().reduce(|a, b| if b > a { b } else { a });
    let n = number(trades.len());
    Held {
        average_bars_held: float(ratio(sum(trades.iter().map(|t| number(t.bars_held))), n)),
        average_days_held: float(ratio(sum(of_trade()), n)),
        longest_days_held: float(longest),
    }
}
