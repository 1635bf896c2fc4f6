//! Rows by hand, and what must come of them. The Python tests look at the same tables from outside.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampSecondType, UInt32Type};
use arrow_array::{Array, RecordBatch};
use arrow_select::concat::concat_batches;

use super::schema::{self, Column, Shared};
use super::{ForeignTables, MetricValue, RunRows, RunTables};
use crate::error::OmegaError;
use crate::execution::{
    ExitReason, Expiry, Fill, Labels, Level, Order, OrderStatus, OrderType, ReduceOnly,
    RejectReason, WeightRow,
};
use crate::portfolio::{EquityCurve, EquitySpan, LedgerKind, LedgerLine, Trade};
use crate::types::{Days, Direction, OrderId, SymbolId, TimeUnit, TradeId};

const DAY: i64 = 86_400;

/// A long trade of the second symbol that wins 20 with a fee of 1, and a rejected order.
fn rows() -> RunRows {
    RunRows {
        shared: Shared {
            symbols: vec!["EURUSD".into(), "XAUUSD".into()],
            unit: TimeUnit::Second,
            timezone: Some("UTC".into()),
            days: Days::utc(TimeUnit::Second),
            first_decision: None,
        },
        contract_sizes: vec![100_000.0, 100.0],
        trades: vec![trade()],
        orders: vec![
            order(0, OrderType::Market, OrderStatus::Filled),
            order(
                1,
                OrderType::Limit(1_990.0),
                OrderStatus::Rejected(RejectReason::Margin),
            ),
        ],
        fills: vec![fill(2_000.0, 0.5), fill(2_000.2, 0.5)],
        ledger: vec![
            line(LedgerKind::Deposit, None, 1_000.0, 1_000.0),
            line(LedgerKind::Fee, Some(TradeId(0)), -0.5, 999.5),
            line(LedgerKind::Pnl, Some(TradeId(0)), 20.0, 1_019.5),
            line(LedgerKind::Fee, Some(TradeId(0)), -0.5, 1_019.0),
        ],
        equity: EquityCurve {
            time: vec![0, DAY].into(),
            equity: vec![900.0, 1_019.0].into(),
            spans: vec![span(1, 999.5, 1), span(1, 1_019.0, 0)],
        },
        positions: vec![],
        weights: vec![WeightRow {
            time: DAY,
            symbol: SymbolId(1),
            target: Some(0.5),
            realised: 0.25,
            reason: Some("cash"),
        }],
        extremes: None,
    }
}

fn span(rows: usize, balance: f64, open_positions: u32) -> EquitySpan {
    EquitySpan {
        rows,
        balance,
        open_positions,
    }
}

fn trade() -> Trade {
    Trade {
        id: TradeId(0),
        entry: 0,
        symbol: SymbolId(1),
        direction: Direction::Long,
        lots: 1.0,
        units: 100.0,
        entry_index: 0,
        entry_time: 0,
        entry_price: 2_000.0,
        exit_index: 1,
        exit_time: DAY,
        exit_price: 2_000.2,
        stop_loss: Some(1_990.0),
        take_profit: None,
        exit_reason: ExitReason::Signal,
        ambiguous: true,
        net_pnl_worst: -5.0,
        net_pnl_best: 19.0,
        gross_pnl: 20.0,
        fees: 1.0,
        swap: 0.0,
        net_pnl: 19.0,
        r_multiple: None,
        mae: -100.0,
        mfe: 20.0,
        bars_held: 1,
        labels: Labels::new(None, Some("breakout".into()), vec!["a".into(), "b".into()]),
    }
}

fn order(id: u32, kind: OrderType, status: OrderStatus) -> Order {
    Order {
        id: OrderId(id),
        symbol: SymbolId(1),
        direction: Direction::Long,
        kind,
        lots: 1.0,
        stop_loss: Some(Level::At(1_990.0)),
        take_profit: None,
        submitted_time: 0,
        expiry: Expiry::GoodTillCancelled,
        status,
        trailing_stop: None,
        scales: false,
        is_scaled: false,
        is_cut: false,
        trail: None,
        reduce_only: ReduceOnly::No,
        labels: Labels::default(),
    }
}

fn fill(price: f64, fee: f64) -> Fill {
    Fill {
        order: OrderId(0),
        trade: TradeId(0),
        symbol: SymbolId(1),
        direction: Direction::Long,
        time: 0,
        index: 0,
        price,
        lots: 1.0,
        fee,
        slippage: 0.25,
        rate: 2.0,
        closes: false,
    }
}

fn line(kind: LedgerKind, trade: Option<TradeId>, amount: f64, balance: f64) -> LedgerLine {
    LedgerLine {
        time: 0,
        kind,
        trade,
        amount,
        balance,
    }
}

