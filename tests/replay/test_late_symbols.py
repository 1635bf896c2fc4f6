"""Symbols whose bars begin later than those of others join when they are ready (L2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import WarmupIndexNotFound
from tests.support import candles

START = candles.START
BUY_B = omega.Signal("long", symbol="B", size=1)
BUY_A = omega.Signal("long", symbol="A", size=1)
LATES = "late_symbols"
Look = Callable[[omega.Bar], Any]


def days(first: int, last: int, price: float = 100.0) -> pl.DataFrame:
    """Give the bars of some days, the first of which is day 1; each is a point above the other."""
    opened = [float(price + k) for k in range(last - first + 1)]
    times = [START + timedelta(days=day - 1) for day in range(first, last + 1)]
    return pl.DataFrame(
        {
            "time": pl.Series(times).cast(pl.Datetime("us", "UTC")),
            "open": opened,
            "high": [price + 1 for price in opened],
            "low": [price - 1 for price in opened],
            "close": [price + 0.5 for price in opened],
        }
    )


LATE = {"A": days(1, 300), "B": days(250, 300, price=500)}
FIRST_IS_LATE = {"A": days(25, 60, price=500), "B": days(1, 60)}


def run(
    backend: str,
    data: dict[str, pl.DataFrame],
    look: Look,
    windows: dict[str, int] | None = None,
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> omega.BacktestResult:
    """Run what looks at a bar and gives orders, with an average of ten bars of A and of B."""

    class Looking(omega.Strategy):
        def init(self) -> None:
            lengths = (windows or {"A": 10, "B": 10}).items()
            self.means = {name: self.sma(length, symbol=name) for name, length in lengths}

        def on_bar(self, bar: omega.Bar) -> Any:  # noqa: ANN401 - of the look
            return look(bar)

    return omega.run_backtest(data, Looking, backend=backend, **settings)


def noted(
    backend: str,
    data: dict[str, pl.DataFrame],
    look: Look,
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> list[Any]:
    """Give what the looks gave."""
    found: list[Any] = []
    run(backend, data, lambda bar: found.append(look(bar)), **settings)
    return found


def day(number: int) -> Any:  # noqa: ANN401 - a metric
    return START + timedelta(days=number - 1)


def test_a_symbol_is_traded_from_its_own_first_bars_on(backend: str) -> None:
    """A has ten complete bars after day 10; B's tenth is that of day 259."""
    found = noted(backend, LATE, lambda bar: (bar.index, bar.symbols))
    assert [index for index, _ in found] == list(range(9, 299))
    joined = dict(found)
    assert joined[257] == ("A",)
    assert joined[258] == ("A", "B")
    assert {joined[index] for index in range(9, 258)} == {("A",)}
    assert {joined[index] for index in range(258, 299)} == {("A", "B")}
    result = run(backend, LATE, lambda bar: None)
    assert result.metrics["first_decision"] == day(11)
    assert result.equity["time"][0] == day(1)
    assert result.equity.height == 300


def test_a_view_of_a_symbol_that_is_not_ready_is_an_error(backend: str) -> None:
    def look(bar: omega.Bar) -> tuple[int, float] | None:
        if "B" in bar.symbols:
            return bar["B"].index, bar["B"].close
        with pytest.raises(IndexError, match=r"B is not ready.*bar\.symbols lists.*: A$"):
            bar["B"]
        return None

    found = noted(backend, LATE, look)
    assert found[:249] == [None] * 249
    assert found[249] == (9, 509.5)  # the tenth bar, which closes half a point above 509


def test_the_first_symbol_may_be_the_late_one(backend: str) -> None:
    """B is ready after day 10, A after its tenth day, day 34."""

    def look(bar: omega.Bar) -> tuple[Any, ...]:
        other = bar["B"]
        assert (bar.symbol, other.symbol, other["B"].index) == ("A", "B", other.index)
        if "A" in bar.symbols:
            assert bar["A"].close == bar.close
            return bar.symbols, bar.index, bar.close, other.index
        for used in ("close", "time", "index", "bid", "fresh"):
            with pytest.raises(IndexError, match=r"A is not ready.*bar\.symbols lists.*: B$"):
                getattr(bar, used)
        for view in (lambda: bar["A"], lambda: bar.ago(1), lambda: bar.ask.close):
            with pytest.raises(IndexError, match="A is not ready"):
                view()
        return bar.symbols, other.index, other.close

    found = noted(backend, FIRST_IS_LATE, look)
    assert found[0] == (("B",), 9, 109.5)
    assert found[23] == (("B",), 32, 132.5)
    assert found[24] == (("A", "B"), 9, 509.5, 33)
    assert len(found) == 50


