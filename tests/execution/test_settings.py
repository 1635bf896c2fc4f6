"""Sizes, instruments and preferences that decide what an order becomes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import omega
from omega.errors import ConfigError
from omega.signals import Action
from tests import candles


def lots(backend: str, plan: dict[int, Action], **settings: object) -> list[float]:
    result = omega.run_backtest(
        candles.rising(5),
        candles.told(plan),
        backend=backend,
        **settings,  # type: ignore[arg-type]  # any
    )
    return result.trades["lots"].to_list()


@pytest.mark.parametrize(
    ("asked", "step", "taken"),
    [
        (0.3, 0.1, 0.3),
        (0.29999999999, 0.1, 0.3),
        (0.2999999, 0.1, 0.2),
        (0.07, 0.01, 0.07),
        (1.23456, 0.00001, 1.23456),
        (7.9, 2.5, 7.5),
        (5.0, 5.0, 5.0),
        (0.3, 0.3, 0.3),
    ],
)
def test_sizes_are_rounded_down_to_exact_decimals(
    backend: str, asked: float, step: float, taken: float
) -> None:
    instrument = omega.Instrument("SYMBOL", volume_step=step)
    plan: dict[int, Action] = {0: omega.Signal("long", size=asked)}
    assert lots(backend, plan, instruments=instrument) == [taken]


def test_a_preset_is_found_by_the_name_of_the_symbol(backend: str) -> None:
    plan: dict[int, Action] = {0: omega.Signal("long", size=0.019)}
    settings = {"symbol": "EURUSD", "instruments": "auto", "cash": 1e9}
    assert lots(backend, plan, **settings) == [0.01]


def test_without_size_and_sizer_it_is_one_lot(backend: str) -> None:
    assert lots(backend, {0: omega.Signal("long")}) == [1.0]


def test_a_size_goes_before_the_sizer(backend: str) -> None:
    plan: dict[int, Action] = {0: omega.Signal("long", size=3), 1: omega.Signal("long")}
    assert lots(backend, plan, sizer=omega.FixedLots(7)) == [3.0, 7.0]


@pytest.mark.parametrize(
    "expires",
    [
        candles.START + timedelta(minutes=3),
        (candles.START + timedelta(minutes=3)).replace(tzinfo=None),
        int((candles.START + timedelta(minutes=3)).timestamp()) * 1_000_000,
    ],
    ids=["aware", "naive", "units"],
)
def test_a_moment_may_be_written_in_several_ways(backend: str, expires: datetime | int) -> None:
    order = omega.Signal("long", type="stop", entry_price=104.5, expires=expires)
    plan = candles.told({0: order})
    result = omega.run_backtest(candles.rising(8), plan, backend=backend)
    assert result.orders["status"].to_list() == ["expired"]


def test_an_order_that_waits_needs_its_price() -> None:
    with pytest.raises(ConfigError, match="entry_price"):
        omega.Signal("long", type="limit")
    with pytest.raises(ConfigError, match="limit_price"):
        omega.Signal("long", type="stop_limit", entry_price=1.0)
