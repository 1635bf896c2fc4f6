"""The specification of a sweep for other processes, with the paths of its candles."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from omega.contract import ArrowLike
from omega.sweeps.spec import SweepSpec


def with_candles(
    spec: SweepSpec,
    of: Callable[[ArrowLike], Any],
    *,
    also: Mapping[str, ArrowLike] | None = None,
) -> SweepSpec:
    """Return a spec with other candles.

    Args:
        spec: The spec.
        of: Returns what stands for candles.
        also: Values of `data` that have no name, and are to be replaced, too.
    """
    named = {name: dict(values) for name, values in spec.named.items()}
    candles = {**(also or {}), **named.get("data", {})}
    if candles:
        named["data"] = {name: of(data) for name, data in candles.items()}
    return dataclasses.replace(spec, data=of(spec.data), named=named)
