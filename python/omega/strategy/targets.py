"""Targets of a class strategy: positions brought to weights, values or units (rule W2)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from omega.config.values import Refused, as_float, nearest, number, one_of, optional, plain, taken
from omega.contract import RuleFields
from omega.errors import ConfigError
from omega.strategy.rebalance import PLAIN, Kind, Rebalance

if TYPE_CHECKING:
    from omega.strategy.context import RunContext

_MOST = 1.0 + 1e-9
"""The largest sum of weights that a cash account holds (rule W11)."""


def order_target(
    run: RunContext,
    symbol: str | None,
    *,
    weight: float | None,
    value: float | None,
    units: float | None,
) -> None:
    """Queue a target for a symbol; the words are those of `Strategy.order_target`."""
    numbers: dict[Kind, float | None] = {"weight": weight, "value": value, "units": units}
    given = [kind for kind, one in numbers.items() if one is not None]
    if len(given) != 1:
        raise ConfigError(
            f"order_target: given {' and '.join(given) or 'none of them'}, expected one of "
            "weight=, value= and units="
        )
    name = run.symbols[0] if symbol is None else symbol
    targets = {name: numbers[given[0]]}
    _queue(run, "order_target", targets, given[0])


def rebalance(
    run: RunContext,
    targets: Mapping[str, float | None],
    *,
    missing: str = "sell",
    size_at: str = "decision",
    min_trade: float = 0.0,
    band: float = 0.0,
    max_turnover: float | None = None,
    cash_buffer: float = 0.0,
) -> None:
    """Queue weights for several symbols; the words are those of `Strategy.rebalance`."""
    missing = taken("rebalance missing", missing, one_of("sell", "hold"))
    rules: RuleFields = {
        "size_at": taken("rebalance size_at", size_at, one_of("decision", "fill")),
        "min_trade": taken("rebalance min_trade", min_trade, number(minimum=0)),
        "band": taken("rebalance band", band, number(minimum=0)),
        "max_turnover": taken("rebalance max_turnover", max_turnover, optional(number(above=0))),
        "cash_buffer": taken("rebalance cash_buffer", cash_buffer, number(minimum=0, maximum=1)),
    }
    if not isinstance(targets, Mapping):
        raise ConfigError(f"rebalance: given {targets!r}, expected {{symbol: weight}}")
    _queue(run, "rebalance", targets, "weight", (missing, rules))


def _queue(
    run: RunContext,
    what: str,
    targets: Mapping[str, float | None],
    kind: Kind,
    how: tuple[str, RuleFields] = ("untouched", PLAIN),
) -> None:
    """Check targets and queue them."""
    if not run.takes_targets:
        raise ConfigError(
            f"{what}: targets are of the whole account, which here is not the strategy's alone; "
            "run it by itself, on the rules of version 2 and Omega's own executor"
        )
    checked = [_checked(what, kind, symbol, one, run.symbols) for symbol, one in targets.items()]
    missing, rules = how
    if run.is_cash and kind == "weight":
        _require_cash(what, checked, is_all=missing == "sell")
    run.queue.append(Rebalance(tuple(checked), missing, rules))


def _checked(
    what: str, kind: Kind, symbol: str, given: object, symbols: Sequence[str]
) -> tuple[str, Kind, float]:
    if symbol not in symbols:
        raise ConfigError(
            f"{what}: {symbol!r} is no symbol of this run. {nearest(str(symbol), symbols)}"
        )
    if given is None:
        return symbol, "keep", 0.0
    try:
        amount = as_float(plain(given))
    except Refused:
        amount = math.nan
    if not math.isfinite(amount):
        raise ConfigError(
            f"{what}: given {given!r} for {symbol}, expected a finite number, or None to leave "
            "the symbol alone"
        )
    return symbol, kind, amount


def _require_cash(what: str, targets: Sequence[tuple[str, Kind, float]], *, is_all: bool) -> None:
    """Refuse weights that a cash account cannot hold (rule W11)."""
    short = next(((name, own) for name, _, own in targets if own < 0), None)
    if short is not None:
        raise ConfigError(
            f"{what}: given {short[1]:g} for {short[0]}, expected weights of 0 or more in a cash "
            "account, which holds no shorts. Use account='margin'"
        )
    total = sum(own for *_, own in targets)
    if is_all and total > _MOST:
        raise ConfigError(
            f"{what}: given weights of {total:.12g} in all, expected at most 1 in a cash account. "
            "Scale them, or use account='margin'"
        )
