"""Changes of symbols, delistings, halts and the universe (rules A6 to A8, U1, U2)."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.dated_runs import START, booked, days, run

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

OTHER = days([50.0] * 8)
NOON = timedelta(hours=12)
GONE = days([30.0, 30.0, 28.0])
"""Traded on the first three days."""


def held(backend: str, events: omega.Events, direction: str = "long") -> omega.BacktestResult:
    script = {0: omega.Signal(direction, size=100, symbol="GONE")}
    return run(backend, {"GONE": GONE, "OTHER": OTHER}, script, events=events)


@pytest.mark.parametrize(("direction", "sign"), [("long", 1.0), ("short", -1.0)])
def test_a_delisting_with_a_price_closes_there(backend: str, direction: str, sign: float) -> None:
    events = omega.Events(delistings=[{"symbol": "GONE", "date": "2024-01-05", "price": 12.0}])
    result = held(backend, events, direction)
    trade = result.trades.row(0, named=True)
    assert (trade["exit_reason"], trade["exit_price"]) == ("delisted", 12.0)
    assert trade["exit_time"] == START.replace(day=5)
    assert not trade["ambiguous"]
    assert booked(result) == [("delisting", sign * 100 * (12.0 - 30.0))]


def test_a_delisting_with_a_return_closes_at_the_changed_last_close(backend: str) -> None:
    rows = [{"symbol": "GONE", "date": "2024-01-05", "return": -0.5}]
    result = held(backend, omega.Events(delistings=rows))
    assert result.trades["exit_price"].to_list() == [14.0]
    rows = [{"symbol": "GONE", "date": "2024-01-05", "exchange": "nasdaq"}]
    events = omega.Events(delistings=rows, delisting_returns=omega.delisting.SHUMWAY)
    assert held(backend, events).trades["exit_price"].to_list() == [28.0 * (1 - 0.55)]


@pytest.mark.parametrize(
    ("direction", "interval"), [("long", (-3_000.0, -200.0)), ("short", (200.0, 3_000.0))]
)
def test_a_delisting_without_a_price_is_an_interval(
    backend: str, direction: str, interval: tuple[float, float]
) -> None:
    """Bought at 30 with a last close of 28: between nothing and -200."""
    events = omega.Events(delistings=[{"symbol": "GONE", "date": "2024-01-05"}])
    result = held(backend, events, direction)
    trade = result.trades.row(0, named=True)
    assert (trade["exit_reason"], trade["exit_price"]) == ("delisted", 28.0)
    assert trade["ambiguous"]
    assert result.pnl_interval == interval


def test_a_delisting_after_the_last_bar_is_a_notice(backend: str) -> None:
    events = omega.Events(delistings=[{"symbol": "GONE", "date": "2024-01-05", "price": 12.0}])
    script = {0: omega.Signal("long", size=100)}
    result = run(backend, {"GONE": GONE}, script, events=events)
    assert result.trades["exit_reason"].to_list() == ["end_of_data"]
    assert any("GONE is delisted after" in one.text for one in result.notices)


def test_nothing_waits_for_a_delisted_symbol(backend: str) -> None:
    events = omega.Events(delistings=[{"symbol": "GONE", "date": "2024-01-05", "price": 12.0}])
    script = {
        0: omega.Signal("long", "limit", entry_price=1.0, size=1, symbol="GONE"),
        2: omega.Signal("long", size=1, symbol="OTHER"),
    }
    data = {"OTHER": OTHER, "GONE": GONE}
    result = run(
        backend, data, script | {5: omega.Signal("long", size=1, symbol="GONE")}, events=events
    )
    assert result.orders.select("status", "reject_reason").rows() == [
        ("cancelled", "delisted"),
        ("filled", None),
        ("rejected", "delisted"),
    ]


def test_a_renamed_symbol_goes_on_under_its_trade(backend: str) -> None:
    """Two new shares for an old one: 100 at 30 are 200 at 15."""
    new = days([16.0] * 4, start=START.replace(day=4))
    events = omega.Events(symbols=[{"old": "GONE", "new": "NEW", "date": "2024-01-04", "ratio": 2}])
    order = omega.Signal("long", size=100, symbol="GONE", stop_loss=10.0)
    waits = omega.Signal("long", "limit", entry_price=20.0, size=10, symbol="GONE")
    data = {"GONE": GONE, "NEW": new, "OTHER": OTHER}
    result = run(backend, data, {0: [order, waits]}, events=events)
    first = result.trades.row(0, named=True)
    assert (first["trade_id"], first["symbol"], first["entry_price"]) == (0, "NEW", 15.0)
    assert (first["lots"], first["stop_loss"], first["gross_pnl"]) == (200.0, 5.0, 200.0)
    other = result.orders.row(1, named=True)
    assert (other["symbol"], other["lots"], other["price"]) == ("NEW", 20.0, 10.0)
    assert other["status"] == "working"
    assert first["bars_held"] >= 0


@pytest.mark.parametrize(
    "events",
    [
        omega.Events(delistings=[{"symbol": "GONE", "date": "2024-01-05", "price": 12.0}]),
        omega.Events(symbols=[{"old": "GONE", "new": "OTHER", "date": "2024-01-05"}]),
    ],
)
def test_the_nights_before_the_end_of_a_symbol_are_booked(
    backend: str, events: omega.Events
) -> None:
    """Held from January 2, traded until the 3rd: one night, then the two up to the 5th."""
    script = {0: omega.Signal("long", size=1, symbol="GONE")}
    costs = omega.Costs(swap_long=-1.0, swap_triple_day=None)
    instrument = omega.Instrument(tick_size=1.0)
    data = {"GONE": GONE, "OTHER": OTHER}
    result = run(backend, data, script, events=events, costs=costs, instruments=instrument)
    assert booked(result, "swap")[:2] == [("swap", -1.0), ("swap", -2.0)]


def test_a_merger_pays_its_cash(backend: str) -> None:
    new = days([16.0] * 4, start=START.replace(day=4))
    row = {"old": "GONE", "new": "NEW", "date": "2024-01-04", "ratio": 0.5, "cash": 3.0}
    script = {0: omega.Signal("long", size=100, symbol="GONE")}
    data = {"GONE": GONE, "NEW": new, "OTHER": OTHER}
    result = run(backend, data, script, events=omega.Events(symbols=[row]))
    assert booked(result, "split_cash") == [("split_cash", 300.0)]
    assert result.trades.select("lots", "entry_price", "swap").rows() == [(50.0, 60.0, 300.0)]


def test_a_merger_needs_both_symbols(backend: str) -> None:
    row = {"old": "GONE", "new": "NEW", "date": "2024-01-04"}
    with pytest.raises(ConfigError, match="NEW"):
        held(backend, omega.Events(symbols=[row]))


def test_a_halt_stops_the_count_of_days(backend: str) -> None:
    """Without it the symbol is given up after three days of the other's."""
    limits = omega.Limits(stale_after=3)
    script = {0: omega.Signal("long", size=100, symbol="GONE")}
    data = {"GONE": GONE, "OTHER": OTHER}
    stale = run(backend, data, script, limits=limits)
    assert stale.trades["exit_reason"].to_list() == ["stale"]
    halt = [{"symbol": "GONE", "from": "2024-01-04", "to": "2024-02-01"}]
    waits = run(backend, data, script, limits=limits, events=omega.Events(halts=halt))
    assert waits.trades["exit_reason"].to_list() == ["end_of_data"]


