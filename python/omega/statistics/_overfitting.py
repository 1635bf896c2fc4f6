"""The probability that choosing the best of many trials has overfitted."""

from __future__ import annotations

import dataclasses

from omega.config.values import whole
from omega.errors import ConfigError
from omega.statistics._arguments import Numbers, field, kernel, matrix

MOST_BLOCKS = 20


@dataclasses.dataclass(frozen=True, eq=False)
class Overfitting:
    """What the choices of the cross-validation come to; each takes half of the blocks as sample.

    Attributes:
        pbo: Share of the choices whose best trial is not in the better half outside.
        logits: `ln(ω/(1 - ω))` of its relative rank outside, of each choice in lexicographic order.
        slope: Of the line through the ratios outside over those inside; None without spread.
        intercept: Of that line.
        probability_of_loss: Share of the choices whose best trial loses outside.
        in_sample: Sharpe ratio of the best trial of each choice, of a period.
        out_of_sample: Its ratio outside.

    Example:
        >>> pbo([[1, 2, 0], [3, 1, 1], [2, -1, 1], [0, 1, 2], [-1, 2, 1], [1, 0, 3], [2, 1, -1],
        ...      [0, 3, 1]], blocks=4)
        Overfitting(pbo=1, choices=6, slope=-0.352, probability_of_loss=0)
    """

    pbo: float
    logits: Numbers
    slope: float | None
    intercept: float | None
    probability_of_loss: float
    in_sample: Numbers
    out_of_sample: Numbers

    def __repr__(self) -> str:
        """The numbers without the arrays."""
        slope = "None" if self.slope is None else f"{self.slope:.3g}"
        return (
            f"Overfitting(pbo={self.pbo:.3g}, choices={len(self.logits)}, slope={slope}, "
            f"probability_of_loss={self.probability_of_loss:.3g})"
        )


def pbo(returns: object, blocks: int = 16, *, backend: str = "auto") -> Overfitting:
    """Return the probability of backtest overfitting by combinatorially symmetric cross-validation.

    The rows are cut into even blocks. Each half of the blocks is a sample in turn: the trial with
    the best Sharpe ratio in it has a rank among all in the other half, and the probability is the
    share of choices whose best trial is not better than the median there (Bailey, Borwein, López
    de Prado and Zhu, "The Probability of Backtest Overfitting", 2017). Near one half also where all
    trials are equally good: read it beside the deflated Sharpe ratio.

    Conventions: a rank in the middle counts as overfit; equal trials share the mean rank, and the
    first of them is the best; the first blocks are one row longer where they are not equal; a trial
    that does not vary has a ratio of 0.

    Args:
        returns: A row for each period, a column for each trial.
        blocks: An even number, 20 at most.
        backend: As `run_backtest`.

    Raises:
        ConfigError: The returns are no numbers, fewer than the blocks, or `blocks` is not even.

    Example:
        >>> found = pbo([[2, -2, -2, -1], [2, 0, 4, -1], [1, 0, -1, 0], [4, -3, -2, 3],
        ...              [-1, 4, 1, 1], [-1, -3, 0, 4], [0, -1, -3, 0], [1, -1, 0, 4]], blocks=4)
        >>> round(found.pbo, 6), round(found.slope, 6)
        (0.333333, -0.689474)
    """
    values = matrix(returns)
    many = field("blocks", blocks, whole(2, MOST_BLOCKS))
    if many % 2:
        raise ConfigError(
            f"blocks: given {many}, expected an even number: half of them are the sample"
        )
    least = max(many, 4)
    if len(values) < least:
        raise ConfigError(
            f"returns: given {len(values)} rows for {many} blocks, expected {least} at least; give "
            "fewer blocks"
        )
    of = kernel(backend)
    return of_moments(of.overfitting(*of.block_moments(values, many)))


def of_moments(
    found: tuple[float, Numbers, Numbers, Numbers, float | None, float | None, float],
) -> Overfitting:
    """Return what a backend has found."""
    probability, logits, inside, outside, slope, intercept, loss = found
    return Overfitting(probability, logits, slope, intercept, loss, inside, outside)
