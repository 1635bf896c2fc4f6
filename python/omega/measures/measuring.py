"""The metrics of a series of the user's own: `omega.metrics`."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import polars as pl

from omega._native import core
from omega.config.calendar import CalendarLike, calendar_of
from omega.config.values import plain
from omega.contract import LocalDays, Noted
from omega.errors import ConfigError
from omega.libraries import arguments_of
from omega.measures.curves import Curve, curve_of, moment_of
from omega.measures.rates import RiskFree, risk_free_of
from omega.measures.relative import paired, relative
from omega.reference.days import Days
from omega.reference.metrics import closes_by_day, returns_by_day
from omega.reference.returns import annualised, growth_rate, ratio
from omega.results.named_metrics import NamedMetrics

Metric: TypeAlias = float | int | datetime | None

_OF_TRADES = "trades"
"""The first of the metrics that are made of more than a curve."""
_OF_TIMES = (
    "start",
    "end",
    "max_drawdown_days",
    "average_drawdown_days",
    "longest_drawdown_days",
)
_GROWN = ("final_equity", "initial_equity", "max_drawdown")
_LEFT_OUT = ("first_decision", "max_drawdown_intrabar")


@runtime_checkable
class HasEquity(Protocol):
    """The result of a run, as far as a curve is made of it."""

    @property
    def equity(self) -> pl.DataFrame:
        """The equity curve."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """All metrics by name."""

    @property
    def tables(self) -> Any:  # noqa: ANN401 - what the backend handed over
        """The tables of the run."""


class Measured(NamedMetrics):
    """Metrics by name; one that is undefined is None.

    Attributes:
        kind: What the series was taken as: "equity" or "returns".
        returns: The returns that ratios are made of, by day: `day`, `returns`, and `benchmark`
            where there is one.

    Example:
        >>> measured = metrics([100.0, 110.0, 99.0], periods=252)
        >>> measured.kind, measured["bars"], round(measured["total_return"], 6)
        ('equity', 2, -0.01)
    """

    kind: str
    returns: pl.DataFrame

    def __repr__(self) -> str:
        """What it was made of, and the metrics."""
        return f"Measured({self.kind}, {dict(self)!r})"


@arguments_of("metrics")
def metrics(
    equity_or_returns: Any,  # noqa: ANN401 - any series
    benchmark: Any = None,  # noqa: ANN401 - as above
    risk_free: Any = 0.0,  # noqa: ANN401 - a number, or a dated series
    periods: float | None = None,
    *,
    kind: str | None = None,
    initial: float | None = None,
    calendar: CalendarLike = None,
) -> Measured:
    """Return the metrics of a series of your own, by the formulas of a run's.

    Args:
        equity_or_returns: Money over time, or simple returns: a series of Polars or pandas, an
            array, a list, or a frame with times and one column `equity`, `close` or `returns`; or
            the result of a run. Times come from a column of moments, or from the index of pandas.
        benchmark: Another one, in any of these forms, to compare with: over the days that both
            have, or row by row where there are no times.
        risk_free: What money earns without risk, a share a year, or a dated series of such shares;
            it lowers the returns that `sharpe`, `sortino`, `alpha` and `beta` are made of.
        periods: Returns a year, such as 252. By default those that the days of the series give;
            without times what is a matter of a year is None.
        kind: "equity" or "returns". By default it follows from the name of the column, or from
            values that can be one of both alone: all above 2, or between -1 and 1 with some
            below 0. Else it is refused.
        initial: The money before the first value. By default of an equity curve its first value,
            which has no return then; of returns 1.
        calendar: Which day an instant belongs to, as `omega.run_backtest` takes it.

    Returns:
        The metrics of the page "Results" that a curve has, and `benchmark_return`,
        `benchmark_drawdown`, `benchmark_sharpe`, `alpha`, `beta`, `correlation`, `tracking_error`,
        `information_ratio`, `up_capture` and `down_capture` where there is a benchmark;
        None for what is undefined.

    Raises:
        ConfigError: The series is none, has gaps, or could be equity as well as returns.

    Example:
        >>> from datetime import date
        >>> days = pl.date_range(date(2024, 1, 1), date(2024, 1, 4), eager=True)
        >>> frame = pl.DataFrame({"time": days, "equity": [100.0, 150.0, 75.0, 150.0]})
        >>> found = metrics(frame)
        >>> found["total_return"], found["max_drawdown"], found["days"]
        (0.5, 0.5, 3)
    """
    free, each_year = risk_free_of(risk_free), _periods(periods)
    curve, days, noted = _taken(equity_or_returns, kind, initial, calendar, "equity_or_returns")
    rows, tables, base = _measured(curve, days, noted)
    found: dict[str, Metric] = {}
    for name, value in base:
        if name == _OF_TRADES:
            break
        found[name] = value
    clock = Days.in_unit("us", days)
    per_year, years = _yearly(curve, found, each_year)
    by_day = returns_by_day(tables, clock, noted)
    found |= _annual(found, by_day, per_year, years, free)
    found |= _shown(rows)
    columns: dict[str, Any] = {"day": list(by_day), "returns": list(by_day.values())}
    if benchmark is not None:
        other, *_ = _taken(benchmark, None, None, calendar, "benchmark")
        compared, columns = _compared(curve, other, clock, per_year, free)
        found |= compared
    made = Measured({name: one for name, one in found.items() if name not in _LEFT_OUT})
    made.kind = curve.kind
    made.returns = _returns_frame(columns, has_times=curve.has_times)
    return made


def _taken(
    given: object,
    kind: str | None,
    initial: float | None,
    calendar: CalendarLike,
    name: str,
) -> tuple[Curve, LocalDays | None, Noted]:
    """Return a curve, its days, and what is noted beside it."""
    if isinstance(given, HasEquity):
        cash = given.metrics["initial_equity"] if initial is None else initial
        curve = curve_of(given.equity.select("time", "equity"), "equity", cash, name=name)
        return curve, _in_micros(given.tables.days, given.tables.unit), _noted(given.tables)
    curve = curve_of(given, kind, initial, name=name)
    if calendar is None or not curve.has_times:
        return curve, None, None
    first, last = int(curve.times[0]), int(curve.times[-1])
    number, starts = calendar_of(calendar).days(first, last, "us")
    return curve, (number, starts.tolist()), None


def with_days(
    result: HasEquity,
) -> tuple[dict[int, float], float, Days, dict[int, float]]:
    """Return the closes of a run by day, its cash, its days, and the return of each.

    Example:
        >>> result = omega.run_backtest(candles, omega.native("buy_and_hold"))
        >>> closes, cash, days, returns = with_days(result)
        >>> len(closes), cash, len(returns)
        (1, 10000.0, 1)
    """
    curve, days, noted = _taken(result, None, None, None, "result")
    clock = Days.in_unit("us", days)
    tables = {
        "equity": {"time": curve.times.tolist(), "equity": curve.values.tolist()},
        "ledger": {"amount": [curve.initial]},
    }
    closes = closes_by_day(tables["equity"]["time"], tables["equity"]["equity"], clock)
    return closes, curve.initial or 0.0, clock, returns_by_day(tables, clock, noted)


_MICROS = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 1e-3}


def _in_micros(days: LocalDays | None, unit: str) -> LocalDays | None:
    if days is None:
        return None
    first, starts = days
    return first, [int(one * _MICROS[unit]) for one in starts]


def _noted(tables: Any) -> Noted:  # noqa: ANN401 - of a result
    noted = tables.noted
    if noted is None:
        return None
    least, fall, ruin = noted
    return least, fall, None if ruin is None else int(ruin * _MICROS[tables.unit])


def _measured(
    curve: Curve, days: LocalDays | None, noted: Noted
) -> tuple[Curve, dict[str, dict[str, list[Any]]], list[tuple[str, float | int | None]]]:
    """Return the rows that have a return, as tables, and the core's metrics of them."""
    first = curve.values[0] if curve.initial is None else curve.initial
    begin = 1 if curve.initial is None else 0
    if len(curve) <= begin:
        raise ConfigError(
            "equity_or_returns: given one value, expected two or more; or give the money before it "
            "as initial="
        )
    rows = dataclasses.replace(curve, values=curve.values[begin:], times=curve.times[begin:])
    times, values = rows.times, rows.values
    count = len(values)
    equity = pl.DataFrame(
        {
            "time": pl.Series(times).cast(pl.Datetime("us")),
            "balance": values,
            "equity": values,
            "open_positions": np.zeros(count, dtype=np.uint32),
        }
    )
    empty = core.RunTables.from_tables({}, symbols=["X"], contract_sizes=[1.0], unit="us")
    ledger = pl.DataFrame(
        {
            "time": equity["time"][:1],
            "kind": ["deposit"],
            "trade_id": [None],
            "amount": [float(first)],
            "balance": [float(first)],
        },
        schema_overrides={"trade_id": pl.UInt32},
    )
    schema = pl.DataFrame(empty.ledger()).schema
    frames = {"equity": equity, "ledger": ledger.with_columns(pl.col("kind").cast(schema["kind"]))}
    made = core.RunTables.from_tables(
        frames, symbols=["X"], contract_sizes=[1.0], unit="us", noted=noted, days=days
    )
    plain_tables = {
        "equity": {"time": times.tolist(), "equity": values.tolist()},
        "ledger": {"amount": [float(first)]},
    }
    return rows, plain_tables, made.metrics()


