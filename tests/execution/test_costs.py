"""A fee function of the user's own (M4); what numbers cost is in the scenarios."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega import FeeBasis, Signal
from omega.errors import CallbackFailed
from tests.support import candles

LOT = omega.Instrument("SYMBOL", contract_size=10)


def run(
    backend: str,
    costs: omega.Costs,
    plan: Any = None,  # noqa: ANN401 - a strategy of any form
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> omega.BacktestResult:
    """Buy two lots at 101 and hold them to the last close, 103.5, where no plan is given."""
    return omega.run_backtest(
        settings.pop("data", candles.rising(4)),
        plan or candles.told({0: Signal("long", size=2)}),
        instruments=settings.pop("instruments", LOT),
        costs=costs,
        backend=backend,
        **settings,
    )


def fees(result: omega.BacktestResult) -> list[float]:
    """Give the fees of the ledger."""
    return [-amount for amount in result.ledger.filter(pl.col("kind") == "fee")["amount"]]


def test_it_gets_every_part_of_a_fill(backend: str) -> None:
    seen: list[FeeBasis] = []

    def fee(fill: FeeBasis) -> float:
        seen.append(fill)
        return 0.25

    run(backend, omega.Costs(fee=fee, slippage_percent=1), conversion={"JPY": 0.5}, instruments=YEN)
    entry, leave = seen
    # 101 and 1 % of it; 103.5 less 1 % of it, at half a dollar a yen.
    assert entry[:4] == ("SYMBOL", "buy", 2.0, 20.0)
    assert entry.price == 102.01
    assert math.isclose(entry.notional, 1020.1)
    assert entry[6:] == (False, True, datetime(2024, 1, 1, 0, 1, tzinfo=UTC), 0)
    assert leave[:4] == ("SYMBOL", "sell", 2.0, 20.0)
    assert leave.price == 102.465
    assert math.isclose(leave.notional, 1024.65)
    assert leave[6:] == (False, False, datetime(2024, 1, 1, 0, 3, tzinfo=UTC), 0)


YEN = omega.Instrument("SYMBOL", contract_size=10, quote_currency="JPY")


def test_it_adds_to_the_other_parts_before_the_minimum(backend: str) -> None:
    costs = omega.Costs(fee=lambda fill: fill.units / 10, fee_fixed=1, fee_per_lot=0.5, fee_min=3.5)
    result = run(
        backend, costs, candles.told({0: [Signal("long", size=1), Signal("short", size=4)]})
    )
    # 1 + 0.5 + 1, of which the minimum makes 3.5; 1 + 2 + 4.
    assert fees(result) == [3.5, 7.0, 3.5, 7.0]
    assert result.ledger["balance"][-1] == 10_000 + 25 - 100 - 21


def test_it_is_not_called_for_exits_where_entries_alone_cost(backend: str) -> None:
    costs = omega.Costs(fee=lambda fill: 1 / fill.is_entry, side="entry")
    assert fees(run(backend, costs)) == [1.0]


def test_it_knows_a_maker(backend: str) -> None:
    bars = candles.rising(4)
    limit = Signal("long", type="limit", entry_price=100.5, take_profit=102.5)
    costs = omega.Costs(fee=lambda fill: 1 if fill.is_maker else 2)
    # The low of bar 1 is 100, the high of bar 2 is 103; the market order pays as a taker.
    result = run(backend, costs, candles.told({0: [limit, Signal("short")]}), data=bars)
    assert fees(result) == [2.0, 1.0, 1.0, 2.0]


@pytest.mark.parametrize("given", [1, np.float32(1)])
def test_it_may_give_any_number(backend: str, given: float) -> None:
    assert fees(run(backend, omega.Costs(fee=lambda _fill: given))) == [1.0, 1.0]


@pytest.mark.parametrize("given", [None, "1", -0.5, math.nan, math.inf, True])
def test_what_is_no_fee_is_refused_with_its_fill(
    backend: str,
    given: Any,  # noqa: ANN401 - what is no fee
) -> None:
    with pytest.raises(CallbackFailed) as refused:
        run(backend, omega.Costs(fee=lambda _fill: given))
    assert str(refused.value) == (
        f"the fee function gave {given!r} for the fill of order 0: buy 2.0 SYMBOL at 101.0 "
        "(2024-01-01 00:01:00+00:00), expected a finite number of 0 or more, in account currency"
    )


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_what_it_raises_comes_as_it_was_raised(backend: str, zone: str | None) -> None:
    class NoTier(LookupError):
        pass

    def fee(fill: FeeBasis) -> float:
        if fill.is_entry:
            return 0.5
        raise NoTier(fill.lots)

    with pytest.raises(NoTier) as raised:
        run(backend, omega.Costs(fee=fee), data=candles.rising(4, zone=zone))
    shown = {None: "2024-01-01 00:03:00", "UTC": "2024-01-01 00:03:00+00:00"}
    time = shown.get(zone, "2023-12-31 19:03:00-05:00")
    assert raised.value.args == (2.0,)
    assert raised.value.__notes__ == [
        f"raised by the fee function for the fill of order 0: sell 2.0 SYMBOL at 103.5 ({time})"
    ]


STOPPED = candles.told({0: Signal("long", size=2, stop_loss=100.5), 1: Signal("long")})
FAILING: dict[str, tuple[candles.Callback, dict[str, Any], int]] = {
    "an entry": (candles.told({0: Signal("long")}), {}, 1),
    "a waiting order": (candles.told({0: Signal("long", type="stop", entry_price=102)}), {}, 1),
    "a close": (candles.told({0: Signal("long"), 1: omega.Close()}), {}, 2),
    "a stop loss": (STOPPED, {}, 2),
    "the end of the data": (candles.told({0: Signal("long")}), {}, 2),
    "a time exit": (candles.told({0: Signal("long")}), {"position_manager": omega.TimeExit(1)}, 2),
    "a stop-out": (
        candles.told({0: Signal("short", size=90)}),
        {"account": omega.Account(leverage=10, stop_out_level=1.0)},
        2,
    ),
}


@pytest.mark.parametrize("what", FAILING)
def test_whatever_fills_the_first_failure_ends_the_run(backend: str, what: str) -> None:
    plan, settings, fails_at = FAILING[what]
    calls: list[FeeBasis] = []

    def fee(fill: FeeBasis) -> float:
        calls.append(fill)
        if len(calls) == fails_at:
            raise ZeroDivisionError
        return 0.0

    with pytest.raises(ZeroDivisionError):
        run(backend, omega.Costs(fee=fee), plan, **settings)
    assert len(calls) == fails_at


def test_an_interrupt_in_it_ends_the_run(backend: str) -> None:
    def fee(_fill: FeeBasis) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(backend, omega.Costs(fee=fee))


def test_a_strategy_of_the_core_calls_it_as_well(backend: str) -> None:
    costs = omega.Costs(fee=lambda fill: fill.lots)
    assert fees(run(backend, costs, omega.Signals(pl.col("close") > 0))) == [1.0, 1.0]
    with pytest.raises(ZeroDivisionError):
        run(backend, omega.Costs(fee=lambda _fill: 1 / 0), omega.Signals(pl.col("close") > 0))


def test_each_symbol_has_its_own(backend: str) -> None:
    data = {"A": candles.rising(4), "B": candles.rising(4)}
    costs = {
        "A": omega.Costs(fee=lambda fill: 1 if fill.symbol == "A" else 1 / 0),
        "B": omega.Costs(fee_fixed=2),
    }
    plan = candles.told({0: [Signal("long", symbol="A"), Signal("long", symbol="B")]})
    result = omega.run_backtest(data, plan, costs=costs, backend=backend)
    assert fees(result) == [1.0, 2.0, 1.0, 2.0]


def test_a_run_names_it_and_not_its_address(backend: str) -> None:
    def tiers(_fill: FeeBasis) -> float:
        return 1.0

    result = run(backend, omega.Costs(fee=tiers))
    assert result.manifest["configuration"]["costs"] == (
        "Costs(fee=test_a_run_names_it_and_not_its_address.<locals>.tiers)"
    )