@pytest.mark.parametrize(("name", "data"), [("B", LATE), ("A", FIRST_IS_LATE)])
def test_orders_for_a_symbol_that_is_not_ready_are_refused(
    backend: str, name: str, data: dict[str, pl.DataFrame]
) -> None:
    """It has bars before it is ready, and before those none at all: the reason is the same."""
    calls: list[None] = []
    ready = {"B": 250, "A": 25}[name]

    def look(bar: omega.Bar) -> list[omega.Signal] | None:
        calls.append(None)
        signal = omega.Signal("long", symbol=name, size=1)
        limit = omega.Signal("long", symbol=name, size=1, type="limit", entry_price=1.0)
        return [signal, limit] if len(calls) in (1, ready - 1, ready) else None

    result = run(backend, data, look)
    assert result.orders.select("status", "reject_reason").rows() == [
        ("rejected", "not_ready"),
        ("rejected", "not_ready"),
        ("rejected", "not_ready"),
        ("rejected", "not_ready"),
        ("filled", None),
        ("working", None),
    ]
    # It is ready at the open of its eleventh bar.
    assert result.trades["entry_price"].to_list() == [510.0]
    assert result.trades["symbol"].to_list() == [name]


def test_those_that_have_begun_are_waited_for(backend: str) -> None:
    """A is ready after day 10. B has bars by then and needs 20; C has none and joins later."""
    data = {"A": days(1, 60), "B": days(5, 60), "C": days(30, 60)}
    windows = {"A": 10, "B": 20, "C": 3}
    found: list[Any] = []
    result = run(backend, data, lambda bar: found.append((bar.index, bar.symbols)), windows)
    assert result.metrics["first_decision"] == day(25)  # B's twentieth bar is of day 24
    assert found[0] == (23, ("A", "B"))
    assert found[7] == (30, ("A", "B"))
    assert found[8] == (31, ("A", "B", "C"))  # its third bar is of day 32
    assert len(found) == 36


def test_a_start_is_before_what_is_waited_for(backend: str) -> None:
    """At day 255 B has bars and is not ready: with a start there the run waits for it."""
    result = run(backend, LATE, lambda bar: None, start=day(255))
    assert result.metrics["first_decision"] == day(260)
    assert result.equity["time"][0] == day(255)
    assert result.equity.height == 46
    assert not [one for one in result.notices if one.kind == "late_symbols"]


def test_no_step_is_left_where_what_is_waited_for_is_never_ready(backend: str) -> None:
    with pytest.raises(WarmupIndexNotFound, match="warm-up of 20 bars") as caught:
        run(
            backend,
            {"A": days(1, 20), "B": days(5, 20)},
            lambda bar: None,
            {"A": 10, "B": 20},
        )
    moments = [int(day(number).timestamp()) * 1_000_000 for number in (1, 20)]
    assert [caught.value.first, caught.value.last] == moments
    with pytest.raises(WarmupIndexNotFound, match="warm-up of 10 bars"):
        run(backend, {"A": days(1, 9), "B": days(5, 9)}, lambda bar: None)


def test_one_that_is_never_ready_does_not_hold_the_others_up(backend: str) -> None:
    """B begins on day 15, after A is ready, and has six bars of the ten that are needed."""
    data = {"A": days(1, 20), "B": days(15, 20)}
    found = noted(backend, data, lambda bar: bar.symbols)
    assert found == [("A",)] * 10


def test_a_notice_names_those_that_joined_later(backend: str) -> None:
    (notice,) = [one for one in run(backend, LATE, lambda bar: None).notices if one.kind == LATES]
    assert notice.level == "info"
    assert "1 symbol began after the first decision" in str(notice)
    assert "B on 2024-09-06" in str(notice)  # the 250th day of a leap year
    both = {"A": days(1, 60), "B": days(1, 60)}
    assert LATES not in {one.kind for one in run(backend, both, lambda bar: None).notices}


@pytest.mark.parametrize("until", [251, 255, 258, 259, 260, 261, 275])
def test_fills_over_the_first_days_are_those_of_the_whole_run(backend: str, until: int) -> None:
    """The prefix property (L5): what comes later changes nothing, and neither does how much."""

    def trades(bar: omega.Bar) -> list[Any]:
        actions: list[Any] = []
        for name in ("A", "B"):  # B as well before it is ready
            if bar.index % 3 == 0:
                actions.append(omega.Signal("long", symbol=name, size=1))
            if bar.index % 5 == 4:
                actions.append(omega.Close(symbol=name))
        return actions

    stays = omega.Execution(close_at_end=False)
    last = day(until)
    first = {name: frame.filter(pl.col("time") <= last) for name, frame in LATE.items()}
    whole = run(backend, LATE, trades, execution=stays)
    prefix = run(backend, first, trades, execution=stays)
    assert prefix.fills.height > 100
    assert prefix.fills.equals(whole.fills.filter(pl.col("time") <= last))
    assert prefix.equity.equals(whole.equity.head(until))
    assert prefix.metrics["first_decision"] == whole.metrics["first_decision"]


def test_in_version_1_all_wait_for_the_last(backend: str) -> None:
    found: list[Any] = []
    result = run(backend, LATE, lambda bar: found.append((bar.index, bar.symbols)), semantics=1)
    assert found == [(index, ("A", "B")) for index in range(258, 299)]
    assert result.equity["time"][0] == day(260)