def _yearly(
    curve: Curve, found: Mapping[str, Metric], periods: float | None
) -> tuple[float | None, float | None]:
    """Return how many returns a year has, and how many years there are."""
    years, per_year = found["years"], found["periods_per_year"]
    if curve.has_times:
        of_times = per_year if isinstance(per_year, (int, float)) else None
        return periods or of_times, years if isinstance(years, (int, float)) else None
    count = found["days"]
    if periods is None or not isinstance(count, int):
        return None, None
    return periods, count / periods


def _annual(
    found: Mapping[str, Metric],
    by_day: Mapping[int, float],
    per_year: float | None,
    years: float | None,
    free: RiskFree,
) -> dict[str, Metric]:
    """Return what depends on a year again, if periods or a rate differ from the core's."""
    if free.is_zero and per_year == found["periods_per_year"] and years == found["years"]:
        return {}
    returns = list(by_day.values())
    if per_year is None and not free.is_zero:
        raise ConfigError(
            "risk_free: given without times and periods=, so that the rate of a return is unknown; "
            "give periods=, such as 252"
        )
    rates = [0.0] * len(returns) if per_year is None else free.of(list(by_day), per_year)
    excess = [r - rate for r, rate in zip(returns, rates, strict=True)]
    made: dict[str, Metric] = {"periods_per_year": per_year, "years": years}
    made |= {name: _finite(one) for name, one in annualised(returns, excess, per_year).items()}
    if years != found["years"]:
        last, first, fall = (_float(found[n]) for n in _GROWN)
        made["cagr"] = rate = growth_rate(ratio(last, first), years)
        made["calmar"] = ratio(rate, fall)
    return made


