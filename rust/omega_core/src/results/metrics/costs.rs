//! How much was traded, and what it cost.

use arrow_array::cast::AsArray;

use super::super::{RunTables, read};
use super::{Costs, float, number, ratio, sum};

pub(super) fn metrics(tables: &RunTables) -> Costs {
    let traded = price_units(tables);
    let money = |price: &[f64]| {
        let units = traded.as_ref()?;
        Some(sum(price
            .iter()
            .zip(units)
            .map(|(price, units)| price * units)))
    };
    let fees = sum(read::f64s(&tables.fills, "fee").iter().copied());
    let slippage = money(read::f64s(&tables.fills, "slippage"));
    let swap = swap(tables);
    // From the left, as documented. Swap is negative where it was paid, hence subtracted.
    let total = slippage.map(|slippage| fees + slippage - swap);
    let equity = read::f64s(&tables.equity, "equity");
    let average = ratio(sum(equity.iter().copied()), number(equity.len()));
    let notional = money(read::f64s(&tables.fills, "price"));
    let turnover = notional
        .zip(average)
        .and_then(|(notional, average)| ratio(notional, average));
    Costs {
        exposure: float(exposure(tables)),
        turnover: float(turnover),
        fees: float(Some(fees)),
        slippage_cost: float(slippage),
        swap: float(Some(swap)),
        total_costs: float(total),
    }
}

/// `lots × contract size × rate` of each fill: what one unit of price is worth in account currency;
/// none where a fill belongs to no order.
fn price_units(tables: &RunTables) -> Option<Vec<f64>> {
    let order_ids = read::u32s(&tables.orders, "order_id");
    let symbols = read::names(&tables.orders, "symbol").keys().values();
    let lots = read::f64s(&tables.fills, "lots");
    let rates = read::f64s(&tables.fills, "rate");
    let fills = read::u32s(&tables.fills, "order_id").iter().zip(lots);
    fills
        .zip(rates)
        .map(|((order, lots), rate)| {
            // Orders are sorted by number.
            let row = order_ids.binary_search(order).ok()?;
            // From the left, as documented and as in the reference: three factors in another order
            // have other last bits.
            Some(lots * tables.contract_sizes[symbols[row] as usize] * rate)
        })
        .collect()
}

/// Financing booked, closed and open positions alike: the ledger's lines of that kind.
fn swap(tables: &RunTables) -> f64 {
    let kinds = read::names(&tables.ledger, "kind");
    let names = kinds.values().as_string::<i32>();
    // From the ledger, since the trades lack what was booked on positions that are still open.
    let amounts = read::f64s(&tables.ledger, "amount");
    let lines = kinds.keys().values().iter().zip(amounts);
    sum(lines
        .filter(|(kind, _)| names.value(**kind as usize) == "swap")
        .map(|(_, amount)| *amount))
}

/// The share of bars at whose close a position was open.
fn exposure(tables: &RunTables) -> Option<f64> {
    let open = read::u32s(&tables.equity, "open_positions");
    let busy = open.iter().filter(|&&positions| positions > 0).count();
    ratio(number(busy), number(open.len()))
}
