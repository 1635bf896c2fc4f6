"""Continuous futures: the contract held at each time, and its prices (rules R1 to R5)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from omega.config.calendar import CalendarLike
from omega.config.events import ADJUSTS, SIZES, Events
from omega.config.times import to_units
from omega.config.values import counted
from omega.contract import ArrowLike
from omega.errors import ConfigError
from omega.libraries import arguments_of
from omega.run.chains import Held, chain_of, rule_of
from omega.run.contracts import contracts_of

_PRICES = ("open", "high", "low", "close", "bid", "ask")

Rows = tuple[tuple[Any, ...], ...]


class Continuous:
    """Contracts of one future that are held one after the other.

    `omega.run_backtest` takes it as data: candles and money are those of the contract held, and
    what a strategy sees of earlier bars is adjusted as of now. At a roll what is open is closed in
    the old contract and opened in the new one, both at the open of a bar that both have and with
    costs: trades with `exit_reason = "roll"` and one `chain_id`.

    Attributes:
        candles: Those of the contract held at each time, as they were traded.
        rolls: Each roll: time, old and new contract, bid and ask of the old one and bid of the new
            one at that open, and their difference and ratio.
        adjust: What rolls make of earlier prices.

    Example:
        >>> from datetime import datetime
        >>> def contract(closes):
        ...     days = [datetime(2024, 1, day) for day in range(1, 1 + len(closes))]
        ...     prices = dict.fromkeys(("open", "high", "low", "close"), closes)
        ...     return pl.DataFrame({"time": days, **prices})
        >>> march, june = contract([100.0, 101.0]), contract([104.0, 105.0, 106.0])
        >>> chain = Continuous({"H4": march, "M4": june}, roll="days:0", adjust="difference")
        >>> chain.candles["close"].to_list(), chain.series["close"].to_list()
        ([100.0, 105.0, 106.0], [104.0, 105.0, 106.0])
        >>> chain.map["contract"].to_list()
        ['H4', 'M4', 'M4']
    """

    def __init__(
        self,
        contracts: ArrowLike,
        roll: Any = "days:5",  # noqa: ANN401 - a name, or any table
        adjust: str = "none",
        *,
        expiries: Mapping[str, Any] | None = None,
        size: str = "contracts",
        calendar: CalendarLike = None,
    ) -> None:
        """Find which contract is held when.

        Args:
            contracts: {name: candles}, or a table with a column symbol, as `omega.CandleStore`
                takes them; what a chain goes through is in order of the last days.
            roll: "days:5" rolls five trading days before the last day, into the next contract;
                "volume" on the day after the first on which a later contract had more volume, and
                on the last day at the latest; or a table of time and contract, each held from that
                time on. A roll is at the first bar that both have.
            adjust: What a strategy sees of prices before a roll: "none", as they were traded;
                "difference" or "ratio", moved or multiplied so that the roll leaves no step.
            expiries: {name: last day}; by default the day of the last bar, and none for contracts
                whose bars end with the data.
            size: After a roll the same number of "contracts", or about the same "notional".
            calendar: Which day a bar belongs to, as in `omega.run_backtest`.

        Raises:
            ConfigError: A setting is unknown, a price of a roll is not known, or two contracts that
                follow each other have no bar in common.
        """
        with arguments_of("Continuous"):
            for name, given, known in (("adjust", adjust, ADJUSTS), ("size", size, SIZES)):
                if given not in known:
                    raise ConfigError(
                        f"{name}: given {given!r}, expected one of {', '.join(known)}"
                    )
            found = contracts_of(contracts, expiries, calendar)
            self.adjust, self._size = adjust, size
            kind = found[0].frame["time"].dtype
            self._unit = str(getattr(kind, "time_unit", "ns"))
            self._chain = chain_of(rule_of(roll, found, self._unit))
            self.candles = pl.concat(
                [held.contract.frame[held.begin : held.past] for held in self._chain]
            )
            self.rolls = self._rolls()

    @cached_property
    def map(self) -> pl.DataFrame:
        """Which contract is held at each bar: time and contract."""
        names = [pl.repeat(h.contract.name, h.past - h.begin, eager=True) for h in self._chain]
        contract = pl.concat(names).cast(pl.Categorical).alias("contract")
        return self.candles.select("time").with_columns(contract)

    @property
    def series(self) -> pl.DataFrame:
        """The candles adjusted back from the contract held last, with the column contract.

        For charts. Its levels hold rolls of later dates, and may be below 0: what a strategy sees
        in a run is `as_of` its own time.
        """
        return self._adjusted(self.candles.with_columns(self.map["contract"]), self.rolls)

    def as_of(self, moment: Any) -> pl.DataFrame:  # noqa: ANN401 - any moment
        """Return the series as it was known at a time: without later bars and later rolls.

        Args:
            moment: A datetime, a date (its begin), ISO 8601 text, or an integer in the unit of the
                candles.

        Example:
            >>> chain = example_chain()
            >>> chain.as_of("2024-01-01")["close"].to_list()
            [100.0]
        """
        until = pl.col("time").to_physical() <= to_units(moment, self._unit, "moment")
        known = self.candles.with_columns(self.map["contract"]).filter(until)
        return self._adjusted(known, self.rolls.filter(until))

    def events(self, symbol: str | None = None) -> Events:
        """Return the rolls as events of a run over `candles`.

        Args:
            symbol: What the run calls the future; may be left out where it is the only one.

        Example:
            >>> len(example_chain().events().rolls)
            1
        """
        return Events(rolls=self.rows(symbol))

    def rows(self, symbol: str | None) -> Rows:
        """Return the rows of `Events.rolls`.

        Example:
            >>> example_chain().rows("FUT")
            (('FUT', 1704153600000000, 101.0, 101.0, 'difference', 'contracts'),)
        """
        times = self.rolls["time"].to_physical().to_list()
        bids, asks = self.rolls["bid"].to_list(), self.rolls["ask"].to_list()
        return tuple(
            (symbol, time, bid, ask, self.adjust, self._size)
            for time, bid, ask in zip(times, bids, asks, strict=True)
        )

    def __repr__(self) -> str:
        """Which contracts, and how many bars."""
        names = [held.contract.name for held in self._chain]
        return (
            f"Continuous({counted(len(names), 'contract')} from {names[0]} to {names[-1]}, "
            f"{counted(self.candles.height, 'bar')}, adjust={self.adjust!r})"
        )

    def _rolls(self) -> pl.DataFrame:
        pairs = list(zip(self._chain[:-1], self._chain[1:], strict=True))
        opens = [_opens_of(old, new) for old, new in pairs]
        times = [new.contract.frame["time"][new.begin] for _, new in pairs]
        columns = {
            "time": pl.Series(times, dtype=self.candles["time"].dtype),
            "old": pl.Series([old.contract.name for old, _ in pairs], dtype=pl.String),
            "new": pl.Series([new.contract.name for _, new in pairs], dtype=pl.String),
        }
        for place, name in enumerate(("bid", "ask", "new_bid")):
            columns[name] = pl.Series([row[place] for row in opens], dtype=pl.Float64)
        rolls = pl.DataFrame(columns).with_columns(
            difference=pl.col("new_bid") - pl.col("bid"), ratio=pl.col("new_bid") / pl.col("bid")
        )
        below = rolls.filter((pl.col("bid") <= 0.0) | (pl.col("new_bid") <= 0.0))
        if self.adjust == "ratio" and below.height:
            raise ConfigError(
                f"adjust: given 'ratio', and {below['old'][0]} rolls at {below['bid'][0]:g} into "
                f"{below['new_bid'][0]:g}, expected prices above 0. Use 'difference'"
            )
        return rolls

    def _adjusted(self, frame: pl.DataFrame, rolls: pl.DataFrame) -> pl.DataFrame:
        if self.adjust == "none" or not rolls.height:
            return frame
        times = frame["time"].to_physical().to_numpy()
        shifts, factors = np.zeros(len(times)), np.ones(len(times))
        begins = rolls["time"].to_physical().to_list()
        for begin, row in zip(begins, rolls.rows(named=True), strict=True):
            shifts[times < begin] += row["difference"]
            factors[times < begin] *= row["ratio"]
        prices = [name for name in frame.columns if name.endswith(_PRICES)]
        changed = pl.col(prices) + pl.Series(shifts)
        if self.adjust == "ratio":
            changed = pl.col(prices) * pl.Series(factors)
        return frame.with_columns(changed)


def _opens_of(old: Held, new: Held) -> tuple[float, float, float]:
    """Return bid and ask of the old contract at a roll, and the bid of the new one.

    Raises:
        ConfigError: One is not known.
    """
    row = int(np.searchsorted(old.contract.times, new.contract.times[new.begin]))
    found = (
        float(old.contract.bid[row]),
        float(old.contract.ask[row]),
        float(new.contract.bid[new.begin]),
    )
    if not all(np.isfinite(found)):
        raise ConfigError(
            f"contracts: given {found} at the roll from {old.contract.name} into "
            f"{new.contract.name}, expected finite prices"
        )
    return found


def unrolled(data: Any, symbol: str | None) -> tuple[Any, Rows]:  # noqa: ANN401 - as CandleStore
    """Return candles that a store takes, and the rolls of those that are chains.

    Args:
        data: As `omega.run_backtest`.
        symbol: What single-symbol data is called, for the rows of its rolls.
    """
    if isinstance(data, Continuous):
        return data.candles, data.rows(symbol)
    if not isinstance(data, Mapping) or not any(isinstance(c, Continuous) for c in data.values()):
        return data, ()
    chains = {str(name): one for name, one in data.items() if isinstance(one, Continuous)}
    plain = {
        name: one.candles if isinstance(one, Continuous) else one for name, one in data.items()
    }
    return plain, tuple(row for name, one in chains.items() for row in one.rows(name))


def example_chain() -> Continuous:
    """Return a small chain to try things on: two contracts on four days.

    Example:
        >>> example_chain()
        Continuous(2 contracts from H4 to M4, 4 bars, adjust='difference')
    """
    closes = {"H4": [100.0, 101.0, 102.0], "M4": [104.0, 105.0, 106.0, 107.0]}
    contracts = {
        name: pl.DataFrame(
            {"time": pl.Series(range(len(own))) * 86_400_000_000}
            | dict.fromkeys(("open", "high", "low", "close"), own)
        ).with_columns((pl.col("time") + 1_704_067_200_000_000).cast(pl.Datetime("us")))
        for name, own in closes.items()
    }
    return Continuous(contracts, roll="days:1", adjust="difference")