def _float(value: Metric) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _shown(curve: Curve) -> dict[str, Metric]:
    """Return moments as such; what is a matter of time is None without times."""
    if not curve.has_times:
        return dict.fromkeys(_OF_TIMES)
    start, end = (moment_of(int(curve.times[row]), curve.zone) for row in (0, -1))
    return {"start": start, "end": end}


def _compared(
    curve: Curve, other: Curve, clock: Days, per_year: float | None, free: RiskFree
) -> tuple[dict[str, Metric], dict[str, Any]]:
    """Return what a benchmark makes, and the returns of both."""
    if curve.has_times != other.has_times:
        raise ConfigError(
            "benchmark: one of both series has times and the other has none; give both with times, "
            "or both without, row by row"
        )
    if not curve.has_times and _returns_in(curve) != _returns_in(other):
        raise ConfigError(
            f"benchmark: given {_returns_in(other):,} returns without times, and the series has "
            f"{_returns_in(curve):,}; give both with times, or as many of each"
        )
    closes = [
        closes_by_day(one.times.tolist(), one.values.tolist(), clock) for one in (curve, other)
    ]
    if not curve.has_times and (curve.initial is None) != (other.initial is None):
        closes = [_aligned(one) for one in (curve, other)]
    days, own, beside = paired(closes[0], closes[1], (curve.initial, other.initial))
    found = relative(days, own, beside, per_year, free)
    return {**found}, {"day": days, "returns": own, "benchmark": beside}


def _returns_in(curve: Curve) -> int:
    return len(curve) - (curve.initial is None)


def _aligned(curve: Curve) -> dict[int, float]:
    """Return rows without times by number, what stands before the first of them as number 0."""
    values = curve.values.tolist()
    rows = values if curve.initial is None else [curve.initial, *values]
    return dict(enumerate(rows))


def _returns_frame(columns: Mapping[str, Any], *, has_times: bool) -> pl.DataFrame:
    kinds = {n: pl.Float64 if n != "day" else pl.Int64 for n in columns}
    frame = pl.DataFrame(dict(columns), schema=kinds)
    return frame.with_columns(pl.col("day").cast(pl.Date)) if has_times else frame


def _periods(given: object) -> float | None:
    value = plain(given)
    if value is None:
        return None
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0.0 < float(value) < math.inf:
        raise ConfigError(f"periods: given {given!r}, expected how many returns a year has: 252")
    return float(value)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
