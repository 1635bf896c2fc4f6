"""A result as a user sees it: frames, text, HTML."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest
import rich.console
from hypothesis import given
from hypothesis import strategies as st

import omega
from omega import BacktestResult, OmegaError
from omega.report._metrics import formatted, thinned
from omega.report._summary import sparkline
from omega.results.result import BrokenResult, EngineStats, example_result, tables_from_columns
from tests.support import run_columns as runs

SUMMARY = """\
Warning        1 of 4 entries refused: size 1
Warning        positions were worth up to 1.10 times the equity, on 2024-01-01 00:00
Warning        1 of 3 trades (33.3 %) decided by the intrabar policy; the closed profit lies \
between 60.00 and 150.00

EURUSD   2024-01-01 00:00 to 2024-01-05 00:00   5 bars, 5 days

Initial equity       10,000.00     Trades                       3
Final equity         10,150.00     Win rate               66.67 %
Net profit              150.00     Profit factor             2.50
Return                  1.50 %     Expectancy               50.00
CAGR, extrapolated    196.72 %     Average R                 0.50
Volatility             19.75 %     Average win             125.00
Sharpe                    5.59     Average loss           -100.00
Sortino                  18.60     Time in market         80.00 %
Calmar                  200.65     Turnover                  5.51
Max drawdown            0.98 %     Costs                     0.00
  in money              100.00       fees                    0.00
  in days                 3.00       slippage                0.00

