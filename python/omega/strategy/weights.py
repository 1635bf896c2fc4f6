"""Target weights: the share of each symbol, from a table or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from omega.config.times import to_units
from omega.config.values import Refused, check, flag, number, one_of, optional, value
from omega.contract import RuleFields, WeightFields
from omega.errors import ConfigError
from omega.strategy.schedules import PERIODS, Days, period_starts
from omega.strategy.target_table import Targets, targets_of

if TYPE_CHECKING:
    from omega.contract import ArrowLike

When: TypeAlias = "str | Sequence[datetime | str | int]"
WeightFunction: TypeAlias = Callable[[Any], Mapping[str, float | None]]


@value
class Weights:
    """Target weights, the sixth form of a strategy.

    Positions are brought to shares of the equity, first all that reduces, then all that increases,
    the latter under one common factor where the cash does not suffice; no order depends on the
    order in which symbols are given. A table never calls Python. A weight dated with a bar is known
    once that bar is complete and works at the next open; sizes follow from the last closes. Each
    row of `result.weights` shows the outcome of a target (rules W1 to W12).

    Attributes:
        targets: A table with columns `time`, `symbol` and `weight`; or one with a time and a column
            for each symbol; or a function that gets the newest bar and returns `{symbol: weight}`.
            A weight of null, or None, leaves a symbol alone; NaN is refused, that of pandas is
            null. Weights below 0 are short.
        when: "change": a symbol is traded where its target differs from the one before; "1d", "1w",
            "1mo", "1q" or "1y": all symbols, by the newest targets, at the first step of each
            period; or times, each acted on at the first step at or after it.
        size_at: "decision" sizes at the last closes; "fill" at the prices that the orders fill at.
        min_trade: The least trade, in account currency; below 1 a share of the equity. Full exits
            are always done.
        band: The least distance of a weight from its target that is traded.
        max_turnover: The most that a rebalance trades, as a share of the equity; all trades are cut
            by one factor.
        cash_buffer: The share of the equity that is never spent.
        missing: What happens to symbols that a rebalance does not name: "sell" or "hold".
        short_pays: Whether short positions pay dividends; True alone is possible.
        participation: The share of the volume of the bar before that a symbol may trade in a bar.
        carry_over: What happens to the rest: "cancel", or "retry" at the next bar.

    Raises:
        ConfigError: A setting is impossible.

    Example:
        >>> weights = Weights({"time": ["2024-01-31"], "AAA": [0.6], "BBB": [0.4]}, when="1mo")
        >>> weights.missing
        'sell'
    """

    targets: ArrowLike | WeightFunction
    when: When = "change"
    size_at: str = "decision"
    min_trade: float = 0.0
    band: float = 0.0
    max_turnover: float | None = None
    cash_buffer: float = 0.0
    missing: str = "sell"
    short_pays: bool = True
    participation: float | None = None
    carry_over: str = "cancel"

    def __post_init__(self) -> None:
        """Check the settings; the table is read against the symbols of a run."""
        check(self, _when, "when")
        check(self, one_of("decision", "fill"), "size_at")
        check(self, number(minimum=0), "min_trade", "band")
        check(self, optional(number(above=0)), "max_turnover")
        check(self, number(minimum=0, maximum=1), "cash_buffer")
        check(self, one_of("sell", "hold"), "missing")
        check(self, flag, "short_pays")
        check(self, optional(number(above=0, maximum=1)), "participation")
        check(self, one_of("cancel", "retry"), "carry_over")
        if not self.short_pays:
            raise ConfigError(
                "Weights.short_pays: given False, expected True. Whoever is short owes the "
                "dividend to the lender"
            )

    @property
    def is_function(self) -> bool:
        """Whether weights come from a function, called in the run; the engine's part."""
        return callable(self.targets)

    @property
    def rules(self) -> RuleFields:
        """How sizes follow from targets; the engine's part."""
        return {
            "size_at": self.size_at,
            "min_trade": self.min_trade,
            "band": self.band,
            "max_turnover": self.max_turnover,
            "cash_buffer": self.cash_buffer,
        }

    def table(self, symbols: Sequence[str], unit: str, *, is_cash: bool) -> Targets:
        """Read the table for the symbols of a run; the engine's part.

        Raises:
            ConfigError: It has no such columns, an unknown symbol, NaN, or weights that a cash
                account cannot hold.
        """
        found = targets_of(self.targets, symbols, unit)
        if is_cash:
            found.require_cash()
        return found

    def schedule(self, days: Days, unit: str) -> list[int] | None:
        """Return the times at which all is traded, None where changes decide; the engine's part."""
        if self.when == "change":
            return None
        if isinstance(self.when, str):
            return period_starts(self.when, days)
        return sorted(to_units(moment, unit) for moment in self.when)

    def fields(
        self, symbols: Sequence[str], days: Days, unit: str, *, is_cash: bool
    ) -> WeightFields:
        """Return what a backend reads; the engine's part."""
        import numpy as np  # noqa: PLC0415 - slow to import, and few runs need it

        table = self.table(symbols, unit, is_cash=is_cash)
        schedule = self.schedule(days, unit)
        return {
            "times": table.times,
            "offsets": table.offsets,
            "symbols": table.symbols,
            "weights": table.weights,
            "schedule": None if schedule is None else np.array(schedule, dtype=np.int64),
            "missing": self.missing,
            "rules": self.rules,
        }


def _when(given: object) -> When:
    if isinstance(given, str):
        return one_of("change", *PERIODS)(given)
    listed = list(given) if hasattr(given, "__iter__") else []
    if not listed:
        words = ", ".join(repr(word) for word in ("change", *PERIODS))
        raise Refused(f"one of {words}, or a list of moments")
    for moment in listed:
        to_units(moment, "s", "Weights.when")
    return tuple(listed)
