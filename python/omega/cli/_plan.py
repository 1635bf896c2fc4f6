"""The plan of a run: what a run file or the arguments of a command name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import omega
from omega.cli._shared import Misunderstood
from omega.cli._strategies import strategy_of
from omega.contract import AnyForm, ArrowLike


@dataclass
class Plan:
    """A run that was requested.

    Attributes:
        strategy: Where the strategy stands.
        parameters: Those of its class.
        data: Files of candles by symbol; None where the data has one that needs no name.
        ask: The ask side, where the data holds only the bid side.
        symbol: The name of single-symbol data.
        allow: Rules that the data may break.
        settings: Of `run_backtest`, by name.
        output: Where results go: "directory", "overwrite", "report".
        benchmark: What the run is compared with; sweeps have none.
        grid: Values of each parameter of a sweep.
        sweep: "workers", "metric", "metrics", "out" and "top" of a sweep.
    """

    strategy: str
    parameters: dict[str, object] = field(default_factory=dict)
    data: dict[str | None, Path] = field(default_factory=dict)
    ask: Path | None = None
    symbol: str | None = None
    allow: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    benchmark: str | bool | None = None
    grid: dict[str, Any] = field(default_factory=dict)
    sweep: dict[str, Any] = field(default_factory=dict)

    def made_strategy(self) -> AnyForm:
        """Make the strategy with its parameters."""
        return strategy_of(self.strategy, self.parameters)

    def candles(self) -> ArrowLike:
        """Return the data as `run_backtest` takes it."""
        if not self.data:
            raise Misunderstood(
                "DATA: no file of candles was given. Name one after the strategy, such as "
                "candles.parquet, or SYMBOL=candles.parquet for each of several"
            )
        if set(self.data) != {None}:
            return dict(self.data)
        bid = self.data[None]
        return bid if self.ask is None else omega.Candles(bid=bid, ask=self.ask)

    def arguments(self) -> dict[str, Any]:
        """Return the settings of the run."""
        found = dict(self.settings)
        if self.symbol is not None:
            found["symbol"] = self.symbol
        if self.allow:
            found["validate"] = dict.fromkeys(self.allow, "allow")
        return found
