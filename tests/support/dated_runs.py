"""Small runs over dates, whose numbers can be computed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

import omega
from omega.strategy.actions import Action

START = datetime(2024, 1, 1)  # noqa: DTZ001 - bars of dates; a Monday
Script = Mapping[int, Sequence[Action] | Action]


def days(
    closes: Sequence[float],
    opens: Sequence[float] | None = None,
    *,
    start: datetime = START,
    step: timedelta = timedelta(days=1),
    **columns: Sequence[float],
) -> pl.DataFrame:
    """Bars one after the other whose highs and lows are their opens and closes, unless given."""
    firsts = list(closes) if opens is None else list(opens)
    pairs = list(zip(firsts, closes, strict=True))
    frame = {
        "time": [start + step * k for k in range(len(firsts))],
        "open": firsts,
        "high": [max(pair) for pair in pairs],
        "low": [min(pair) for pair in pairs],
        "close": list(closes),
    }
    return pl.DataFrame(frame | {name: list(values) for name, values in columns.items()})


def run(
    backend: str,
    data: Any,  # noqa: ANN401 - as run_backtest takes it
    script: Script,
    **settings: Any,  # noqa: ANN401 - as above
) -> omega.BacktestResult:
    """Do on each bar what a script has, by the index of the first symbol's bar."""
    usual: dict[str, Any] = {"instruments": omega.Instrument(volume_step=1), "cash": 100_000.0}
    settings = usual | settings

    def on_bar(bar: omega.Bar) -> Any:  # noqa: ANN401 - actions
        return script.get(bar.index)

    result = omega.run_backtest(data, on_bar, backend=backend, **settings)
    assert result.tables.first_broken_ledger_line() is None
    return result


def booked(result: omega.BacktestResult, *kinds: str) -> list[Any]:
    """The ledger lines of some kinds; of all but the deposit where none is named."""
    lines = result.ledger.select("kind", "amount").rows()
    return [line for line in lines if line[0] in kinds or (not kinds and line[0] != "deposit")]
