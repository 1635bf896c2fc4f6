"""Splits and dividends by date (rules A1, A2, A4, A5), with numbers computed by hand."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.dated_runs import START, Script, booked, days, run

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

SPLIT = omega.Events(splits=[{"date": "2024-01-03", "ratio": 1.5}])
KEEP = omega.Execution(close_at_end=False)


def test_a_fraction_of_a_share_is_paid_at_the_open(backend: str) -> None:
    """401 shares at 3:2 are 601 and cash for half a share; what it costs stays as it was."""
    data = days([30.0, 30.0, 21.0, 21.0], [30.0, 30.0, 20.0, 21.0])
    result = run(backend, data, {0: omega.Signal("long", size=401)}, events=SPLIT, execution=KEEP)
    assert result.positions.select("lots", "entry_price").rows() == [(601.0, 20.0)]
    assert booked(result) == [("split_cash", 0.5 * 20.0), ("pnl", -0.5 * 20.0)]
    assert result.equity["equity"].to_list()[-2:] == [100_000.0 + 601.0] * 2


def test_the_fraction_is_of_the_total_and_of_the_newest_part(backend: str) -> None:
    """Three parts of one share at 3:2 are four shares and cash for half a one."""
    data = days([30.0, 30.0, 30.0, 30.0, 20.0, 20.0])
    script = {k: omega.Signal("long", size=1) for k in range(3)}
    events = omega.Events(splits=[{"date": "2024-01-05", "ratio": 1.5}])
    result = run(backend, data, script, events=events, execution=KEEP)
    assert result.positions["lots"].to_list() == [1.5, 1.5, 1.0]
    assert result.trades.select("trade_id", "lots", "exit_reason").rows() == [
        (2, 0.5, "split_cash")
    ]
    assert booked(result, "split_cash") == [("split_cash", 10.0)]


def test_a_reverse_split_may_leave_nothing(backend: str) -> None:
    data = days([2.0, 2.0, 20.0, 20.0])
    events = omega.Events(splits=[{"date": "2024-01-03", "ratio": 0.1}])
    result = run(backend, data, {0: omega.Signal("long", size=3)}, events=events)
    assert result.trades.select("lots", "exit_price", "exit_reason", "fees").rows() == [
        (pytest.approx(0.3), 20.0, "split_cash", 0.0)
    ]
    assert result.equity["equity"][-1] == pytest.approx(100_000.0)


def test_levels_follow_a_split(backend: str) -> None:
    """A stop at 27 and a target at 36 become 18 and 24; the target fills there."""
    data = days([30.0, 30.0, 20.0, 25.0], [30.0, 30.0, 20.0, 20.0])
    order = omega.Signal("long", size=100, stop_loss=27.0, take_profit=36.0)
    result = run(backend, data, {0: order}, events=SPLIT)
    trade = result.trades.row(0, named=True)
    assert (trade["stop_loss"], trade["take_profit"]) == (18.0, 24.0)
    assert (trade["exit_reason"], trade["exit_price"], trade["lots"]) == ("take_profit", 24.0, 150)
    assert trade["gross_pnl"] == 150 * (24.0 - 20.0)


def test_waiting_orders_follow_a_split(backend: str) -> None:
    """100 to buy at 27 become 150 to buy at 18, also where they were decided the bar before."""
    for index in (0, 1):
        data = days([30.0, 30.0, 20.0, 17.0], [30.0, 30.0, 20.0, 20.0])
        order = omega.Signal(
            "long", "limit", entry_price=27.0, size=100, stop_loss=15.0, trailing_stop=3.0
        )
        result = run(backend, data, {index: order}, events=SPLIT, execution=KEEP)
        position = result.positions.row(0, named=True)
        assert (position["lots"], position["entry_price"]) == (150.0, 18.0)
        assert result.orders.select("lots", "price").rows() == [(150.0, 18.0)]


def test_an_order_decided_before_a_split_is_in_the_lots_after_it(backend: str) -> None:
    data = days([30.0, 30.0, 20.0, 21.0])
    sized = run(backend, data, {1: omega.Signal("long", size=100)}, events=SPLIT)
    assert sized.trades.select("lots", "entry_price").rows() == [(150.0, 20.0)]
    whole = run(
        backend, data, {1: omega.Signal("long")}, events=SPLIT, sizer=omega.EquityPercent(60)
    )
    assert whole.trades["lots"].to_list() == [3_000.0]  # 60,000 at 20


def test_dividends_are_paid_to_longs_and_by_shorts(backend: str) -> None:
    """400 shares at 0.25: +100 for a long less its tax, -100 in full for a short."""
    data = days([30.0, 30.0, 30.0, 30.0])
    events = omega.Events(dividends=[{"date": "2024-01-03", "amount": 0.25}], tax=0.15)
    long = run(backend, data, {0: omega.Signal("long", size=400)}, events=events)
    assert booked(long, "dividend", "tax") == [("dividend", 100.0), ("tax", -15.0)]
    short = run(backend, data, {0: omega.Signal("short", size=400)}, events=events)
    assert booked(short, "dividend", "tax") == [("dividend", -100.0)]
    assert long.trades["net_pnl"].to_list() == [85.0]
    # Who buys at the open of the ex-date gets nothing.
    late = run(backend, data, {1: omega.Signal("long", size=400)}, events=events)
    assert booked(late, "dividend") == []


def test_a_dividend_on_its_way_is_equity_and_no_cash(backend: str) -> None:
    data = days([30.0, 30.0, 29.75, 29.75, 29.75])
    paid = [{"date": "2024-01-03", "amount": 0.25, "pay": "2024-01-05"}]
    events = omega.Events(dividends=paid, pay="date")
    script: Script = {0: omega.Signal("long", size=400), 2: omega.Close()}
    result = run(backend, data, script, events=events)
    assert result.equity["balance"].to_list() == [1e5, 1e5, 1e5, 1e5 - 100, 1e5]
    assert result.equity["equity"].to_list() == [1e5] * 5
    assert result.trades["net_pnl"].to_list() == [0.0]


def test_of_one_date_the_split_is_first(backend: str) -> None:
    """2:1 and then 0.25 for each of the new shares: 800 x 0.25."""
    data = days([30.0, 30.0, 15.0, 15.0])
    events = omega.Events(
        dividends=[{"date": "2024-01-03", "amount": 0.25}],
        splits=[{"date": "2024-01-03", "ratio": 2}],
    )
    result = run(backend, data, {0: omega.Signal("long", size=400)}, events=events)
    assert booked(result, "dividend") == [("dividend", 200.0)]


def test_the_date_may_have_no_bar(backend: str) -> None:
    """What happens on a weekend happens at the first bar after it."""
    data = days([30.0] * 4, start=START.replace(day=4)).filter(pl.col("time").dt.weekday() < 6)
    data = pl.concat([data, days([20.0, 20.0], start=START.replace(day=8))])
    events = omega.Events(splits=[{"date": "2024-01-06", "ratio": 1.5}])
    result = run(backend, data, {0: omega.Signal("long", size=100)}, events=events)
    assert result.trades.select("lots", "entry_price", "exit_price").rows() == [(150, 20.0, 20.0)]


@given(
    changes=st.lists(st.floats(-0.2, 0.25), min_size=4, max_size=12),
    part=st.floats(0.001, 0.2),
    at=st.integers(2, 20),
    ratio=st.sampled_from([0.5, 2.0, 3.0]),
)
def test_reinvesting_is_buying_at_adjusted_prices(
    backend: str, changes: list[float], part: float, at: int, ratio: float
) -> None:
    """Fractional lots without costs: the run over adjusted prices, to 1e-12 (rule A5)."""
    bar = 2 + at % (len(changes) - 2)
    growth, prices = [1.0], [100.0]
    for change in changes:
        growth.append(growth[-1] * (1.0 + change))
    closes = [100.0 * one for one in growth]
    dividend = closes[bar - 1] * part / ratio
    raw = [price if k < bar else price * (1.0 - part) / ratio for k, price in enumerate(closes)]
    prices = [price * (1.0 - part) / ratio if k < bar else raw[k] for k, price in enumerate(closes)]
    day = START.replace(day=1 + bar)
    events = omega.Events(
        dividends=[{"date": day, "amount": dividend}],
        splits=[{"date": day, "ratio": ratio}],
        reinvest=True,
    )
    settings = {"instruments": omega.Instrument(), "sizer": omega.EquityPercent(90)}
    plain = run(backend, days(prices), {0: omega.Signal("long")}, **settings)
    acted = run(backend, days(raw), {0: omega.Signal("long")}, events=events, **settings)
    expected = plain.equity["equity"].to_list()
    assert acted.equity["equity"].to_list() == pytest.approx(expected, rel=1e-12)


def test_events_need_prices_as_they_were_traded(backend: str) -> None:
    with pytest.raises(ConfigError, match="twice"):
        omega.Events(splits=[{"date": "2024-01-03", "ratio": 2}], prices="adjusted")
    data = days([30.0] * 3).rename({"close": "adj_close"})
    with pytest.raises(ConfigError, match="adj_close"):
        omega.run_backtest(
            omega.CandleStore(data, columns={"close": "adj_close"}),
            lambda bar: None,
            events=SPLIT,
            backend=backend,
        )
    plain = omega.run_backtest(
        omega.CandleStore(data, columns={"close": "adj_close"}), lambda bar: None, backend=backend
    )
    assert [one.kind for one in plain.notices if one.kind == "adjusted_prices"]


@pytest.mark.parametrize(
    ("tables", "word"),
    [
        ({"splits": [{"date": "2024-01-03", "ratio": 0}]}, "ratio"),
        ({"splits": [{"ratio": 2}]}, "date"),
        ({"dividends": [{"date": "2024-01-03", "amount": "much"}]}, "number"),
        ({"dividends": [{"date": "soon", "amount": 1}]}, "soon"),
        ({"dividends": [{"date": "2024-01-03", "amount": 1}], "pay": "date"}, "pay"),
        ({"splits": 5}, "table"),
        ({"tax": 2}, "tax"),
    ],
)
def test_wrong_tables_are_refused(backend: str, tables: dict[str, Any], word: str) -> None:
    assert backend
    with pytest.raises(ConfigError, match=word):
        omega.Events(**tables)
