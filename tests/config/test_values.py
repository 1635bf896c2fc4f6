"""Settings, signals and instruments: what they take, what they refuse, and how they say it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

import omega
from omega import (
    Account,
    Cancel,
    Close,
    ConfigError,
    Costs,
    EquityPercent,
    Execution,
    FixedLots,
    FixedUnits,
    Instrument,
    Limits,
    Modify,
    RiskAmount,
    RiskPercent,
    Signal,
)

VALUES = [
    Costs(slippage_pips=0.2),
    Execution(position_mode="netting"),
    Account(leverage=30, stop_out_level=0.5),
    Limits(max_positions=3, sessions=[("22:00", "06:00")]),
    FixedLots(0.1),
    FixedUnits(1_000),
    RiskAmount(50),
    RiskPercent(0.5),
    EquityPercent(20),
    Signal("long", stop_loss=1.0, tags=("a",)),
    Close(trade_id=2),
    Cancel(1),
    Modify(1, stop_loss=None),
    Instrument("EURUSD", 100_000),
]

REFUSED: list[tuple[Callable[..., object], list[object], dict[str, object], str]] = [
    (Costs, [], {"slipage_pips": 1}, "Costs has no 'slipage_pips'. Did you mean 'slippage_pips'?"),
    (Costs, [1], {}, "takes 1 positional argument"),
    (Costs, [], {"fee_min": -1}, "Costs.fee_min: given -1, expected a number of 0 or more"),
    (Costs, [], {"swap_long": float("nan")}, "Costs.swap_long: given nan, expected a number"),
    (Costs, [], {"fee_per_lot": True}, "Costs.fee_per_lot: given True"),
    (Costs, [], {"swap_triple_day": "Wedn"}, "Did you mean 'WED'?"),
    (Costs, [], {"fee": 3}, "Costs.fee: given 3, expected a function of the fill, or None"),
    (Costs, [], {"side": "exit"}, "Costs.side: given 'exit', expected one of 'both', 'entry'"),
    (Costs, [], {"fee_maker": -0.01}, "Costs.fee_maker: given -0.01, expected a number of 0"),
    (Costs, [], {"slippage_percent": -1}, "Costs.slippage_percent: given -1"),
    (Execution, [], {"intrabar": "pesimistic"}, "Did you mean 'pessimistic'?"),
    (Execution, [], {"intrabar": "magnifier"}, "expected both or neither"),
    (Execution, [], {"magnifier": ...}, "expected both or neither"),
    (Execution, [], {"close_at_end": 1}, "Execution.close_at_end: given 1, expected True or False"),
    (Execution, [], {"leverage": 30}, "Execution has no 'leverage'; omega.Account has it"),
    (Execution, [], {"sessions": ()}, "Execution has no 'sessions'; omega.Limits has it"),
    (Account, [], {"leverage": 0}, "a number above 0, or None"),
    (Account, [], {"stop_out_level": 50}, "not above 1, or None"),
    (Account, [], {"kind": "csh"}, "Did you mean 'cash'?"),
    (Account, [], {"kind": "cash", "leverage": 2}, "kind='cash' and leverage, expected one"),
    (Account, [], {"kind": "cash", "stop_out_level": 1}, "kind='cash' and stop_out_level"),
    (Account, [], {"ruin": "halt"}, "Account.ruin: given 'halt', expected one of 'stop', 'allow'"),
    (
        Limits,
        [],
        {"max_positions": 1.5},
        "a whole number of at least 1 and at most 2,147",
    ),
    (Limits, [], {"sessions": "day"}, "a list of ('HH:MM', 'HH:MM') pairs"),
    (Limits, [], {"sessions": (("25:00", "26:00"),)}, "a list of ('HH:MM', 'HH:MM') pairs"),
    (Limits, [], {"blackouts": (("2024-02-01", "2024-01-01"),)}, "start before end"),
    (FixedLots, [0], {}, "FixedLots.lots: given 0, expected a number above 0"),
    (FixedLots, [], {}, "FixedLots missing 1 required positional argument: 'lots'"),
    (RiskPercent, [101], {}, "not above 100"),
    (Signal, ["up"], {}, "Signal.direction: given 'up', expected 'long' or 'short'"),
    (Signal, ["long"], {"type": "limt", "entry_price": 1}, "Did you mean 'limit'?"),
    (Signal, ["long"], {"type": "limit"}, "Signal.entry_price: given None"),
    (Signal, ["long"], {"type": "stop_limit", "entry_price": 1}, "Signal.limit_price: given None"),
    (Signal, ["long"], {"type": "limit_if_touched", "entry_price": 1}, "Signal.limit_price: given"),
    (Signal, ["long"], {"type": "close", "expires": "IOC"}, "Signal.expires: given 'ioc'"),
    (Signal, ["long"], {"trail": 2}, "expected type='stop' without a price"),
    (Signal, ["long"], {"reduce_only": "a"}, "Signal.reduce_only: given 'a', expected True, False"),
    (Signal, ["long"], {"stop": "1"}, "Signal has no 'stop'. Did you mean 'stop_loss'?"),
    (Signal, ["long"], {"size": "1"}, "Signal.size: given '1', expected a number"),
    (Signal, ["long"], {"tags": "abc"}, "Signal.tags: given 'abc', expected a list of texts"),
    (Signal, ["long"], {"expires": "week"}, "Signal.expires: given 'week'"),
    (Signal, ["long"], {"expires": True}, "Signal.expires: given True"),
    (Close, [], {"reason": "bored"}, "Close.reason: given 'bored', expected one of"),
    (Cancel, ["1"], {}, "Cancel.order_id: given '1', expected a whole number"),
    (Modify, [1], {"stop_loss": "x"}, "Modify.stop_loss: given 'x', expected a number"),
    (Signal, ["long"], {"stop_loss": omega.Distance("x")}, "a number or a Distance of a number"),
    (omega.TrailingStop, [], {}, "expected one of them"),
    (omega.TrailingStop, [1], {"percent": 2}, "expected one of them"),
    (omega.TrailingStop, [1], {"trigger": 0}, "TrailingStop.trigger: given 0"),
    (Modify, [1], {"price": None}, "Modify.price: given None, expected a number"),
    (Instrument, [""], {}, "Instrument.symbol: given '', expected a text that is not empty"),
    (Instrument, ["X"], {"tick_size": 0}, "Instrument.tick_size: given 0"),
    (Instrument, ["X"], {"volume_min": 2, "volume_max": 1}, "at most volume_max, which is 1"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_frozen_and_compared_by_value(value: object) -> None:
    name = dataclasses.fields(value)[0].name  # type: ignore[arg-type]  # all are dataclasses
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)
    for twin in (copy.copy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - just written
        assert twin == value
        assert hash(twin) == hash(value)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_repr_makes_the_value_again(value: object) -> None:
    assert eval(repr(value), vars(omega).copy()) == value  # noqa: S307 - the text is our own


@pytest.mark.parametrize(("kind", "args", "kwargs", "told"), REFUSED)
def test_a_mistake_is_told(
    kind: Callable[..., object], args: list[object], kwargs: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        kind(*args, **kwargs)
    assert told in str(refused.value)


def test_a_repr_shows_only_what_was_set() -> None:
    assert repr(Costs()) == "Costs()"
    assert repr(Modify(1)) == "Modify(trade_id=1)"
    assert repr(Modify(1, take_profit=None)) == "Modify(trade_id=1, take_profit=None)"


def test_numbers_mean_the_same_in_any_type() -> None:
    given: dict[str, Any] = {"fee_min": np.int64(2), "slippage_pips": np.float32(0.5)}
    assert Costs(**given) == Costs(fee_min=2.0, slippage_pips=0.5)


def test_buy_is_long_and_sell_is_short() -> None:
    assert Signal("buy") == Signal("long")
    assert Signal("sell") == Signal("short")


def test_a_signal_takes_numbers_that_make_no_sense() -> None:
    """Rule F12: they become a rejected order, they do not end a run."""
    signal = Signal("long", type="limit", entry_price=float("nan"), size=-1, stop_loss=np.inf)
    assert signal.size == -1.0
    assert signal.entry_price != signal.entry_price


def test_text_for_a_moment_becomes_the_moment() -> None:
    assert Signal("long", expires="2024-01-01 13:30") == Signal(
        "long",
        expires=datetime(2024, 1, 1, 13, 30),  # noqa: DTZ001 - UTC where it has no zone
    )


@pytest.mark.parametrize("expires", [None, "day", 1_700_000_000, datetime(2024, 1, 1, tzinfo=UTC)])
def test_a_signal_expires_never_with_the_day_or_at_a_moment(
    expires: datetime | int | str | None,
) -> None:
    assert Signal("long", expires=expires).expires == expires


def test_a_signal_with_meta_can_be_hashed() -> None:
    assert hash(Signal("long", meta={"score": 1}))


@pytest.mark.parametrize("symbol", omega.instruments.names())
def test_a_preset_is_whole(symbol: str) -> None:
    preset = omega.instruments.get(symbol)
    assert preset.symbol == symbol
    assert preset.tick_size is not None
    assert preset.pip_size is not None
    steps = preset.pip_size / preset.tick_size
    assert steps == pytest.approx(round(steps))
    assert f"{preset.base_currency}{preset.quote_currency}" == symbol


def test_a_preset_is_found_by_any_spelling() -> None:
    assert omega.instruments.get("eur/usd") is omega.instruments.get("EURUSD")
    assert omega.instruments.get("USDJPY").tick_size == 0.001


@pytest.mark.parametrize(
    ("symbol", "told"),
    [("EURUSDD", "Did you mean 'EURUSD'?"), ("?", "omega.instruments.names() lists them")],
)
def test_an_unknown_symbol_names_the_nearest(symbol: str, told: str) -> None:
    with pytest.raises(omega.UnknownInstrument) as refused:
        omega.instruments.get(symbol)
    assert told in str(refused.value)
