"""Capacity of a strategy: its profit as a function of capital."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import polars as pl

from omega.cluster.protocol import Cluster
from omega.config.costs import Costs
from omega.config.execution import Execution
from omega.config.values import Refused, number
from omega.contract import AnyForm, ArrowLike
from omega.errors import ConfigError, OmegaError
from omega.strategy.weights import Weights
from omega.sweeps.call import sweep

_METRICS = (
    *("net_profit", "total_return", "cagr", "sharpe", "max_drawdown", "turnover"),
    *("fees", "slippage_cost"),
)


_EQUAL = 1e-6
"""Profits that differ by less than this part are one."""


@dataclasses.dataclass(frozen=True)
class Capacity:
    """Profit as a function of capital; `omega.capacity` makes it.

    Attributes:
        table: A row for each amount: `cash`, `net_profit`, `total_return`, `cagr`, `sharpe`,
            `max_drawdown`, `turnover`, `fees`, `slippage_cost`, and `marginal_return`: what the
            money beyond the row before earned, as a part of it.

    Example:
        >>> Capacity(pl.DataFrame({"cash": [1e5, 1e6], "net_profit": [5e3, 2e4]}))
        Capacity(2 amounts, most at 1,000,000: 20,000)
    """

    table: pl.DataFrame

    @property
    def best(self) -> float:
        """The amount that earned the most money; more of it earned less.

        Where that is the last one of the table, the capacity is not reached.

        Example:
            >>> table = pl.DataFrame({"cash": [1.0, 2.0, 3.0], "net_profit": [5.0, 8.0, 7.0]})
            >>> Capacity(table).best
            2.0
        """
        row = self.table["net_profit"].arg_max()
        return float(self.table["cash"][0 if row is None else row])

    def __repr__(self) -> str:
        """The amount that earned the most."""
        profits = self.table["net_profit"].to_list()
        return f"Capacity({len(profits)} amounts, most at {self.best:,.0f}: {max(profits):,.0f})"


def capacity(
    data: ArrowLike,
    strategy: AnyForm,
    cash: Sequence[float],
    *,
    workers: int | None = None,
    executor: Executor | Cluster | None = None,
    backend: str = "auto",
    **settings: Any,  # noqa: ANN401 - those of run_backtest
) -> Capacity:
    """Run a strategy with more and more money, where trading more costs more.

    What grows with size is `Costs(impact=...)`, the square-root law (rule M13), and what a limit
    on participation leaves undone (W10). One of them is needed, and sizes that follow the account:
    weights, or a sizer such as `omega.EquityPercent`.

    Args:
        data: As `run_backtest`, with volumes.
        strategy: As `omega.sweep`.
        cash: Amounts of money to begin with, ascending.
        workers: As `omega.sweep`.
        executor: As `omega.sweep`.
        backend: As `run_backtest`.
        **settings: Settings of `run_backtest`.

    Raises:
        ConfigError: Nothing grows with size, or sizes do not follow the account.
        OmegaError: A run failed; the error has its amount and its reason.

    Example:
        >>> import omega
        >>> share = omega.sample("SHARE")
        >>> found = omega.capacity(
        ...     share,
        ...     omega.native("sma_cross", fast=5, slow=20),
        ...     [1e5, 1e8],
        ...     costs=omega.Costs(impact=1.0),
        ...     sizer=omega.EquityPercent(90),
        ... )
        >>> found.table["net_profit"].is_null().any(), found.table["marginal_return"][0] is None
        (False, True)
    """
    amounts = _amounts(cash)
    _require_limits(strategy, settings)
    swept = sweep(
        data,
        strategy,
        {"cash": amounts},
        metrics=list(_METRICS),
        workers=workers,
        executor=executor,
        backend=backend,
        fingerprint=False,
        trials=False,
        **settings,
    )
    failed = swept.failures
    if failed.height:
        raise OmegaError(f"capacity: with cash of {failed['cash'][0]:,.0f}: {failed['error'][0]}")
    table = swept.to_polars().select("cash", *_METRICS)
    profits = table["net_profit"].to_list()
    if len(profits) > 1 and max(profits) - min(profits) < _EQUAL * max(map(abs, profits)):
        raise ConfigError(
            f"capacity: given sizes that do not follow the account (each amount earned "
            f"{profits[0]:,.2f}), expected weights, or sizer=omega.EquityPercent(...)"
        )
    marginal = pl.col("net_profit").diff() / pl.col("cash").diff()
    return Capacity(table.with_columns(marginal_return=marginal))


def _amounts(given: object) -> list[float]:
    given = np.asarray(given).tolist() if hasattr(given, "__array__") else given
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)) or not given:
        raise ConfigError(f"cash: given {given!r}, expected amounts of money, as [1e5, 1e6, 1e7]")
    try:
        amounts = [number(above=0)(one) for one in given]
    except Refused as refused:
        raise ConfigError(f"cash: given {given!r}, expected each to be {refused}") from None
    if any(a >= b for a, b in itertools.pairwise(amounts)):
        raise ConfigError(f"cash: given {given!r}, expected ascending amounts")
    return amounts


def _require_limits(strategy: object, settings: Mapping[str, Any]) -> None:
    costs, execution = settings.get("costs"), settings.get("execution")
    each = costs.values() if isinstance(costs, Mapping) else [costs]
    has_impact = any(isinstance(one, Costs) and one.impact > 0.0 for one in each)
    is_limited = isinstance(execution, Execution) and execution.participation is not None
    is_limited |= isinstance(strategy, Weights) and strategy.participation is not None
    if not has_impact and not is_limited:
        raise ConfigError(
            "capacity: given costs that do not grow with size, expected Costs(impact=...) or "
            "Execution(participation=...): without one of them every amount earns the same"
        )
