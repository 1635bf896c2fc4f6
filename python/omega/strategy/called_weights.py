"""Target weights by a function, which is called once a rebalance (rule W11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omega.config.values import shown
from omega.errors import CallbackFailed
from omega.strategy.base import Strategy
from omega.strategy.targets import rebalance
from omega.strategy.weights import Weights

if TYPE_CHECKING:
    from omega._core import Bar


class CalledWeights(Strategy):
    """Calls a function for its weights, and rebalances to them."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.weights = weights
        self.rules: dict[str, Any] = {**weights.rules}
        self._last: dict[str, float] = {}

    def __repr__(self) -> str:
        return repr(self.weights)

    def go_on_from(self, before: CalledWeights) -> None:
        """Go on from targets that another one has acted on: what does not differ is left alone."""
        self._last = dict(before._last)

    def on_bar(self, bar: Bar) -> None:
        """Call the function; with `when="change"`, targets that have not changed are left alone."""
        given: object = self.weights.targets(bar)
        if not isinstance(given, Mapping):
            raise CallbackFailed(
                f"the function of Weights returned {shown(given)}, expected {{symbol: weight}}"
            )
        if self.weights.when != "change":
            rebalance(self._context(), given, missing=self.weights.missing, **self.rules)
            return
        wanted = dict(self._last)
        if self.weights.missing == "sell":
            wanted.update(dict.fromkeys(wanted.keys() - given.keys(), 0.0))
        wanted.update({name: own for name, own in given.items() if own is not None})
        changed = {name: own for name, own in wanted.items() if self._last.get(name) != own}
        self._last = wanted
        if changed:
            rebalance(self._context(), changed, missing="hold", **self.rules)
