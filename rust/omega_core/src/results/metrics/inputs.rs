//! What the metrics read of a run: the same numbers from its rows as from its tables.

use std::borrow::Cow;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_buffer::ScalarBuffer;

use super::super::schema::Shared;
use super::super::{RunTables, read};
use crate::execution::{Fill, FillNumbers, FillSums};
use crate::portfolio::{
    Booked, ClosedTrade, EquityCurve, EquityWalk, Extremes, LedgerKind, LedgerLine, Walked,
    busy_rows,
};

/// All of it.
pub(in super::super) struct Inputs<'a> {
    pub(in super::super) shared: &'a Shared,
    pub(in super::super) extremes: Option<Extremes>,
    pub(in super::super) trades: Cow<'a, [ClosedTrade]>,
    pub(in super::super) fills: FillSums,
    /// The cash at the start: the first line of the ledger.
    pub(in super::super) initial: Option<f64>,
    pub(in super::super) booked: Booked,
    pub(in super::super) times: ScalarBuffer<i64>,
    pub(in super::super) walked: Cow<'a, Walked>,
    /// Rows of the equity curve with an open position.
    pub(in super::super) busy: usize,
}

impl<'a> Inputs<'a> {
    pub(super) fn of(run: &'a RunTables) -> Self {
        let (initial, booked) = run.ledger.either(|rows| of_ledger(rows), of_ledger_table);
        let (times, equity, busy) = run.equity.either(of_curve, of_equity_table);
        let mut walk = EquityWalk::new(times.clone(), run.shared.clock(), initial);
        walk.add(&equity);
        Self {
            shared: &run.shared,
            extremes: run.extremes,
            trades: Cow::Owned(run.trades.either(
                |rows| rows.iter().map(ClosedTrade::of).collect(),
                |[trades, intervals]| of_trade_tables(trades, intervals),
            )),
            fills: fill_sums(run),
            initial,
            booked,
            times,
            walked: Cow::Owned(walk.finish()),
            busy,
        }
    }
}

fn of_trade_tables(trades: &RecordBatch, intervals: &RecordBatch) -> Vec<ClosedTrade> {
    let net = read::f64s(trades, "net_pnl");
    let worst = read::f64s(intervals, "net_pnl_worst");
    let best = read::f64s(intervals, "net_pnl_best");
    let multiples = read::optional_f64s(trades, "r_multiple");
    let entered = read::times(trades, "entry_time");
    let left = read::times(trades, "exit_time");
    let bars_held = read::u32s(trades, "bars_held");
    let ambiguous = read::bools(trades, "ambiguous");
    let of_row = |(entry, row): (u32, usize)| ClosedTrade {
        entry,
        net: net[row],
        worst: worst[row],
        best: best[row],
        r_multiple: read::value(multiples, row),
        entered: entered[row],
        left: left[row],
        bars_held: bars_held[row] as usize,
        ambiguous: ambiguous.value(row),
    };
    (0..).zip(0..net.len()).map(of_row).collect()
}

fn fill_sums(run: &RunTables) -> FillSums {
    run.fills.either(
        |rows| {
            let size = |fill: &Fill| run.contract_sizes[fill.symbol.index()];
            FillSums::of(rows.iter().map(|fill| FillNumbers::of(fill, size(fill))))
        },
        |table| of_fill_table(run, table),
    )
}

fn of_fill_table(run: &RunTables, fills: &RecordBatch) -> FillSums {
    let orders = run.orders();
    let numbers = read::u32s(&orders, "order_id");
    let symbols = read::names(&orders, "symbol").keys().values();
    let of_order = read::u32s(fills, "order_id");
    let price = read::f64s(fills, "price");
    let lots = read::f64s(fills, "lots");
    let fee = read::f64s(fills, "fee");
    let slippage = read::f64s(fills, "slippage");
    let rate = read::f64s(fills, "rate");
    FillSums::of((0..fills.num_rows()).map(|row| {
        FillNumbers {
            price: price[row],
            lots: lots[row],
            fee: fee[row],
            slippage: slippage[row],
            rate: rate[row],
            // Orders are sorted by number.
            contract_size: numbers
                .binary_search(&of_order[row])
                .ok()
                .map(|order| run.contract_sizes[symbols[order] as usize]),
        }
    }))
}

/// The cash at the start, and what was booked besides trades.
fn of_ledger(rows: &[LedgerLine]) -> (Option<f64>, Booked) {
    let lines = rows.iter();
    let mut booked = Booked::default();
    lines.for_each(|line| booked.add(line.kind, line.amount));
    (rows.first().map(|line| line.amount), booked)
}

fn of_ledger_table(table: &RecordBatch) -> (Option<f64>, Booked) {
    let kinds = read::names(table, "kind");
    let names = kinds.values().as_string::<i32>();
    // From the ledger, since the trades lack what was booked on positions that are still open.
    let amounts = read::f64s(table, "amount");
    let of_name: Vec<_> = names.iter().map(|name| LedgerKind::of(name?)).collect();
    let lines = kinds.keys().values().iter().zip(amounts);
    let mut booked = Booked::default();
    for (kind, amount) in lines {
        if let Some(kind) = of_name[*kind as usize] {
            booked.add(kind, *amount);
        }
    }
    (amounts.first().copied(), booked)
}

fn of_curve(curve: &EquityCurve) -> (ScalarBuffer<i64>, ScalarBuffer<f64>, usize) {
    let busy = busy_rows(&curve.spans);
    (curve.time.clone(), curve.equity.clone(), busy)
}

fn of_equity_table(table: &RecordBatch) -> (ScalarBuffer<i64>, ScalarBuffer<f64>, usize) {
    let open = read::u32s(table, "open_positions");
    let busy = open.iter().filter(|&&positions| positions > 0).count();
    let equity = read::optional_f64s(table, "equity").values().clone();
    let times = read::time_buffer(read::column(table, "time").as_ref()).clone();
    (times, equity, busy)
}
