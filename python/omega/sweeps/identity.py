"""The identity of a sweep: data, strategy, settings and runs, by their content.

Plain values and their hash are the same for the same call, on another day and in another process.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # it ships no types
import polars as pl

from omega._native import core
from omega.config.costs import Costs
from omega.contract import AnyForm, ArrowLike
from omega.data.columns import Candles
from omega.data.dataset import Dataset
from omega.data.hashing import content_hash
from omega.data.store import CandleStore
from omega.run.manifest import SEMANTICS_VERSION
from omega.strategy.base import Strategy
from omega.strategy.native import Native
from omega.strategy.signal_columns import Signals
from omega.sweeps.mapped import frame_of
from omega.sweeps.space import Value
from omega.sweeps.spec import SweepSpec


def identity(spec: SweepSpec, runs: str, metrics: tuple[str, ...], seed: int) -> dict[str, Any]:
    """Give what names a sweep, and its hash under "fingerprint"."""
    named = {
        name: {str(label): _of(value, name) for label, value in values.items()}
        for name, values in spec.named.items()
    }
    whole: dict[str, Any] = {
        "engine": "omega-backtest",
        "engine_version": core.VERSION,
        "semantics_version": SEMANTICS_VERSION,
        "data": None if spec.data is None else _of(spec.data, "data"),
        "strategy": strategy_identity(spec.strategy),
        "settings": {name: _of(value, name) for name, value in spec.settings.items()},
        "named": named,
        "runs": runs,
        "metrics": list(metrics),
        "tables": list(spec.tables),
        "hashed": spec.fingerprint,
        "seed": seed,
    }
    written = json.dumps(whole, sort_keys=True, default=str)
    return {**whole, "fingerprint": hashlib.sha256(written.encode()).hexdigest()}


def _of(value: Value, name: str) -> str:
    """Give a value in words; candles by a hash of all that is in them."""
    if name == "data" or isinstance(value, (CandleStore, Candles, Dataset, pl.DataFrame)):
        return data_identity(value)
    if isinstance(value, Mapping):
        return json.dumps({str(key): _of(part, str(key)) for key, part in value.items()})
    if isinstance(value, Costs) and value.fee is not None:
        return f"{value!r} {strategy_identity(value.fee)}"
    return repr(value)


def data_identity(data: ArrowLike) -> str:
    """Give the hash of candles: of each symbol its name and the values of its columns.

    Example:
        >>> from datetime import datetime
        >>> frame = pl.DataFrame({"time": [datetime(2024, 1, 1)], "bid": [1.0], "ask": [1.1]})
        >>> data_identity(frame) == data_identity(frame.lazy())
        True
    """
    if isinstance(data, Dataset):
        return data.fingerprint
    store = data if isinstance(data, CandleStore) else CandleStore(data, validate="off")
    found = hashlib.sha256()
    for symbol in store.symbols:
        one = store.symbol(symbol)
        found.update(f"{symbol} {one.native.spread(symbol)!r}".encode())
        found.update(content_hash(frame_of(one).lazy()).encode())
    return found.hexdigest()


def strategy_identity(strategy: AnyForm) -> str:
    """Give a strategy in words, its source among them."""
    if isinstance(strategy, Native):
        return repr(strategy)
    if isinstance(strategy, Signals):
        return "Signals " + hashlib.sha256(cloudpickle.dumps(strategy)).hexdigest()
    kind = type(strategy) if isinstance(strategy, Strategy) else strategy
    text = repr(strategy) if isinstance(strategy, Strategy) else ""
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):
        source = cloudpickle.dumps(kind).hex()
    name = f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"
    return f"{name} {text} {hashlib.sha256(source.encode()).hexdigest()}"
