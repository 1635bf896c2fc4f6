"""Metrics by name, whose error of an unknown name has the one that was meant."""

from __future__ import annotations

from typing import NoReturn

from omega.config.values import nearest
from omega.results.display import Metric


class NamedMetrics(dict[str, Metric]):
    """A dict of metrics.

    Example:
        >>> NamedMetrics(sharpe=1.0, trades=3)["Sharpe Ratio"]
        Traceback (most recent call last):
        ...
        KeyError: "no metric 'Sharpe Ratio'. Did you mean 'sharpe'?"
    """

    def __missing__(self, name: object) -> NoReturn:
        """Refuse a name that is not there."""
        raise KeyError(f"no metric {name!r}. {nearest(str(name), self)}")
