//! How much was traded, and what it cost.

use super::inputs::Inputs;
use super::{Costs, float, number, ratio};

pub(super) fn metrics(inputs: &Inputs<'_>) -> Costs {
    let (fills, walked) = (&inputs.fills, &inputs.walked);
    let rows = number(walked.rows);
    let booked = &inputs.booked;
    // From the left, as documented. What holding costs is negative where it was paid, hence
    // subtracted.
    let total = fills
        .slippage
        .map(|slippage| fills.fees + slippage - booked.swap - booked.borrow - booked.funding);
    let average = ratio(walked.sum, rows);
    let turnover = fills
        .notional
        .zip(average)
        .and_then(|(notional, average)| ratio(notional, average));
    Costs {
        // The share of bars at whose close a position was open.
        exposure: float(ratio(number(inputs.busy), rows)),
        turnover: float(turnover),
        fees: float(Some(fills.fees)),
        slippage_cost: float(fills.slippage),
        swap: float(Some(booked.swap)),
        borrow: float(Some(booked.borrow)),
        funding: float(Some(booked.funding)),
        total_costs: float(total),
        dividends: float(Some(booked.dividends)),
        interest: float(Some(booked.interest)),
    }
}
