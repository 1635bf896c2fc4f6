"""Resamples: how long their blocks should be, and what they say of a statistic."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from omega.config.values import number, one_of, optional, whole
from omega.errors import ConfigError
from omega.statistics._arguments import (
    Numbers,
    block_of,
    drawn,
    field,
    kernel,
    matrix,
    numeric,
    series,
)

_MOST_ENUMERATED = 9  # values, all of whose orders are walked


class BlockLength(NamedTuple):
    """Lengths of the blocks of a bootstrap.

    Attributes:
        stationary: Mean length for the stationary bootstrap.
        circular: Length for the circular one.

    Example:
        >>> block_length([1.0, 1.0, 1.0]).stationary
        1.0
    """

    stationary: float
    circular: float


def block_length(returns: object, *, backend: str = "auto") -> BlockLength:
    """Return how long the blocks of a bootstrap should be for a series.

    By the flat-top kernel over the lags before the first quiet stretch (Politis and White 2004, as
    corrected by Patton, Politis and White 2009). Lengths lie between 1 and `⌈min(3√n, n/3)⌉`.

    Args:
        returns: One series.
        backend: As `run_backtest`.

    Raises:
        ConfigError: The returns are no series of numbers.

    Example:
        >>> block_length([1.0, -1.0, 1.0, 1.0] * 3)
        BlockLength(stationary=4.0, circular=4.0)
    """
    return BlockLength(*kernel(backend).block_lengths(series(returns)))


def stationary_bootstrap(
    returns: object,
    block: float | None = None,
    replicates: int = 1_000,
    seed: int = 0,
    *,
    backend: str = "auto",
) -> NDArray[np.uint32]:
    """Draw row numbers of resamples that keep what follows what.

    A block goes on to the next row, the first after the last, and ends with probability
    `1/block` at each (Politis and Romano, "The Stationary Bootstrap", 1994). A draw depends on the
    seed, its replicate and its position alone.

    Args:
        returns: The returns, or how many rows there are.
        block: Mean length of blocks; None: as `omega.statistics.block_length`.
        replicates: Resamples.
        seed: Of the draws.
        backend: As `run_backtest`.

    Returns:
        An array of `replicates` times the number of rows.

    Raises:
        ConfigError: An argument is no such number.

    Example:
        >>> drawn = stationary_bootstrap(5, block=2, replicates=3, seed=7)
        >>> drawn.shape, int(drawn.max()) < 5
        ((3, 5), True)
    """
    of = kernel(backend)
    many, own = drawn(replicates, seed)
    if isinstance(returns, (int, np.integer)) and not isinstance(returns, bool):
        rows = field("returns", returns, whole(1, 2**31))
        if block is None:
            raise ConfigError("block: given None with a number of rows, expected a length")
        length = numeric("block", block, minimum=1.0)
    else:
        values = matrix(returns)
        rows, length = len(values), block_of(values, block, of)
    return of.draws(rows, length, many, own).reshape(many, rows)


@dataclasses.dataclass(frozen=True, eq=False)
class Interval:
    """A statistic and where its true value lies.

    Attributes:
        estimate: The statistic of the returns themselves.
        lower: Lower end of the interval.
        upper: Upper end.
        estimates: The statistic over each resample.
        block: Mean length of the blocks.
        exact: Whether the resamples are all there are.

    Example:
        >>> confidence_interval([0.02, -0.01, 0.03, 0.0], "mean", 0.9, block=1)
        Interval(estimate=0.01, lower=-0.0025, upper=0.0225, resamples=256)
    """

    estimate: float
    lower: float | None
    upper: float | None
    estimates: Numbers
    block: float
    exact: bool

    def __repr__(self) -> str:
        """The numbers without the resamples."""
        ends = ["None" if end is None else f"{end:.6g}" for end in (self.lower, self.upper)]
        return (
            f"Interval(estimate={self.estimate:.6g}, lower={ends[0]}, upper={ends[1]}, "
            f"resamples={len(self.estimates)})"
        )


def confidence_interval(
    returns: object,
    statistic: str = "sharpe",
    confidence: float = 0.95,
    *,
    method: str = "percentile",
    block: float | None = None,
    replicates: int = 10_000,
    seed: int = 0,
    backend: str = "auto",
) -> Interval:
    """Return where the true value of a statistic lies, by the stationary bootstrap.

    Blocks keep clustered losses together, which single draws would part: their drawdowns are too
    kind. "bca" corrects for bias and skewness (Efron 1987); its theory is for independent values,
    so use it with `block=1` alone, as for trades. With `block=1` and so few returns that they have
    no more resamples than `replicates`, all resamples are walked in place of draws.

    Args:
        returns: One series.
        statistic: "sharpe" and "mean", both of a period, or "max_drawdown" of the compounded
            returns, as a part of the peak.
        confidence: Probability of the interval, half of the rest at each end.
        method: "percentile", "basic" or "bca".
        block: Mean length of blocks; None: as `omega.statistics.block_length`.
        replicates: Resamples.
        seed: Of the draws.
        backend: As `run_backtest`.

    Returns:
        The interval; its ends are None where the method is undefined.

    Raises:
        ConfigError: An argument is no such number or word.

    Example:
        >>> found = confidence_interval([0.02, -0.01, 0.03, 0.0], "mean", 0.9, block=1)
        >>> float((found.estimates <= 0).mean()), found.exact
        (0.140625, True)
    """
    values, of = series(returns, least=2), kernel(backend)
    name = field("statistic", statistic, one_of("sharpe", "mean", "max_drawdown"))
    way = field("method", method, one_of("percentile", "basic", "bca"))
    sure = numeric("confidence", confidence, above=0.0, maximum=1.0)
    many, own = drawn(replicates, seed)
    length, n = block_of(values.reshape(-1, 1), block, of), len(values)
    exact = length == 1.0 and n <= _MOST_ENUMERATED and n**n <= many
    draws = of.every_draw(n) if exact else of.draws(n, length, many, own)
    estimates = of.resampled(values, draws, name)
    ends = of.interval(values, estimates, name, way, sure) or (None, None)
    return Interval(of.measured(values, name), ends[0], ends[1], estimates, length, exact)


@dataclasses.dataclass(frozen=True, eq=False)
class TradeOrder:
    """What other orders of the same trades would have come to.

    Attributes:
        drawdown: Deepest fall as traded, as a part of the peak.
        money: Deepest fall as traded, in the unit of the account; of one that began with 1 where
            returns compound.
        drawdowns: Deepest fall of each order, as a part of the peak.
        falls: The same in the unit of the account.
        finals: Account at the end of each order.
        probability_of_loss: Share of the orders that end below their beginning.
        exact: Whether the orders are all there are.

    Example:
        >>> found = trade_order([10, -5, 3, -8], initial=100)
        >>> found.money, round(float(found.falls.mean()), 6), found.quantile(0.95).__round__(6)
        (10.0, 10.833333, 0.13)
    """

    drawdown: float
    money: float
    drawdowns: Numbers
    falls: Numbers
    finals: Numbers
    probability_of_loss: float
    exact: bool

    def quantile(self, part: float) -> float:
        """Return the drawdown that a part of the orders does not exceed.

        Args:
            part: From 0 to 1.

        Raises:
            ConfigError: It is no such number.

        Example:
            >>> round(trade_order([0.1, -0.05, 0.03, -0.08]).quantile(1.0), 4)
            0.126
        """
        place = numeric("part", part, minimum=0.0, maximum=1.0)
        return kernel("auto").quantile(np.sort(self.drawdowns), place)

    def __repr__(self) -> str:
        """The numbers without the orders."""
        return (
            f"TradeOrder(drawdown={self.drawdown:.4g}, mean={self.drawdowns.mean():.4g}, "
            f"worst={self.drawdowns.max():.4g}, orders={len(self.drawdowns)})"
        )


def trade_order(
    returns: object,
    *,
    method: str = "permutation",
    initial: float | None = None,
    replicates: int = 10_000,
    seed: int = 0,
    backend: str = "auto",
) -> TradeOrder:
    """Walk the same trades in other orders.

    A permutation keeps the final value and varies the path; a resample varies both. Give returns on
    the equity at entry, which compound; money adds up only where sizes are fixed. Positions that
    overlap make any order of trades fiction: resample days then, with
    `omega.statistics.confidence_interval`. With few trades all orders are walked.

    Args:
        returns: Of each trade, net profit over the equity at its entry; or money with `initial`.
        method: "permutation" or "resample".
        initial: The account at the beginning, where the trades are money; None: they compound.
        replicates: Orders.
        seed: Of the draws.
        backend: As `run_backtest`.

    Raises:
        ConfigError: An argument is no such number or word.

    Example:
        >>> trade_order([10, -5, 3, -8], initial=100, method="resample").probability_of_loss
        0.453125
    """
    values, of = series(returns), kernel(backend)
    way = field("method", method, one_of("permutation", "resample"))
    begin = field("initial", initial, optional(number(above=0.0)))
    many, own = drawn(replicates, seed)
    n, few = len(values), len(values) <= _MOST_ENUMERATED
    if way == "permutation":
        exact = few and math.factorial(n) <= many
        orders = of.every_order(n) if exact else of.orders(n, many, own)
    else:
        exact = few and n**n <= many
        orders = of.every_draw(n) if exact else of.draws(n, 1.0, many, own)
    finals, drawdowns, falls = of.paths(values, orders, begin)
    as_traded = of.paths(values, np.arange(n, dtype=np.uint32), begin)
    lost = float(np.count_nonzero(finals < (1.0 if begin is None else begin)))
    return TradeOrder(
        float(as_traded[1][0]),
        float(as_traded[2][0]),
        drawdowns,
        falls,
        finals,
        lost / float(len(finals)),
        exact,
    )