fn names(table: &RecordBatch, column: &str) -> Vec<String> {
    let array = table[column].as_dictionary::<UInt32Type>();
    let list = array.values().as_string::<i32>();
    array
        .keys()
        .values()
        .iter()
        .map(|&key| list.value(key as usize).to_owned())
        .collect()
}

fn metric(tables: &RunTables, name: &str) -> MetricValue {
    let found = tables.metrics().iter().find(|(known, _)| *known == name);
    found.map_or_else(|| panic!("there is a metric '{name}'"), |(_, value)| value)
}

fn foreign(tables: &RunTables) -> ForeignTables {
    ForeignTables {
        trades: vec![tables.trades()],
        intervals: vec![tables.intervals()],
        orders: vec![tables.orders()],
        fills: vec![tables.fills()],
        equity: vec![tables.equity()],
        ledger: vec![tables.ledger()],
        positions: vec![tables.positions()],
        weights: vec![tables.weights()],
    }
}

fn shared() -> Shared {
    RunTables::from_rows(rows()).shared().clone()
}

fn adopted(foreign: &ForeignTables) -> Result<RunTables, OmegaError> {
    RunTables::from_tables(foreign, shared(), vec![100_000.0, 100.0], None)
}

#[test]
fn rows_become_the_columns_of_the_schema() {
    let tables = RunTables::from_rows(rows());
    let expected: [(RecordBatch, &[Column]); 8] = [
        (tables.trades(), schema::TRADES),
        (tables.intervals(), schema::INTERVALS),
        (tables.orders(), schema::ORDERS),
        (tables.fills(), schema::FILLS),
        (tables.equity(), schema::EQUITY),
        (tables.ledger(), schema::LEDGER),
        (tables.positions(), schema::POSITIONS),
        (tables.weights(), schema::WEIGHTS),
    ];
    for (table, columns) in expected {
        assert_eq!(
            *table.schema(),
            schema::arrow_schema(columns, tables.shared())
        );
    }
    assert_eq!(names(&tables.trades(), "symbol"), ["XAUUSD"]);
    assert_eq!(names(&tables.trades(), "exit_reason"), ["signal"]);
    assert_eq!(names(&tables.orders(), "side"), ["buy", "buy"]);
    assert_eq!(names(&tables.orders(), "type"), ["market", "limit"]);
    assert_eq!(names(&tables.orders(), "status"), ["filled", "rejected"]);
    assert_eq!(
        names(&tables.ledger(), "kind"),
        ["deposit", "fee", "pnl", "fee"]
    );
    let reasons = tables.orders()["reject_reason"].as_string::<i32>().clone();
    assert_eq!((reasons.is_null(0), reasons.value(1)), (true, "margin"));
    let tags = tables.trades()["tags"].as_list::<i32>().value(0);
    assert_eq!(
        tags.as_string::<i32>().iter().flatten().collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[test]
fn the_equity_curve_shares_its_buffers() {
    let rows = rows();
    let addresses = (
        rows.equity.time.as_ptr() as usize,
        rows.equity.equity.as_ptr() as usize,
    );
    let tables = RunTables::from_rows(rows);
    let curve = tables.equity();
    let times = curve["time"].as_primitive::<TimestampSecondType>().values();
    let equity = curve["equity"].as_primitive::<Float64Type>().values();
    assert_eq!(
        addresses,
        (times.as_ptr() as usize, equity.as_ptr() as usize)
    );
}

#[test]
fn metrics_are_those_of_the_tables() {
    let tables = RunTables::from_rows(rows());
    assert_eq!(metric(&tables, "start"), MetricValue::Time(0));
    assert_eq!(metric(&tables, "end"), MetricValue::Time(DAY));
    assert_eq!(metric(&tables, "bars"), MetricValue::Int(2));
    assert_eq!(metric(&tables, "net_profit"), MetricValue::Float(19.0));
    assert_eq!(metric(&tables, "max_drawdown"), MetricValue::Float(0.1));
    assert_eq!(metric(&tables, "max_drawdown_bars"), MetricValue::Int(1));
    assert_eq!(metric(&tables, "profit_factor"), MetricValue::Null);
    assert_eq!(metric(&tables, "average_r"), MetricValue::Null);
    assert_eq!(metric(&tables, "ambiguous_trades"), MetricValue::Int(1));
    assert_eq!(metric(&tables, "pnl_worst"), MetricValue::Float(-5.0));
    assert_eq!(metric(&tables, "fees"), MetricValue::Float(1.0));
    // Two fills of one lot of 100 units, each 0.25 worse than without slippage, at a rate of 2.
    assert_eq!(metric(&tables, "slippage_cost"), MetricValue::Float(100.0));
    assert_eq!(metric(&tables, "exposure"), MetricValue::Float(0.5));
}

#[test]
fn metrics_are_the_same_from_rows_and_from_tables() {
    let from_rows = RunTables::from_rows(rows()).metrics();
    let tables = RunTables::from_rows(rows());
    let adopted = adopted(&foreign(&tables)).map(|tables| tables.metrics());
    assert_eq!(adopted, Ok(from_rows));
    // The same run, whose tables were made by now.
    assert_eq!(tables.metrics(), from_rows);
}

#[test]
fn spans_become_rows() {
    let mut rows = rows();
    rows.equity.spans = vec![span(2, 7.0, 3)];
    let curve = RunTables::from_rows(rows).equity();
    let balance = curve["balance"].as_primitive::<Float64Type>();
    let open = curve["open_positions"].as_primitive::<UInt32Type>();
    assert_eq!(balance.values().as_ref(), [7.0, 7.0]);
    assert_eq!(open.values().as_ref(), [3, 3]);
}

#[test]
fn times_before_1970_have_days_too() {
    let mut rows = rows();
    rows.equity.time = vec![-DAY, -1].into();
    assert_eq!(
        metric(&RunTables::from_rows(rows.clone()), "days"),
        MetricValue::Int(1)
    );
    rows.equity.time = vec![-1, 0].into();
    assert_eq!(
        metric(&RunTables::from_rows(rows), "days"),
        MetricValue::Int(2)
    );
}

#[test]
fn the_fingerprint_is_that_of_the_values() {
    let tables = RunTables::from_rows(rows());
    assert_eq!(tables.fingerprint().len(), 64);
    assert_eq!(
        tables.fingerprint(),
        RunTables::from_rows(rows()).fingerprint()
    );
    let read = RunTables::from_rows(rows());
    drop((read.trades(), read.orders(), read.equity()));
    assert_eq!(tables.fingerprint(), read.fingerprint());
    let mut other = rows();
    let mut equity = other.equity.equity.to_vec();
    equity[1] = f64::from_bits(equity[1].to_bits() + 1);
    other.equity.equity = equity.into();
    assert_ne!(
        tables.fingerprint(),
        RunTables::from_rows(other).fingerprint()
    );
    let mut shown_elsewhere = rows();
    shown_elsewhere.shared.timezone = None;
    assert_eq!(
        tables.fingerprint(),
        RunTables::from_rows(shown_elsewhere).fingerprint()
    );
}

#[test]
fn the_ledger_names_the_line_at_which_it_breaks() {
    assert_eq!(
        RunTables::from_rows(rows()).first_broken_ledger_line(),
        None
    );
    let mut broken = rows();
    broken.ledger[2].amount = 20.5;
    assert_eq!(
        RunTables::from_rows(broken).first_broken_ledger_line(),
        Some(2)
    );
}

#[test]
fn adopted_tables_are_the_same_tables() {
    let tables = RunTables::from_rows(rows());
    let mut foreign = foreign(&tables);
    let equity = tables.equity();
    foreign.equity = vec![equity.slice(0, 1), equity.slice(1, 1)];
    let whole = concat_batches(&equity.schema(), &foreign.equity);
    assert_eq!(whole.ok().as_ref(), Some(&equity));
    let adopted = adopted(&foreign);
    let same = adopted.as_ref().map(|adopted| {
        adopted.trades() == tables.trades()
            && adopted.equity() == equity
            && adopted.fingerprint() == tables.fingerprint()
    });
    assert_eq!(same, Ok(true));
}

#[test]
fn empty_tables_keep_their_categories() {
    let empty = adopted(&ForeignTables::default());
    let exits = empty.map(|tables| {
        let trades = tables.trades();
        trades["exit_reason"]
            .as_dictionary::<UInt32Type>()
            .values()
            .len()
    });
    assert_eq!(exits, Ok(14));
}

#[test]
fn tables_that_do_not_fit_are_refused_by_name() {
    let tables = RunTables::from_rows(rows());
    let refusal = |foreign: &ForeignTables| adopted(foreign).map(|_| ()).map_err(|e| e.to_string());
    let mut without_column = foreign(&tables);
    without_column.fills = vec![tables.intervals()];
    let found = refusal(&without_column);
    assert!(found.is_err_and(|e| e.starts_with("result column 'order_id': given nothing")));
    let mut without_intervals = foreign(&tables);
    without_intervals.intervals = vec![];
    let found = refusal(&without_intervals);
    assert!(found.is_err_and(|e| e.contains("expected one for each of 1 trades")));
    let sizes = RunTables::from_tables(&foreign(&tables), shared(), vec![1.0], None);
    assert!(sizes.is_err_and(|e| e.to_string().starts_with("contract_sizes: given 1 values")));
}
