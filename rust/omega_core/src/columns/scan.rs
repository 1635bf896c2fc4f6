//! The straight-line reductions of validation: slices in, a verdict on the whole stretch out.
//!
//! No branch depends on a value, so that the compiler can take several rows at a time. A verdict
//! of `false` only means that the rows have to be checked one by one.

#![expect(
    clippy::needless_bitwise_bool,
    clippy::manual_range_contains,
    reason = "a lazy operator or a range would put a branch into the loop"
)]

/// Whether `low > floor`, `high` is finite, and open and close lie between them, in every row.
/// All four are then finite, too: a NaN fails every comparison.
pub(super) fn prices_hold(prices: [&[f64]; 4], floor: f64) -> bool {
    let [open, high, low, close] = prices;
    let rows = open.len();
    // Cut to one length, so that the loop has no bounds checks.
    let (high, low, close) = (&high[..rows], &low[..rows], &close[..rows]);
    let mut hold = true;
    for i in 0..rows {
        // A bound on low and one on high bound the other two as well: six comparisons a row, not
        // twelve. No early return, which would be a branch.
        hold &= (low[i] > floor)
            & (high[i] < f64::INFINITY)
            & (high[i] >= open[i])
            & (high[i] >= close[i])
            & (low[i] <= open[i])
            & (low[i] <= close[i]);
    }
    hold
}

/// Whether every value lies strictly between `floor` and infinity.
pub(super) fn above(values: &[f64], floor: f64) -> bool {
    values.iter().fold(true, |hold, &value| {
        hold & (value > floor) & (value < f64::INFINITY)
    })
}

/// Whether every value is finite and not negative.
pub(super) fn not_negative(values: &[f64]) -> bool {
    values.iter().fold(true, |hold, &value| {
        hold & (value >= 0.0) & (value < f64::INFINITY)
    })
}

/// Whether times increase, each compared with the one before.
pub(super) fn increasing(times: &[i64]) -> bool {
    // `min`, since an empty slice has no place 1.
    let next = &times[times.len().min(1)..];
    times
        .iter()
        .zip(next)
        .fold(true, |hold, (before, time)| hold & (before < time))
}

/// Whether times never go back.
pub(super) fn not_decreasing(times: &[i64]) -> bool {
    let next = &times[times.len().min(1)..];
    times
        .iter()
        .zip(next)
        .fold(true, |hold, (before, time)| hold & (before <= time))
}

/// Number of rows in which any ask is below its bid.
pub(super) fn crossed_bars(bid: [&[f64]; 4], ask: [&[f64]; 4]) -> usize {
    let rows = bid[0].len();
    let bid = bid.map(|column| &column[..rows]);
    let ask = ask.map(|column| &column[..rows]);
    let mut crossed = 0u64;
    for i in 0..rows {
        let row = (ask[0][i] < bid[0][i])
            | (ask[1][i] < bid[1][i])
            | (ask[2][i] < bid[2][i])
            | (ask[3][i] < bid[3][i]);
        crossed += u64::from(row);
    }
    usize::try_from(crossed).unwrap_or(usize::MAX)
}

/// Number of quotes whose ask is below their bid.
pub(super) fn crossed_quotes(bid: &[f64], ask: &[f64]) -> usize {
    bid.iter()
        .zip(ask)
        .map(|(bid, ask)| usize::from(ask < bid))
        .sum()
}
