"""Exits that no executor reports: others may close positions of the user's own at once.

They are a position manager, a portfolio, or an executor that takes a signal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from omega.contract import Component


class Exits:
    """Watches the portfolio's open positions while others act.

    Attributes:
        is_active: Whether the executor has anything active; while it has nothing, nobody is asked.
        unseen: Symbols and times of exits that the executor has not yet taken note of.
    """

    def __init__(self, portfolio: Component, symbols: Sequence[str]) -> None:
        self.portfolio, self.symbols = portfolio, symbols
        self.is_active = False
        self.unseen: list[tuple[str, int]] = []

    @contextlib.contextmanager
    def watching_all(self, time: int) -> Iterator[None]:
        """Note which positions of all symbols are open no more."""
        with self.watching(self.symbols if self.is_active else (), time):
            yield

    @contextlib.contextmanager
    def watching(self, symbols: Sequence[str], time: int) -> Iterator[None]:
        """Note which positions of some symbols are open no more."""
        before = {symbol: self._open(symbol) for symbol in symbols}
        yield
        for symbol, held in before.items():
            gone = _gone(held, self._open(symbol)) if held else 0
            self.unseen += [(symbol, time)] * gone

    def take(self) -> list[tuple[str, int]]:
        """Return what happened since the last call."""
        taken, self.unseen = self.unseen, []
        return taken

    def _open(self, symbol: str) -> list[Any]:
        return list(self.portfolio.get_open_positions(symbol) or ())


def _gone(before: Sequence[Any], after: Sequence[Any]) -> int:
    """How many are open no more; by number, as far as they have numbers."""
    if any(not hasattr(position, "trade_id") for position in (*before, *after)):
        return max(len(before) - len(after), 0)
    left = [position.trade_id for position in after]
    return sum(position.trade_id not in left for position in before)
