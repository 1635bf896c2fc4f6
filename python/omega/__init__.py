"""Omega: a backtest engine whose candles never leave the Arrow buffers you already have.

A frame of candles goes in, a strategy is called on each completed bar, and tables come out:

    >>> from datetime import datetime
    >>> import omega, polars as pl
    >>> class BuyOnce(omega.Strategy):
    ...     def on_bar(self, bar):
    ...         if bar.index == 0:
    ...             self.buy(size=1)
    >>> candles = pl.DataFrame({
    ...     "time": [datetime(2026, 1, day) for day in (1, 2, 3)],
    ...     "open": [10.0, 11.0, 12.0], "high": [11.0, 12.0, 13.0],
    ...     "low": [9.0, 10.0, 11.0], "close": [11.0, 12.0, 13.0],
    ... })
    >>> result = omega.run_backtest(candles, BuyOnce())
    >>> result.trades["net_pnl"].to_list()
    [2.0]

Begin with `run_backtest` and `Strategy`; `sample` has candles to try things with, `read_candles`
reads yours, and `sweep` varies parameters. `help(omega.run_backtest)` has all settings. On a
terminal, `omega explain NAME` has what to do about a message.

A module is loaded when one of its names is first used. `__init__.pyi` has the names, for type
checkers and for this module.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

_STUB = ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8"))
_MODULES = {
    alias.name: str(node.module)
    for node in _STUB.body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}
__all__ = sorted([*_MODULES, "__version__"])  # noqa: PLE0605 - the stub has each name once


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - slow to import, rarely read

        return version("omega-backtest")
    if name not in _MODULES:
        message = f"module 'omega' has no attribute {name!r}"
        raise AttributeError(message)
    home = _MODULES[name]
    if home == "omega":  # a module of its own
        return import_module(f"omega.{name}")
    # Of the core, or of what replaces it where it cannot be loaded.
    module = import_module("omega._native" if home == "omega._core" else home)
    found = globals()[name] = getattr(module, name)
    return found


def __dir__() -> list[str]:
    return __all__