MEMBERS = pl.DataFrame(
    {
        "symbol": ["GONE", "OTHER"],
        "from": ["2024-01-01", "2024-01-03"],
        "to": ["2024-01-03", None],
        "known": ["2024-01-01", "2024-01-05"],
    }
)


def test_orders_for_symbols_outside_of_the_universe_are_refused(backend: str) -> None:
    """One joins on the third and was announced on the fifth; its order of the fourth is refused."""
    script = {
        0: omega.Signal("long", size=1, symbol="GONE"),
        2: omega.Signal("long", size=1, symbol="OTHER"),
        4: omega.Signal("long", size=1, symbol="OTHER"),
    }
    data = {"OTHER": OTHER, "GONE": GONE}
    result = run(backend, data, script, universe=MEMBERS)
    assert result.orders["reject_reason"].to_list() == [None, "not_member", None]
    assert result.trades.filter(symbol="GONE")["exit_reason"].to_list() == ["end_of_data"]
    universe = omega.Universe(MEMBERS, leave="once")
    result = run(backend, data, {0: script[0]}, universe=universe)
    trade = result.trades.row(0, named=True)
    assert (trade["exit_reason"], trade["exit_time"]) == ("signal", START.replace(day=3))


def test_a_choice_of_symbols_is_a_notice(backend: str) -> None:
    names = [f"S{k}" for k in range(10)]
    data = dict.fromkeys(names, OTHER)
    plain = run(backend, data, {})
    assert "survivorship" in [one.kind for one in plain.notices]
    members = [{"symbol": name, "from": "2024-01-01"} for name in names]
    known = run(backend, data, {}, universe=members)
    assert "survivorship" not in [one.kind for one in known.notices]
    gone = [{"symbol": f"Z{k}", "date": "2024-01-02", "price": 1.0} for k in range(10)]
    others = run(backend, data, {}, events=omega.Events(delistings=gone))
    assert {"survivorship", "unmatched_events"} <= {one.kind for one in others.notices}


