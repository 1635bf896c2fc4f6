"""The identity of a sweep: the key that its runs have in common, which runs, and what is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omega._native import core
from omega.errors import ConfigError
from omega.keys import data_identity, differing, key_of
from omega.results.files import FINGERPRINT
from omega.run.manifest import SEMANTICS_VERSION
from omega.sweeps.space import Value
from omega.sweeps.spec import SETTINGS, SweepSpec


def identity(
    spec: SweepSpec, grid: Value, metrics: tuple[str, ...], seed: int, version: str | None
) -> dict[str, Any]:
    """Give what names a sweep, and its hash under "fingerprint".

    Raises:
        ConfigError: Something has no content that could be compared, and there is no version.
    """
    settings = {name: own for name, own in spec.settings.items() if name != "seed"}
    named = {
        name: {
            str(label): data_identity(own) if name == "data" else own
            for label, own in values.items()
        }
        for name, values in spec.named.items()
    }
    whole: dict[str, Any] = {
        "engine": "omega-backtest",
        "engine_version": core.VERSION,
        "semantics_version": SEMANTICS_VERSION,
        **key_of(
            spec.data,
            spec.strategy,
            {**SETTINGS, **settings},
            version=version,
            values=named,
            runs={"grid": grid, "data": {path: data_identity(path) for path in _paths(grid)}},
        ),
        "metrics": list(metrics),
        "tables": [*spec.tables, *spec.kept],
        "hashed": FINGERPRINT if spec.fingerprint else False,
        "seed": seed,
    }
    written = json.dumps(whole, sort_keys=True)
    return {**whole, "fingerprint": hashlib.sha256(written.encode()).hexdigest()}


def _paths(grid: Value) -> list[str]:
    """Give the files of candles that a grid names without a name of their own."""
    space = getattr(grid, "space", grid)
    several = space if isinstance(space, (list, tuple)) else [space]
    values = [one["data"] for one in several if isinstance(one, Mapping) and "data" in one]
    flat = [part for one in values for part in (one if isinstance(one, (list, tuple)) else [one])]
    return list(dict.fromkeys(one for one in flat if isinstance(one, str) and Path(one).exists()))


def refuse_other(folder: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse the folder of another sweep, with what differs.

    Raises:
        ConfigError: It is another one's.
    """
    if before.get("fingerprint") == now["fingerprint"]:
        return
    found = [words for words in differing(before, now) if words != "fingerprint"]
    raise ConfigError(
        f"out: {folder!r} holds another sweep (it differs in: {', '.join(found) or 'contents'}). "
        "Name another folder, or remove this one"
    )
