"""No purchase takes the cash of a cash account below 0, whatever is asked of it (rules W7, M12)."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

import omega
from tests.support.backends import BACKENDS
from tests.support.portfolios import candles, targets

NAMES = ("A", "B", "C")
PRICES = st.floats(1, 500, allow_nan=False)


def steep(fill: omega.FeeBasis) -> float:
    """Charge more the less is traded."""
    return 500.0 / max(fill.lots, 0.1)


class Greedy(omega.Strategy):
    """Rebalances, and buys with what is left, whatever that is."""

    def __init__(self, table: dict[int, dict[str, float]]) -> None:
        super().__init__()
        self.table = table

    def on_bar(self, bar: omega.Bar) -> None:
        own = self.table.get(bar.index)
        if own is not None:
            self.rebalance(own)
            self.order_target("C", value=self.balance)
        elif bar.index % 2:
            self.buy(symbol="B")


@st.composite
def bars(draw: st.DrawFn, days: int) -> pl.DataFrame:
    """Prices that jump between a close and the next open; some days have no bar."""
    pairs = draw(st.lists(st.tuples(PRICES, PRICES), min_size=days, max_size=days))
    gaps = draw(st.sets(st.integers(2, days - 2), max_size=3))
    return candles([None if day in gaps else pair for day, pair in enumerate(pairs)])


@st.composite
def shares(draw: st.DrawFn) -> dict[str, float]:
    """Weights of at most 1 in all, often exactly 1."""
    parts = draw(st.lists(st.integers(0, 8), min_size=3, max_size=3).filter(any))
    whole = draw(st.sampled_from([sum(parts), 8 * 3]))
    return {name: part / whole for name, part in zip(NAMES, parts, strict=True)}


COSTS = st.fixed_dictionaries(
    {
        "fee_percent": st.sampled_from([0.0, 0.1, 3.0]),
        "fee_fixed": st.sampled_from([0.0, 1.0, 900.0]),
        "fee_min": st.sampled_from([0.0, 5.0]),
        "slippage_percent": st.sampled_from([0.0, 0.3]),
        "fee": st.sampled_from([None, None, steep]),
    }
)
RULES = st.fixed_dictionaries(
    {
        "size_at": st.sampled_from(["decision", "fill"]),
        "cash_buffer": st.sampled_from([0.0, 0.0, 0.3]),
        "when": st.sampled_from(["change", "1d"]),
        "missing": st.sampled_from(["sell", "hold"]),
    }
)


def lowest_cash(result: omega.BacktestResult, cash: float) -> float:
    """The least cash after a purchase; what is paid for a share is paid at once."""
    least = math.inf
    fills = result.fills.with_columns(is_buy=pl.col("trade_id").is_first_distinct())  # all long
    for is_buy, price, lots, fee in fills.select("is_buy", "price", "lots", "fee").iter_rows():
        cash += (-1 if is_buy else 1) * lots * price - fee
        least = min(least, cash) if is_buy else least
    return least


@given(
    data=st.fixed_dictionaries(dict.fromkeys(NAMES, bars(9))),
    table=st.dictionaries(st.integers(0, 7), shares(), min_size=1, max_size=5),
    costs=COSTS,
    rules=RULES,
    step=st.sampled_from([None, 1.0, 0.01]),
    is_class=st.booleans(),
)
def test_cash_stays_above_0(
    data: dict[str, pl.DataFrame],
    table: dict[int, dict[str, float]],
    costs: dict[str, Any],
    rules: dict[str, Any],
    step: float | None,
    *,
    is_class: bool,
) -> None:
    strategy: Any = omega.Weights(targets(table), **rules)
    if is_class:
        strategy = Greedy(table)
    result = omega.run_backtest(
        data,
        strategy,
        cash=10_000,
        account="cash",
        instruments=omega.Instrument(volume_step=step),
        costs=omega.Costs(**costs),
        sizer=omega.EquityPercent(60),
        backend=BACKENDS[0],
        execution=omega.Execution(close_at_end=False),
    )
    assert lowest_cash(result, 10_000) >= -1e-8
