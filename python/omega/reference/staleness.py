"""How long a symbol may be without a bar before it is stale (F15)."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omega.reference.days import Days
from omega.reference.rows import Known, Moment


@dataclass(frozen=True)
class Staleness:
    """How long a symbol may be without a bar while others have some.

    Attributes:
        after: Days on which another symbol had a bar.
        days: The days of each symbol.
        traded: Of each symbol, the days on which any symbol has a bar, ascending.
    """

    after: int
    days: Mapping[str, Days]
    traded: Mapping[str, Sequence[int]]

    @classmethod
    def over(
        cls,
        after: int,
        days: Mapping[str, Days],
        times: Sequence[int],
        halts: Sequence[Sequence[tuple[int, int]]] = (),
    ) -> Staleness:
        """Count the days of a timeline, without those on which a symbol was halted (A8)."""
        traded = {symbol: sorted({own.of(time) for time in times}) for symbol, own in days.items()}
        for symbol, own in zip(days, halts, strict=False):
            for begin, end in own:
                first, past = days[symbol].of(begin), days[symbol].of(end)
                traded[symbol] = [day for day in traded[symbol] if not first <= day < past]
        return cls(after, days, traded)

    def holds(self, now: Known) -> bool:
        """Whether a symbol has been without a bar for too long."""
        if isinstance(now, Moment) or now.newest is None:
            return False
        days, traded = self.days[now.symbol], self.traded[now.symbol]
        newest, today = (bisect.bisect_right(traded, days.of(t)) for t in (now.newest, now.time))
        return today - newest >= self.after
