"""The benchmark of a run, and the rate without risk: what they add to its metrics."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from omega.config.values import counted, nearest
from omega.errors import ConfigError
from omega.measures.curves import Curve, curve_of
from omega.measures.measuring import HasEquity, Metric, with_days
from omega.measures.rates import RiskFree, risk_free_of
from omega.measures.relative import paired, relative
from omega.reference.days import Days
from omega.reference.metrics import closes_by_day
from omega.reference.returns import annualised
from omega.report._metrics import BESIDE_A_BENCHMARK

_HOLD = "hold"
_RATIOS = ("sharpe", "sortino")


@dataclasses.dataclass(frozen=True, repr=False)
class Benchmark:
    """What a run is compared with, over the days that both have.

    Attributes:
        name: The symbol, or "series".
        returns: `day`, `returns` of the run and `benchmark`, its returns.
        metrics: `benchmark_return`, `benchmark_drawdown`, `benchmark_sharpe`, `alpha`, `beta`,
            `correlation`, `tracking_error`, `information_ratio`, `up_capture` and `down_capture`;
            None for what is undefined.
        result: The result of buying and holding the symbol; None for a series.

    Example:
        >>> result = omega.run_backtest(
        ...     candles, omega.native("sma_cross", fast=5, slow=20), symbol="X", benchmark="X"
        ... )
        >>> result.benchmark.name, result.benchmark.result.trades.height
        ('X', 1)
    """

    name: str
    returns: pl.DataFrame
    metrics: dict[str, Metric]
    result: Any = None

    def __repr__(self) -> str:
        """What it is, and what it made."""
        made = self.metrics["benchmark_return"]
        gain = f"{100 * made:.2f} %" if isinstance(made, float) else "-"
        return f"Benchmark({self.name}: return {gain}, {counted(self.returns.height, 'day')})"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What is to be added to a run, checked before it begins.

    Attributes:
        symbol: The symbol to buy and hold.
        curve: A series in place of it.
        free: The rate without risk.
    """

    symbol: str | None
    curve: Curve | None
    free: RiskFree

    @classmethod
    def of(cls, benchmark: object, risk_free: object, symbols: Sequence[str]) -> Comparison:
        """Take the arguments of a run.

        Raises:
            ConfigError: The run has no such symbol, or several where none is named, or one of them
                is no series.

        Example:
            >>> Comparison.of("EURUSD", 0.0, ["EURUSD"]).symbol
            'EURUSD'
        """
        free = risk_free_of(risk_free)
        if benchmark is None or benchmark is False:
            return cls(None, None, free)
        is_word = isinstance(benchmark, str) and benchmark == _HOLD and _HOLD not in symbols
        if benchmark is True or is_word:
            if len(symbols) > 1:
                raise ConfigError(
                    f"benchmark: given {benchmark!r} in a run of {len(symbols)} symbols, expected "
                    f"one of {', '.join(symbols)}, or a series with times"
                )
            benchmark = symbols[0]
        if isinstance(benchmark, str):
            if benchmark not in symbols:
                raise ConfigError(
                    f"benchmark: {benchmark!r} is no symbol of this run. "
                    f"{nearest(benchmark, symbols)} Give a frame with time and close for another"
                )
            return cls(benchmark, None, free)
        if isinstance(benchmark, HasEquity):
            cash = benchmark.metrics["initial_equity"]
            frame = benchmark.equity.select("time", "equity")
            return cls(None, curve_of(frame, "equity", cash, name="benchmark"), free)
        curve = curve_of(benchmark, None, None, name="benchmark")
        if not curve.has_times:
            raise ConfigError(
                "benchmark: given a series without times, expected a frame with time and close (or "
                "returns), a series of pandas with dates, or the name of a symbol of the run"
            )
        return cls(None, curve, free)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be added."""
        return self.symbol is None and self.curve is None and self.free.is_zero

    @property
    def name(self) -> str | None:
        """The symbol, or "series"; None where there is no benchmark."""
        return self.symbol or (None if self.curve is None else "series")

    def added(
        self, result: HasEquity, hold: Callable[[str], Any]
    ) -> tuple[dict[str, Metric], Benchmark | None]:
        """Return the metrics to add to those of a run, and its benchmark.

        `hold` makes the run that buys and holds a symbol.

        Raises:
            ConfigError: There is no rate for the begin of the run.
        """
        own, initial, clock, by_day = with_days(result)
        per_year = result.metrics["periods_per_year"]
        found: dict[str, Metric] = {}
        if not self.free.is_zero and per_year is not None and by_day:
            returns = list(by_day.values())
            rates = self.free.of(list(by_day), per_year)
            excess = [r - rate for r, rate in zip(returns, rates, strict=True)]
            yearly = annualised(returns, excess, per_year)
            found |= {name: yearly[name] for name in _RATIOS}
        if self.symbol is None and self.curve is None:
            return found, None
        held = None if self.symbol is None else hold(self.symbol)
        closes, first = self._closes(held, own, clock)
        days, returns, beside = paired(own, closes, (initial, first))
        if not days and by_day:
            raise ConfigError(
                "benchmark: it has no two days in common with the run, which goes from "
                f"{result.metrics['start']} to {result.metrics['end']}; give one over the same time"
            )
        compared = relative(days, returns, beside, per_year, self.free)
        columns = {"day": days, "returns": returns, "benchmark": beside}
        frame = pl.DataFrame(columns).with_columns(pl.col("day").cast(pl.Date))
        metrics: dict[str, Metric] = {name: compared[name] for name in BESIDE_A_BENCHMARK}
        return found | metrics, Benchmark(self.symbol or "series", frame, metrics, held)

    def _closes(
        self, held: HasEquity | None, own: Mapping[int, float], clock: Days
    ) -> tuple[dict[int, float], float | None]:
        """Return the closes of the benchmark by day, and the money before."""
        if held is None:
            if self.curve is None:
                return {}, None
            times, values = self.curve.times.tolist(), self.curve.values.tolist()
            return closes_by_day(times, values, clock), self.curve.initial
        closes, cash, *_ = with_days(held)
        begin = min(closes, default=0)
        waiting = {day: cash for day in own if day < begin}  # it buys when the run may
        return {**waiting, **closes}, cash
