"""`omega bench`: how fast this machine runs a few forms of a strategy over invented candles.

Processor time is given as bars a second and nanoseconds a bar.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

import omega
from omega.cli._shared import as_json, print_json, progress, say
from omega.config.values import counted

if TYPE_CHECKING:
    import polars as pl

_REPEATS = 3
_SEED = 1
_START = datetime(2024, 1, 1, tzinfo=UTC)
_PIP = 1e-4


def _nothing(bar: omega.Bar) -> None:
    """Do nothing."""


def _look(bar: omega.Bar) -> omega.Signal | None:
    """Read the close, and never find it below 0."""
    return omega.Signal("long") if bar.close < 0.0 else None


_FORMS: dict[str, Callable[[], Any]] = {
    "no callback (signal columns)": lambda: omega.Signals(entry=False),
    "a callback that does nothing": lambda: _nothing,
    "a callback that reads the close": lambda: _look,
    "native: sma_cross, always in the market": lambda: omega.native("sma_cross"),
}


@click.command()
@click.option("--bars", type=click.IntRange(1_000), default=200_000, show_default=True)
@click.option("--backend", type=click.Choice(["auto", "rust", "python"]), default="auto")
@as_json
def bench(*, bars: int, backend: str, as_json: bool) -> None:
    """Measure this machine: bars a second of a few forms of a strategy.

    Validation, the run and its result are measured, in processor time; the best of three counts.
    """
    candles = _candles(bars)
    rows = []
    chosen = omega.get_active_backend() if backend == "auto" else backend
    with progress("forms") as on_progress:
        for done, (form, make) in enumerate(_FORMS.items(), 1):
            if chosen == "rust" or "native" not in form:
                rows.append(_measured(form, make, candles, backend))
            on_progress(done, len(_FORMS))
    if as_json:
        print_json({"bars": bars, "backend": chosen, "forms": rows})
        return
    say(f"{counted(bars, 'bar')}, {chosen} backend, omega {omega.__version__}\n")
    for row in rows:
        pace = f"{row['bars_per_second']:>14,.0f} bars/s {row['ns_per_bar']:>10,.1f} ns a bar"
        say(f"{row['form']:<42}{pace}{row['trades']:>9,} trades")


def _measured(
    form: str, make: Callable[[], Any], candles: pl.DataFrame, backend: str
) -> dict[str, Any]:
    """Run a form a few times and give the quickest."""
    best, trades = float("inf"), 0
    for _ in range(_REPEATS):
        began = time.process_time()
        result = omega.run_backtest(candles, make(), backend=backend)
        best = min(best, time.process_time() - began)
        trades = result.trades.height
    best = max(best, 1e-9)
    return {
        "form": form,
        "bars_per_second": len(candles) / best,
        "ns_per_bar": best / len(candles) * 1e9,
        "trades": trades,
    }


def _candles(bars: int) -> pl.DataFrame:
    """Return a seeded random walk of minutes, bid and ask."""
    import numpy as np  # noqa: PLC0415 - slow to import
    import polars as pl  # noqa: PLC0415 - as above

    rng = np.random.default_rng(_SEED)
    close = 1.1 * np.exp(np.cumsum(rng.normal(0.0, 0.8 * _PIP, bars)))
    opened = np.concatenate([[1.1], close[:-1]])
    high = np.maximum(opened, close) + _PIP / 2
    low = np.minimum(opened, close) - _PIP / 2
    prices = {"open": opened, "high": high, "low": low, "close": close}
    sides = {f"bid_{name}": values for name, values in prices.items()}
    sides |= {f"ask_{name}": values + _PIP for name, values in prices.items()}
    times = np.arange(bars, dtype=np.int64) * 60_000_000 + int(_START.timestamp()) * 1_000_000
    frame = pl.DataFrame({"time": times, **sides})
    return frame.with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))
