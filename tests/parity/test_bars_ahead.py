"""Goal: a class that is called for bars ahead, as far as nothing happens in them, sees what it sees
step by step.

The reference walks each step; the core calls a class over one symbol for quiet bars in a row. Both
keep all that can be read on each bar, in runs whose levels are reached after a while.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import omega
from tests.support.backends import WITHOUT_CORE
from tests.support.signal_columns import walk

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="there is only one backend")

BARS = 700


class Sees(omega.Strategy):
    """Keeps what it reads on each bar, and orders now and then."""

    pause: int = 40
    stop: float = 1e-3

    def init(self) -> None:
        """Declare."""
        self.fast, self.slow = self.sma(3), self.sma(9)
        self.seen: list[Any] = []
        self.bars: list[Any] = []

    def on_bar(self, bar: Any) -> Any:  # noqa: ANN401 - a Bar
        """Look, and order."""
        position = self.position
        self.seen.append((
            bar.index, bar.time, bar.bid.close, bar.ago(1).close, self.fast[-1], len(self.slow),
            self.equity, self.balance, [order.order_id for order in self.pending],
            position and (position.profit, position.open_profit, position.bars_held),
            omega.crossover(self.fast, self.slow), omega.crossunder(first=self.fast, second=1.1),
        ))  # fmt: skip
        if bar.index % 50 == 0:
            self.bars.append(bar)
        if bar.index % self.pause == 0:
            self.buy(1.0, stop_loss=bar.close - self.stop, take_profit=omega.Distance(self.stop))
        if bar.index % (3 * self.pause) == 7:
            self.sell(0.5, limit=bar.close + self.stop, expires="day")
        if bar.index % (5 * self.pause) == 11:
            return omega.Close()
        return None


def candles(kind: str) -> pl.DataFrame:
    """Give minutes, in one piece or in three."""
    both = walk(BARS, 5)
    parts = [both[start : start + 250] for start in range(0, BARS, 250)]
    return pl.concat(parts, rechunk=False) if kind == "chunks" else both


WORDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "chunks": {},
    "swaps": {"costs": omega.Costs(swap_long=-1.5, swap_short=0.5)},
    "stop-out": {"cash": 60.0, "account": omega.Account(leverage=30, stop_out_level=1.0)},
    "cooldown": {"limits": omega.Limits(cooldown_bars=3)},
    "earlier rules": {"semantics": 1},
}


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("pause", [1, 13, 90])
def test_a_class_sees_the_same_on_each_bar(kind: str, pause: int) -> None:
    words = {
        "instruments": omega.Instrument("SYMBOL", contract_size=1_000, tick_size=1e-5),
        **WORDS[kind],
    }
    core, reference = (
        omega.run_backtest(candles(kind), Sees(pause=pause), backend=backend, **words)
        for backend in ("rust", "python")
    )
    assert core.strategy.seen == reference.strategy.seen
    assert [bar.index for bar in core.strategy.bars] == list(range(50, BARS - 1, 50))
    assert core.fingerprint == reference.fingerprint
    assert core.trades.height


@pytest.mark.parametrize("held", [False, True])
def test_an_error_ahead_names_its_bar(held: bool) -> None:
    class Fails(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 20 and held:
                self.buy(1.0)
            if bar.index == 333:
                raise ValueError("no more")

    def message(backend: str) -> list[str]:
        with pytest.raises(ValueError, match="no more") as raised:
            omega.run_backtest(candles("plain"), Fails(), backend=backend)
        return [str(raised.value), *raised.value.__notes__]

    assert message("rust") == message("python")
    assert "333" in "".join(message("rust"))
