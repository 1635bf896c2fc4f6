"""The table of the windows of a walk-forward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from omega.forward.inputs import Inputs
from omega.forward.layout import Window
from omega.forward.measures import MEASURED, Curve, efficiency, measured, of_trades
from omega.measures.measuring import metrics
from omega.results.result import BacktestResult
from omega.sweeps.table import column_of

_BORDERS = ("train_start", "train_end", "test_start", "test_end")


def windows_table(parts: Inputs, oos: BacktestResult) -> pl.DataFrame:
    """Return a row for each window that was traded; times are of the first and the last bar."""
    tested = parts.tested
    alone = _alone(parts, tested)
    curve, trades = _curve(parts, oos), _by_exit(oos)
    initial: Any = oos.metrics["initial_equity"]
    rows = []
    for place in tested:
        window, choice = parts.windows[place], parts.choices[place]
        inside = _chosen_row(parts, place)
        begin, end = _times(parts, window)
        part = curve.stretch(begin, end)
        left = trades.filter(pl.col("__exit").is_between(begin, end, closed="left"))
        outside = {**measured(part, curve.before(begin, initial)), **of_trades(left)}
        outside["exposure"] = part.exposure()
        if parts.chooser.metric not in MEASURED:
            before = curve.before(begin, initial)
            outside |= _objective(parts, oos, (begin, end), left.drop("__exit"), before)
        row = {
            "window": place,
            **dict(zip(_BORDERS, (*_ends(window.train), *_ends(window.test)), strict=True)),
            "run": choice.run,
            **{f"parameter {name}": None for name in parts.runs.sets.names},
            **{f"parameter {n}": v for n, v in (parts.parameters(place) or {}).items()},
            "reason": choice.reason,
            "trials": len(parts.sweeps[place]),
            "eligible": choice.eligible,
            **{f"is_{name}": inside.get(name) for name in _shown(parts)},
            "is_years": inside.get("years", _years(parts, window)),
            **{f"oos_{name}": outside.get(name) for name in _shown(parts)},
            **{f"alone_{name}": alone.get(place, {}).get(name) for name in MEASURED},
            "efficiency": efficiency(inside.get("cagr"), outside.get("cagr")),
            "dsr": inside.get("dsr"),
        }
        rows.append(row)
    table = pl.DataFrame(rows, schema_overrides=_kinds(parts), infer_schema_length=None)
    return _with_times(parts, table).rename(_names(parts, table))


def _objective(
    parts: Inputs, oos: BacktestResult, span: tuple[int, int], trades: pl.DataFrame, initial: float
) -> dict[str, Any]:
    """Return the metric that was chosen by, of a stretch of the account; nothing if it has none."""
    name, time = parts.chooser.metric, pl.col("time").to_physical()
    rows = oos.equity.filter(time.is_between(*span, closed="left")).select("time", "equity")
    if not rows.height or initial <= 0.0:
        return {}
    clock = parts.runs.timeline.clock
    found = metrics(rows, kind="equity", initial=initial, calendar=clock.shared)
    return {name: {**found, **oos.metrics_of(trades)}.get(name)}


def _shown(parts: Inputs) -> list[str]:
    return list(dict.fromkeys((*MEASURED, parts.chooser.metric)))


def _kinds(parts: Inputs) -> dict[str, Any]:
    whole = ("trades",)
    kinds: dict[str, Any] = {"run": pl.UInt32, "reason": pl.String, "efficiency": pl.Float64}
    kinds["dsr"] = pl.Float64
    for prefix, names in (("is", _shown(parts)), ("oos", _shown(parts)), ("alone", MEASURED)):
        kinds |= {f"{prefix}_{n}": pl.Int64 if n in whole else pl.Float64 for n in names}
    return {**kinds, "is_years": pl.Float64}


def _names(parts: Inputs, table: pl.DataFrame) -> dict[str, str]:
    """Name the columns of parameters, beside those that are there."""
    taken = [name for name in table.columns if not name.startswith("parameter ")]
    own = {name: column_of(name) for name in parts.runs.sets.names}
    return {f"parameter {n}": f"{own[n]}_" if own[n] in taken else own[n] for n in own}


def _with_times(parts: Inputs, table: pl.DataFrame) -> pl.DataFrame:
    times = pl.DataFrame(parts.runs.store.symbol(parts.runs.store.symbols[0])).get_column("time")
    values = parts.runs.timeline.times
    return table.with_columns(
        pl.Series(name, values[table[name].to_numpy()]).cast(times.dtype) for name in _BORDERS
    )


def _ends(steps: tuple[int, int]) -> tuple[int, int]:
    return steps[0], steps[1] - 1


def _times(parts: Inputs, window: Window) -> tuple[int, int]:
    times = parts.runs.timeline.times
    return int(times[window.test[0]]), int(times[window.test[1] - 1]) + 1


def _chosen_row(parts: Inputs, place: int) -> Mapping[str, Any]:
    run = parts.choices[place].run
    if run is None:
        return {}
    table = parts.sweeps[place].to_polars()
    return table.filter(pl.col("run") == run).row(0, named=True)


def _years(parts: Inputs, window: Window) -> float:
    days = parts.runs.timeline.days()
    return float(days[window.train[1] - 1] - days[window.train[0]] + 1) / 365.25


def _alone(parts: Inputs, tested: list[int]) -> dict[int, Mapping[str, Any]]:
    chosen = [(place, run) for place in tested if (run := parts.choices[place].run) is not None]
    if not chosen:
        return {}
    made = parts.runs.alone([(run, parts.windows[place]) for place, run in chosen])
    rows = made.iter_rows(named=True)
    return {place: row for (place, _), row in zip(chosen, rows, strict=True)}


def _curve(parts: Inputs, oos: BacktestResult) -> Curve:
    timeline, rows = parts.runs.timeline, oos.equity
    times = rows["time"].to_physical().to_numpy()
    days = timeline.days()[np.searchsorted(timeline.times, times)]
    return Curve(times, rows["equity"].to_numpy(), days, rows["open_positions"].to_numpy())


def _by_exit(oos: BacktestResult) -> pl.DataFrame:
    return oos.trades.with_columns(pl.col("exit_time").to_physical().alias("__exit"))