Ambiguous      1 of 3 trades; closed profit 150.00, between 60.00 and 150.00
Fingerprint    5756d6f3f3bd3ad0f6bf759ced03436f76d81bd58ce98938537ac4964dddf547
Time           0.1 ms, 0.0 ms of it in callbacks, 100,000 bars/s (rust)
Notice         the CAGR of 196.72 % is extrapolated from 5 days
What to do     omega explain refused_orders exposure ambiguous short_period"""


def empty_result() -> BacktestResult:
    return BacktestResult(tables_from_columns({}, symbols=["EURUSD"]))


def test_the_summary_says_what_a_trader_asks() -> None:
    assert example_result().summary() == SUMMARY


@pytest.mark.parametrize("metrics", [example_result().metrics, omega.metrics([100.0, 110.0, 99.0])])
def test_an_unknown_metric_is_answered_with_the_nearest(
    metrics: dict[str, object],
) -> None:
    assert metrics.get("Sharpe Ratio") is None
    for name in ("Sharpe Ratio", "sharpe_ratio", "SHARPE"):
        with pytest.raises(KeyError, match=r"Did you mean 'sharpe'\?"):
            metrics[name]


def test_a_run_without_bars_has_a_summary() -> None:
    summary = empty_result().summary()
    assert "0 bars" in summary
    assert re.search(r"Sharpe +-  ", summary)


def test_notices_swap_and_open_positions_are_told_where_there_are_some() -> None:
    run = runs.curve([100.0])
    for name, value in {
        "time": 0,
        "kind": "swap",
        "trade_id": 0,
        "amount": -1.5,
        "balance": 98.5,
    }.items():
        run["ledger"][name].append(value)
    run["positions"] = {
        "trade_id": [0],
        "symbol": ["EURUSD"],
        "direction": ["long"],
        "lots": [1.0],
        "entry_index": [0],
        "entry_time": [0],
        "entry_price": [1.0],
        "stop_loss": [None],
        "take_profit": [None],
        "open_profit": [0.0],
        "swap": [-1.5],
        "entry_fee": [0.0],
    }
    tables = tables_from_columns(run, symbols=["EURUSD"])
    summary = BacktestResult(tables, notices=["3 rows are crossed"]).summary()
    assert "Still open     1 position\n" in summary
    assert "Swap           -1.50\n" in summary
    assert summary.startswith("Warning        3 rows are crossed\n\nEURUSD")


def test_repr_is_one_short_line() -> None:
    assert repr(empty_result()) == "BacktestResult(0 trades, return -, max drawdown -, rust)"
    assert "\n" not in repr(example_result())


def test_rich_prints_the_summary() -> None:
    console = rich.console.Console(width=130)
    with console.capture() as capture:
        console.print(example_result())
    lines = [line.strip("│ \n") for line in capture.get().splitlines()]
    assert [line.strip() for line in SUMMARY.splitlines()] == lines[1:-1]


def test_html_is_well_formed_and_self_contained() -> None:
    html = example_result()._repr_html_()
    tree = ET.fromstring(html.replace("&emsp;", " "))  # noqa: S314 - our own text
    cells = ["".join(cell.itertext()).strip() for cell in tree.iter("td")]
    shown = dict(zip(cells[::2], cells[1::2], strict=True))
    assert shown["Net profit"] == "150.00"
    assert shown["in days"] == "3.00"
    assert len(shown) == 24
    assert not re.search(r"https?://|<script|<link", html)


def test_html_escapes_what_a_user_wrote() -> None:
    tables = tables_from_columns(runs.curve([1.0]), symbols=["<b>"], unit="ms")
    html = BacktestResult(tables, notices=["a < b"])._repr_html_()
    assert "&lt;b&gt;" in html
    assert "a &lt; b" in html


def test_the_sparkline_of_a_long_curve_stays_small() -> None:
    equity = np.cumsum(np.sin(np.arange(1_000_000)))
    points = re.findall(r"[\d.]+,[\d.]+", sparkline(equity))
    assert 300 <= len(points) <= 600


@pytest.mark.parametrize("equity", [[], [1.0]])
def test_a_curve_of_less_than_two_bars_has_no_line(equity: list[float]) -> None:
    assert sparkline(np.array(equity)) == ""


def test_a_flat_curve_is_a_line() -> None:
    assert 'points="0.0,2.0 600.0,2.0"' in sparkline(np.array([7.0, 7.0]))


@given(st.lists(st.integers(-1000, 1000), max_size=200), st.integers(2, 20).map(lambda k: 2 * k))
def test_thinning_keeps_order_and_extremes(values: list[int], limit: int) -> None:
    curve = np.array(values, dtype=np.float64)
    rows = thinned(curve, limit)
    assert len(rows) <= max(limit, 0)
    assert np.all(np.diff(rows) > 0)
    if values:
        assert curve[rows].min() == curve.min()
        assert curve[rows].max() == curve.max()


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("sharpe", None, "-"),
        ("sharpe", -1.005, "-1.00"),
        ("total_return", 12.3456, "1,234.56 %"),
        ("bars", 1_234_567, "1,234,567"),
        ("final_equity", -1234.5, "-1,234.50"),
    ],
)
def test_metrics_are_written_for_people(name: str, value: float | None, text: str) -> None:
    assert formatted(name, value) == text


def test_the_metrics_table_has_a_row_a_metric() -> None:
    result = example_result()
    table = result.metrics_table()
    assert table.schema == {"metric": pl.String, "value": pl.Float64, "text": pl.String}
    assert table["metric"].to_list() == list(result.metrics)
    assert table.filter(metric="start").row(0) == ("start", None, "2024-01-01 00:00")


def test_frames_and_numbers_are_made_once() -> None:
    result = example_result()
    for name in ("trades", "orders", "fills", "equity", "ledger", "positions", "metrics"):
        assert getattr(result, name) is getattr(result, name)


def test_ambiguous_trades_come_with_their_interval() -> None:
    frame = example_result().ambiguous_trades
    assert frame.columns[-2:] == ["net_pnl_worst", "net_pnl_best"]
    assert frame["ambiguous"].all()
    assert empty_result().pnl_interval == (0.0, 0.0)


def test_speed_is_unknown_where_no_time_was_taken() -> None:
    assert EngineStats(bars_processed=5).bars_per_second is None


def test_the_error_is_one_of_omegas() -> None:
    assert issubclass(BrokenResult, OmegaError)
