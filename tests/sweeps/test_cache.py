"""The indicators that runs of the core share take no more memory than they may."""

from __future__ import annotations

import pytest

import omega
from omega.errors import ConfigError
from tests.support.backends import WITHOUT_CORE
from tests.support.interpreter import interpreter
from tests.support.sweep_strategies import GRID, walk

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core")


@pytest.mark.parametrize("cache_bytes", [0, 20_000, 1 << 30])
def test_rows_are_the_same_with_any_bound(cache_bytes: int) -> None:
    data, native = walk(), omega.native("sma_cross")
    result = omega.sweep(data, native, GRID, workers=2, cache_bytes=cache_bytes)
    assert result.to_polars().equals(omega.sweep(data, native, GRID).to_polars())


@pytest.mark.parametrize("cache_bytes", [-1, 0.5, True])
def test_what_is_no_number_of_bytes_is_refused(cache_bytes: int) -> None:
    with pytest.raises(ConfigError, match=r"cache_bytes: given .*, expected a whole number"):
        omega.sweep(walk(50), omega.native("sma_cross"), GRID, cache_bytes=cache_bytes)


PROGRAM = """
import sys
import omega
from tests.support.memory import resident_own_bytes
from tests.support.sweep_strategies import walk

held = []
windows = {"fast": list(range(2, 302)), "slow": [400]}
native = omega.native("sma_cross")
omega.sweep(
    walk(30_000), native, windows, workers=1, fingerprint=False,
    progress=lambda _: held.append(resident_own_bytes()),
    **({"cache_bytes": 0} if sys.argv[1:] else {}),
)
print(max(held) - held[0])
"""
"""In a process of its own: one that has free memory already would take it first."""


def test_a_bound_of_nothing_keeps_nothing() -> None:
    """300 averages of 30,000 bars take 72 MB; those of longer candles are never kept."""
    with interpreter() as printed:
        bounded = int(printed(PROGRAM, "bounded"))
        assert int(printed(PROGRAM)) > bounded + 20_000_000
