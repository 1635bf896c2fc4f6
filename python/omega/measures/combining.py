"""Combines finished runs as parts of one account: `omega.combine`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.values import Refused, counted, number, taken
from omega.errors import ConfigError, printable
from omega.libraries import arguments_of
from omega.measures.measuring import HasEquity, Measured, metrics
from omega.notices import Notice
from omega.report._page import View

REBALANCE = ("1d", "1w", "1mo", "1q", "1y")
_ROUNDING = 1e-9
_HEIGHT = 900
_WHOLE = "combined"


class Combined(View):
    """Several runs as parts of one account.

    Attributes:
        html: The whole page.
        equity: `time`, `equity` of the whole, and a column of growth for each run, from 1.
        metrics: Of the whole, by the formulas of a run's.
        table: A row for each metric, with columns for the whole and each run; moments are left out.
        correlations: Of the runs' daily returns, each with each; null where one does not move.
        weights: The share of each run at the start, and after each rebalancing.
        rebalanced: The times at which weights were restored.
        notices: What the whole should be read with: runs in different currencies.

    Example:
        >>> strategy = omega.native("sma_cross", slow=20)
        >>> runs = [omega.run_backtest(candles, strategy) for _ in range(2)]
        >>> both = combine(runs)
        >>> both.weights, both.metrics["total_return"] == metrics(runs[0])["total_return"]
        ({'run 1': 0.5, 'run 2': 0.5}, True)
    """

    equity: pl.DataFrame
    metrics: Measured
    table: pl.DataFrame
    correlations: pl.DataFrame
    weights: dict[str, float]
    rebalanced: list[Any]
    notices: tuple[Notice, ...]

    def __repr__(self) -> str:
        """Which runs are joined, and what they made."""
        gain = self.metrics["total_return"]
        text = "-" if not isinstance(gain, float) else f"{100 * gain:.2f} %"
        return printable(f"Combined({', '.join(self.weights)}: return {text})")


@arguments_of("combine")
def combine(
    results: Sequence[HasEquity] | Mapping[str, HasEquity],
    weights: Sequence[float] | Mapping[str, float] | None = None,
    rebalance: str | None = None,
    *,
    cash: float | None = None,
    title: str | None = None,
) -> Combined:
    """Join runs that were made apart, as if each had traded its share of one account.

    Each run counts by its growth, whatever its cash was: before its first bar it is in cash, after
    its last one it keeps what it made. Runs know nothing of each other: no margin is shared, and
    sizes are those that each run chose for its own cash. Shifting money between them at a
    rebalancing costs nothing here; in an account it does. Runs in different currencies are joined
    by their growth, each in its own, which is a notice.

    Args:
        results: The runs; a mapping names them, otherwise they are "run 1", "run 2" and so on.
        weights: The share of each, above 0, together at most 1; what is left stays in cash. Equal
            shares by default.
        rebalance: None: shares drift with what the runs make. Or a period at whose ends the shares
            are restored, by days of UTC: "1d", "1w" (Mondays), "1mo", "1q" or "1y".
        cash: The money at the start; the first run's by default.
        title: The heading of the page.

    Raises:
        ConfigError: There is no run, the weights are of no use, the period is unknown, or a run has
            lost all of its money when it is to be given some.

    Example:
        >>> strategy = omega.native("sma_cross", slow=20)
        >>> runs = {f"fast {k}": omega.run_backtest(candles, strategy) for k in (4, 5)}
        >>> combine(runs, weights={"fast 4": 0.75, "fast 5": 0.25}, rebalance="1d")
        Combined(fast 4, fast 5: return ...)
    """
    from omega.report._combine import combined_page  # noqa: PLC0415 - where a page is wanted

    runs = _runs_of(results)
    shares = _weights_of(weights, list(runs))
    starts = _starts(rebalance)
    begin = _cash(cash, next(iter(runs.values())))
    times, growth = _growths(runs)
    borders = [] if starts is None else starts(times)
    whole = _joined(growth, np.array(list(shares.values())), borders, list(runs))
    curves = pl.DataFrame({"time": times, "equity": begin * whole})
    curves = curves.with_columns(
        *(pl.Series(name, growth[:, place]) for place, name in enumerate(runs))
    )
    own = metrics(curves.select("time", "equity"), initial=begin)
    each = {name: metrics(run) for name, run in runs.items()}
    correlations = _correlations(each)
    name, noted = title or f"{counted(len(runs), 'run')} combined", tuple(_notices(runs))
    money = [pl.col(label) * begin for label in runs]
    shown = curves.select("time", pl.col("equity").alias(_WHOLE), *money)
    html = combined_page(
        name,
        shown,
        start=begin,
        metrics={_WHOLE: own, **each},
        correlations=correlations,
        weights=shares,
        notices=noted,
    )
    made = Combined(html, height=_HEIGHT)
    made.equity, made.metrics, made.correlations = curves, own, correlations
    made.table = _table({_WHOLE: own, **each})
    made.weights, made.notices = shares, noted
    made.rebalanced = [times[row] for row in borders]
    return made


def _notices(runs: Mapping[str, HasEquity]) -> Iterator[Notice]:
    """Yield a notice where the money of the runs is not of one currency."""
    found: dict[str, list[str]] = {}
    for name, run in runs.items():
        config: Mapping[str, Any] = getattr(run, "config", None) or {}
        if (currency := config.get("account_currency")) is not None:
            found.setdefault(str(currency), []).append(name)
    if len(found) > 1:
        parts = "; ".join(f"{', '.join(names)} in {one}" for one, names in found.items())
        text = (
            f"the runs are in several currencies: {parts}. Each counts by its growth in its own; "
            "what rates between them do to the whole is not in it"
        )
        yield Notice("warning", "several_currencies", text)


def _runs_of(results: object) -> dict[str, HasEquity]:
    if isinstance(results, Mapping):
        runs = {str(name): one for name, one in results.items()}
    elif isinstance(results, Sequence) and not isinstance(results, (str, bytes)):
        runs = {f"run {k}": one for k, one in enumerate(results, 1)}
    else:
        raise ConfigError(f"results: given {results!r}, expected a list of BacktestResult")
    for name, one in runs.items():
        if not isinstance(one, HasEquity):
            raise ConfigError(f"results: {name} is a {type(one).__name__}, expected BacktestResult")
        if one.equity.is_empty() or not (one.metrics["initial_equity"] or 0.0) > 0.0:
            raise ConfigError(f"results: {name} has no equity rows, or no cash to grow from")
        if name in ("time", "equity", _WHOLE):
            raise ConfigError(f"results: {name!r} is the name of a column; give another one")
    if not runs:
        raise ConfigError("results: given none, expected one BacktestResult or more")
    return runs


def _weights_of(given: object, names: Sequence[str]) -> dict[str, float]:
    if given is None:
        return dict.fromkeys(names, 1.0 / len(names))
    if isinstance(given, Mapping):
        if set(given) != set(names):
            raise ConfigError(
                f"weights: given for {', '.join(map(str, given))}, expected one for each of "
                f"{', '.join(names)}"
            )
        listed = [given[name] for name in names]
    elif isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        listed = list(given)
    else:
        raise ConfigError(f"weights: given {given!r}, expected a number for each run, or None")
    if len(listed) != len(names):
        raise ConfigError(f"weights: given {len(listed)} for {len(names)} runs, expected as many")
    try:
        shares = [number(above=0)(one) for one in listed]
    except Refused as refused:
        raise ConfigError(f"weights: given {given!r}, expected {refused} for each run") from None
    if sum(shares) > 1.0 + _ROUNDING:
        raise ConfigError(
            f"weights: given {given!r}, which make {sum(shares):g}, expected at most 1; for "
            "leverage run the strategies on one account: run_backtest(data, [first, second])"
        )
    return dict(zip(names, shares, strict=True))


def _cash(given: object, first: HasEquity) -> float:
    if given is None:
        return float(first.metrics["initial_equity"])
    return taken("cash", given, number(above=0))


def _starts(rebalance: object) -> Callable[[pl.Series], list[int]] | None:
    """Return what finds the last row of each period but the last one."""
    if rebalance is None:
        return None
    if not isinstance(rebalance, str) or rebalance not in REBALANCE:
        raise ConfigError(
            f"rebalance: given {rebalance!r}, expected None or one of {', '.join(REBALANCE)}"
        )

    def rows(times: pl.Series) -> list[int]:
        is_zoned = getattr(times.dtype, "time_zone", None) is not None
        utc = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if is_zoned else times
        period = utc.dt.truncate(rebalance)
        begins = (period != period.shift(1, fill_value=period[0])).arg_true()
        return [int(row) - 1 for row in begins]

    return rows


def _growths(runs: Mapping[str, HasEquity]) -> tuple[pl.Series, NDArray[np.float64]]:
    """Return all times, and what 1 has become in each run at each of them."""
    curves = []
    for run in runs.values():
        # As instants: without their zone they would be the times that its clocks show.
        micros = run.equity["time"].dt.cast_time_unit("us").to_physical().to_numpy()
        growth = run.equity["equity"].to_numpy() / run.metrics["initial_equity"]
        curves.append((micros, np.concatenate([[1.0], growth])))
    shared = np.unique(np.concatenate([micros for micros, _ in curves]))
    columns = [growth[np.searchsorted(micros, shared, side="right")] for micros, growth in curves]
    zone = next(iter(runs.values())).equity.schema["time"]
    moments = pl.Series("time", shared).cast(pl.Datetime("us"))
    if isinstance(zone, pl.Datetime) and zone.time_zone is not None:
        moments = moments.dt.replace_time_zone("UTC").dt.convert_time_zone(zone.time_zone)
    return moments, np.column_stack(columns)


def _joined(
    growth: NDArray[np.float64],
    shares: NDArray[np.float64],
    borders: Sequence[int],
    names: Sequence[str],
) -> NDArray[np.float64]:
    """Return what 1 becomes: each stretch grows from its begin by the shares that hold there."""
    rest, level = 1.0 - float(shares.sum()), 1.0
    rest = 0.0 if abs(rest) < _ROUNDING else rest
    whole = np.empty(len(growth))
    before = np.ones(growth.shape[1])
    for begin, end in pairwise([-1, *borders, len(growth) - 1]):
        if end == begin:
            continue
        if (before <= 0.0).any():
            lost = names[int((before <= 0.0).argmax())]
            raise ConfigError(
                f"rebalance: {lost} has lost all of its money before the end, and cannot be given "
                "some; combine without rebalancing, or leave it out"
            )
        stretch = growth[begin + 1 : end + 1]
        whole[begin + 1 : end + 1] = level * ((stretch / before) @ shares + rest)
        level, before = float(whole[end]), growth[end]
    return whole


def _correlations(each: Mapping[str, Measured]) -> pl.DataFrame:
    """Return the correlation of each pair over the days that both have."""
    names = list(each)
    columns: dict[str, list[Any]] = {"run": list(names)} | {name: [] for name in names}
    for name in names:
        own = each[name].returns.rename({"returns": "own"})
        for other in names:
            both = own.join(each[other].returns, on="day")
            found = both.select(pl.corr("own", "returns").fill_nan(None))
            columns[name].append(found.item() if both.height > 1 else None)
    return pl.DataFrame(columns, schema={"run": pl.String} | dict.fromkeys(names, pl.Float64))


def _table(columns: Mapping[str, Measured]) -> pl.DataFrame:
    """Return metrics side by side."""
    first = next(iter(columns.values()))
    names = [n for n, value in first.items() if isinstance(value, (int, float, type(None)))]
    return pl.DataFrame(
        {"metric": names}
        | {
            label: pl.Series([_number(own.get(name)) for name in names], dtype=pl.Float64)
            for label, own in columns.items()
        }
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
