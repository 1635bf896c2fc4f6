"""A schedule: strategies that follow each other in one run, on one account.

It is a form of strategy like any other: both backends run it in one loop, and hand each step to
the strategy in force.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

from omega.config.managers import Manager
from omega.errors import ConfigError

Border = Literal["keep", "cancel", "flat"]
"""What becomes of what is open: all stays, positions stay, nothing stays."""


@dataclasses.dataclass(frozen=True)
class Stage:
    """A strategy for a stretch of a run.

    Attributes:
        begin: The first step at whose open it acts.
        strategy: Any form but an ensemble; None decides nothing.
        border: What becomes at that open of positions and waiting orders.
    """

    begin: int
    strategy: Any
    border: Border = "keep"


@dataclasses.dataclass(frozen=True)
class Schedule:
    """Strategies that follow each other.

    Attributes:
        stages: In the order of their steps.
        needs: Complete bars that the first decision needs of each track, whatever the stages need
            that come later.
        disturbed: Whether entries and exits go out a step later, a seed, and the share of entries
            that are lost, drawn from it.

    Example:
        >>> fast, slow = omega.native("sma_cross", fast=5), omega.native("sma_cross", fast=20)
        >>> Schedule((Stage(100, fast), Stage(200, slow))).strategies[1]
        native('sma_cross', fast=20)
    """

    stages: Sequence[Stage]
    needs: Sequence[int] = ()
    disturbed: tuple[bool, bool, int, float] = (False, False, 0, 0.0)

    @property
    def strategies(self) -> list[Any]:
        """The strategy of each stage."""
        return [stage.strategy for stage in self.stages]

    @property
    def first(self) -> Any:  # noqa: ANN401 - of any form
        """The first strategy that there is; None where none is."""
        return next((one for one in self.strategies if one is not None), None)

    @property
    def position_manager(self) -> Any:  # noqa: ANN401 - as of a strategy
        """The managers of the account, which all strategies have in common.

        Raises:
            ConfigError: They differ.
        """
        strategies = [one for one in self.strategies if one is not None]
        given = [getattr(one, "position_manager", None) for one in strategies]
        for one in given[1:]:
            if not _are_alike(one, given[0]):
                raise ConfigError(
                    f"position_manager: given {given[0]!r} and {one!r} by the strategies of one "
                    "account, expected the same; give it to the run as position_manager="
                )
        return given[0] if given else None

    def of(self, strategies: Sequence[Any]) -> Schedule:
        """Return the same schedule of other strategies, such as copies."""
        made = zip(self.stages, strategies, strict=True)
        stages = tuple(dataclasses.replace(stage, strategy=own) for stage, own in made)
        return dataclasses.replace(self, stages=stages)

    def __repr__(self) -> str:
        shown = ", ".join(f"{stage.begin}: {stage.strategy!r}" for stage in self.stages)
        return f"Schedule({shown})"


def _are_alike(one: object, other: object) -> bool:
    """Return whether managers do the same; objects of the user's own are taken by their class."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_are_alike, one, other))
    if isinstance(one, Manager) or isinstance(other, Manager):
        return one == other
    return type(one) is type(other)


def unlike(first: object, other: object) -> ConfigError:
    """Return how a strategy is refused that cannot follow another one."""
    return ConfigError(
        f"strategy: given {other!r} after {first!r}, expected the same form in all windows, as one "
        "loop runs them"
    )
