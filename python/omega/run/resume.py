"""Resuming a run: the whole data again, and only if they begin with the earlier run's data.

Nothing of the earlier run is taken over, so that the result is that of a run without it (rule D6).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from omega.contract import AnyForm
from omega.data.content import data_of
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.keys import differing, key_of
from omega.results.result import BacktestResult
from omega.results.resumed import Identity, resumed
from omega.run.prepare import Arguments
from omega.run.truncation import Until, settings_until, strategy_until

_LATER = ("end",)
"""Settings in which a run that goes on differs from the one before."""


def identity_of(strategy: AnyForm, when: object, arguments: Arguments) -> Identity:
    """Return what computes the key of a run, which is wanted where it is saved or followed."""
    settings = {
        field.name: getattr(arguments, field.name)
        for field in dataclasses.fields(arguments)
        if field.name not in _LATER
    }
    return functools.partial(_key, strategy, settings, when)


def _key(
    strategy: AnyForm, settings: Mapping[str, Any], when: object, until: Until | None
) -> dict[str, Any]:
    own, dated = strategy_until(strategy, until), settings_until(settings, until)
    return {**key_of(None, own, dated, run={"when": when})}


def require_earlier(earlier: object, store: CandleStore, own: Identity) -> None:
    """Refuse a result that the run to come does not go on from; None is no result.

    Raises:
        ConfigError: It is no result, does not know what it ran, or had other settings, another
            strategy, or other candles where this run begins.
    """
    if earlier is None:
        return
    if not isinstance(earlier, BacktestResult):
        raise ConfigError(f"resume: given {earlier!r}, expected the BacktestResult to go on from")
    before = earlier.identity
    if "refused" in before:
        raise ConfigError(f"resume: {before['refused']}")
    if not earlier.equity.height:
        raise ConfigError("resume: the earlier run walked no bar; run without resume")
    if found := differing(before["run"], own(earlier.walked_until)):
        raise ConfigError(
            f"resume: this run is not the earlier one with more data; it differs in: "
            f"{', '.join(found)}. Give the same strategy and settings, and of tables by date the "
            "same rows until then, or run without resume"
        )
    _require_prefix(before["data"], store)


def _require_prefix(before: Mapping[str, Any], store: CandleStore) -> None:
    if list(before) != list(store.symbols):
        raise ConfigError(
            f"resume: given candles of {', '.join(store.symbols)}, expected those of the earlier "
            f"run: {', '.join(before)}"
        )
    now = data_of(store, {symbol: rows for symbol, (rows, _) in before.items()})
    for symbol, (rows, digest) in before.items():
        there, own = now[symbol]
        if there < rows:
            raise ConfigError(
                f"resume: {symbol} has {there:,} rows, expected the {rows:,} of the earlier run "
                "and those after them"
            )
        if own != digest:
            raise ConfigError(
                f"resume: the first {rows:,} rows of {symbol} are not those of the earlier run. "
                "Give its candles with new ones after them, or run without resume"
            )


def known_by(
    result: BacktestResult, own: Identity, earlier: BacktestResult | None
) -> BacktestResult:
    """Return a result what it is known by, and mark what is new where it goes on from another."""
    result.identify_by(own)
    if earlier is not None:
        result.resumed = resumed(result, earlier)
    return result
