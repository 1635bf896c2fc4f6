"""What to write instead, for errors of calls that other packages take in another form."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from omega.config.values import nearest
from omega.errors import CallbackFailed, ConfigError
from omega.strategy.trading import Trading

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")

_COSTS = "costs=omega.Costs(fee_percent=...), or fee_per_lot="
_CASH = "cash="
_OF_A_RUN = {
    **dict.fromkeys(("commission", "commissions", "fee", "fees"), _COSTS),
    "slippage": "costs=omega.Costs(slippage_pips=...), or slippage_percent=",
    "spread": "a column spread of the candles, or omega.Candles(bid=..., spread=...)",
    **dict.fromkeys(("leverage", "margin"), "account=omega.Account(leverage=...)"),
    **dict.fromkeys(("initial_capital", "initial_cash", "init_cash", "capital", "balance"), _CASH),
    "currency": "account_currency=",
    "size": "sizer=omega.FixedLots(...)",
    "timeframe": "timeframes=",
}
_OF_AN_ORDER = {
    **dict.fromkeys(("magic", "comment", "label", "tag"), "tags="),
    **dict.fromkeys(("lots", "lot", "volume", "quantity", "qty", "amount", "units"), "size="),
    "sl": "stop_loss=",
    "tp": "take_profit=",
    **dict.fromkeys(
        ("stop_percent", "stop_loss_percent", "sl_percent"),
        "stop_loss=omega.Distance.percent(...)",
    ),
    "price": "limit= or stop=",
}
_ORDERS = ("buy", "sell", "close", "cancel", "modify")
_UNKNOWN = re.compile(r"(?:\w+\.)?(\w+)\(\) got an unexpected keyword argument '(\w+)'")
_NO_TIMEFRAME = re.compile(r"^timeframe: given (\S+), expected .*Name it in run_backtest\(\)$")
_A_NUMBER = re.compile(r"^the strategy returned \d+, ")


def unknown_argument(call: str, name: str, known: Iterable[str]) -> str:
    """Return the message of an argument that a call does not have.

    Example:
        >>> unknown_argument("run_backtest", "leverage", ["cash"])
        "run_backtest has no 'leverage'. Write account=omega.Account(leverage=...)"
        >>> unknown_argument("buy", "sizes", ["size", "limit"])
        "buy has no 'sizes'. Did you mean 'size'?"
    """
    elsewhere = _OF_A_RUN if call == "run_backtest" else _OF_AN_ORDER
    hint = f"Write {elsewhere[name]}" if name in elsewhere else nearest(name, known)
    return f"{call} has no {name!r}. {hint}"


def naming_arguments(call: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Return a call whose error of an unknown argument names the one that is meant.

    Example:
        >>> try:
        ...     omega.run_backtest(candles, lambda bar: None, initial_cash=5_000)
        ... except TypeError as error:
        ...     print(error)
        run_backtest has no 'initial_cash'. Write cash=
    """
    known = inspect.signature(call).parameters

    @functools.wraps(call)
    def named(*given: _Given.args, **words: _Given.kwargs) -> _Made:
        for name in words:
            if name not in known:
                raise TypeError(unknown_argument(call.__name__, name, known))
        return call(*given, **words)

    return named


def explain_call(problem: BaseException) -> None:
    """Add to the message of an error of a callback what to write instead, where it is known."""
    text = str(problem)
    if isinstance(problem, CallbackFailed) and _A_NUMBER.match(text):
        problem.args = (f"{text}. If it is of buy(), sell() or close(), drop the return",)
    elif isinstance(problem, ConfigError) and (found := _NO_TIMEFRAME.match(text)):
        added = text.replace("Name it in", f'Add timeframes=("{found[1]}",) to')
        problem.args = (added.removesuffix("()"),)
    elif type(problem) is TypeError and (unknown := _UNKNOWN.search(text)):
        call, name = unknown.groups()
        if call in _ORDERS and text.startswith("AccountView."):
            problem.args = (unknown_argument(call, name, _names(getattr(Trading, call))),)


def _names(call: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(call).parameters if name != "self"]