def test_what_was_decided_before_a_change_is_about_the_new_symbol(backend: str) -> None:
    """100 of the old one, decided on the bar before, are 50 of the new one at twice its price."""
    data = {"OLD": days([10.0, 10.0]), "NEW": days([20.0, 20.0, 21.0], start=START + timedelta(2))}
    renamed = omega.Events(
        symbols=[{"old": "OLD", "new": "NEW", "date": "2024-01-03", "ratio": 0.5}]
    )
    order = omega.Signal("long", size=100, symbol="OLD", stop_loss=8.0)
    keep = omega.Execution(close_at_end=False)
    result = run(backend, data, {1: order}, events=renamed, execution=keep)
    assert result.positions.select("symbol", "lots", "stop_loss", "entry_price").rows() == [
        ("NEW", 50.0, 16.0, 20.0)
    ]


def test_a_fraction_is_paid_before_the_new_symbol_has_a_complete_bar(backend: str) -> None:
    """100 shares at 1:3 are 33 and a third, worth 10.5 x 3 at the last close; its entry was 30."""
    data = {
        "OLD": days([10.0, 10.0, 10.5]),
        "NEW": days([30.0, 33.0, 33.0], start=START + timedelta(1), step=timedelta(6)),
        "OTHER": days([50.0] * 9),
    }
    renamed = omega.Events(
        symbols=[{"old": "OLD", "new": "NEW", "date": "2024-01-04", "ratio": 1 / 3}]
    )
    order = omega.Signal("long", size=100, symbol="OLD")
    result = run(backend, data, {0: order}, events=renamed)
    first = result.trades.row(0, named=True)
    assert (first["symbol"], first["exit_reason"]) == ("NEW", "split_cash")
    assert first["lots"] == pytest.approx(1 / 3)
    assert first["net_pnl"] == pytest.approx(1.5 / 3)
    assert result.trades["net_pnl"].to_list()[1:] == [pytest.approx(33 * 3.0)]


def test_a_name_that_comes_back_is_refused(backend: str) -> None:
    assert backend
    rows = [
        {"old": "A", "new": "B", "date": "2024-01-03"},
        {"old": "B", "new": "A", "date": "2024-01-05"},
    ]
    with pytest.raises(ConfigError, match="not used before"):
        omega.Events(symbols=rows)


def test_a_close_that_names_nothing_is_about_the_new_symbol(backend: str) -> None:
    """It means the first symbol, of which the bar before was the last."""
    data = {"OLD": days([10.0, 10.0]), "NEW": days([20.0, 20.0, 21.0], start=START + timedelta(2))}
    renamed = omega.Events(symbols=[{"old": "OLD", "new": "NEW", "date": "2024-01-03"}])
    result = run(backend, data, {1: omega.Close()}, events=renamed)
    assert result.orders.select("symbol", "reject_reason").row(0) == ("NEW", "not_found")


@pytest.mark.parametrize("names", [("A", "B"), ("B", "A")])
def test_a_change_pays_no_fraction_of_a_symbol_to_which_nothing_comes(
    backend: str, names: tuple[str, str]
) -> None:
    """10 shares of A and 0.3 out of its dividend; B, of which nothing is held, becomes A."""
    data = {name: days([100.0] * 8) for name in names}
    events = omega.Events(
        reinvest=True,
        dividends=[{"symbol": "A", "date": "2024-01-04", "amount": 3.0}],
        symbols=[{"old": "B", "new": "A", "date": "2024-01-06"}],
    )
    script = {0: omega.Signal("long", size=10, symbol="A")}
    whole = omega.Instrument(volume_step=1)
    result = run(backend, data, script, events=events, instruments=whole)
    assert result.trades["exit_reason"].to_list() == ["end_of_data"]
    assert result.trades["lots"].to_list() == [pytest.approx(10 * 100 / 97)]


@pytest.mark.parametrize("moment", ["2024-01-05", "2024-01-04 06:00"])
def test_a_change_between_finer_bars_waits_for_the_step(backend: str, moment: str) -> None:
    """The other symbol has no finer bar at noon: what was held was closed there as delisted."""
    old, finer = days([30.0] * 8), days([30.0] * 16, step=NOON)
    execution = omega.Execution(intrabar="magnifier", magnifier={"GONE": finer})
    events = omega.Events(symbols=[{"old": "GONE", "new": "OTHER", "date": moment}])
    script = {0: omega.Signal("long", size=100, symbol="GONE")}
    data = {"GONE": old, "OTHER": OTHER}
    result = run(backend, data, script, events=events, execution=execution)
    assert result.trades.select("symbol", "exit_reason").rows() == [("OTHER", "end_of_data")]
    assert result.trades["exit_price"].to_list() == [50.0]


def test_what_is_due_at_noon_is_not_lost_in_the_finer_bars_of_another_symbol(backend: str) -> None:
    execution = omega.Execution(
        intrabar="magnifier", magnifier={"OTHER": days([50.0] * 16, step=NOON)}
    )
    rows = [{"symbol": "GONE", "date": "2024-01-04 06:00", "price": 12.0}]
    script = {
        0: omega.Signal("long", size=100, symbol="GONE"),
        1: omega.Signal("long", size=1, symbol="OTHER"),
    }
    data = {"GONE": days([30.0] * 8), "OTHER": OTHER}
    events = omega.Events(delistings=rows)
    result = run(backend, data, script, events=events, execution=execution)
    gone = result.trades.filter(pl.col("symbol") == "GONE")
    assert gone.select("exit_reason", "exit_price").rows() == [("delisted", 12.0)]
    assert gone["exit_time"].to_list() == [START.replace(day=5)]


def test_the_data_end_before_the_new_symbol_has_a_bar(backend: str) -> None:
    """Bought at 30, last at 28; two new shares for an old one. It was closed at NaN."""
    data = {"GONE": GONE, "OTHER": OTHER, "NEW": days([16.0] * 4, start=START.replace(day=20))}
    events = omega.Events(symbols=[{"old": "GONE", "new": "NEW", "date": "2024-01-04", "ratio": 2}])
    script = {0: omega.Signal("long", size=100, symbol="GONE")}
    result = run(backend, data, script, events=events, end="2024-01-07")
    row = ("NEW", 14.0, "end_of_data", START.replace(day=7), -200.0)
    names = ("symbol", "exit_price", "exit_reason", "exit_time", "net_pnl")
    assert result.trades.select(names).rows() == [row]
    assert result.equity["equity"][-1] == 99_800.0
