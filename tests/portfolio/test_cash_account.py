"""A cash account pays and receives at the rates of its own trades (M11, M12)."""

from __future__ import annotations

import pytest

import omega
from tests.support import candles

RATES = candles.quoted((1,), (1,), (1,), (1.2,), (1.2,))
BOTH = {"SHARE": candles.quoted((100,), (100,), (100,), (100,), (100,)), "EURUSD": RATES}
BUY, SELL = omega.Signal("long", symbol="SHARE", size=100), omega.Close(symbol="SHARE")


@pytest.mark.parametrize(("account", "gained"), [("cash", 2_000), (None, 0)])
def test_a_foreign_share_gains_with_its_currency(
    backend: str, account: str | None, gained: float
) -> None:
    """100 shares bought at 100 at a rate of 1.00 and sold at 100 at 1.20."""
    result = omega.run_backtest(
        BOTH,
        candles.told({0: BUY, 2: SELL}),
        instruments=omega.Instrument("SHARE", quote_currency="EUR"),
        account=account,
        backend=backend,
    )
    assert result.trades["gross_pnl"].to_list() == pytest.approx([gained])
    assert result.equity["equity"][-1] == pytest.approx(10_000 + gained)


def test_what_is_open_is_marked_with_the_rate_of_the_day(backend: str) -> None:
    result = omega.run_backtest(
        BOTH,
        candles.told({0: BUY}),
        instruments=omega.Instrument("SHARE", quote_currency="EUR"),
        account="cash",
        execution=omega.Execution(close_at_end=False),
        backend=backend,
    )
    assert result.equity["equity"].to_list() == pytest.approx(
        [10_000, 10_000, 10_000, 12_000, 12_000]
    )


def test_a_purchase_is_converted_by_what_was_complete(backend: str) -> None:
    """Bought at the open of bar 3, whose rate of 1.2 is not known yet: 100 at 100 cost 10,000."""
    result = omega.run_backtest(
        BOTH,
        candles.told({2: BUY}),
        instruments=omega.Instrument("SHARE", quote_currency="EUR"),
        costs=omega.Costs(fee_percent=0),
        account="cash",
        backend=backend,
    )
    assert result.fills["rate"].to_list() == [1, 1.2]
    assert result.trades["gross_pnl"].to_list() == pytest.approx([2_000])


def test_the_fee_of_a_sale_may_be_above_what_it_brings(backend: str) -> None:
    """150 less 40 of fee, 90 of loss and 40 of fee are -20; then nothing is bought any more."""
    data = candles.quoted((100,), (100,), (10,), (10,), (10,))
    buy = omega.Signal("long", size=1)
    result = omega.run_backtest(
        data,
        candles.told({0: buy, 1: omega.Close(), 2: buy}),
        account=omega.Account(kind="cash", cash=150),
        costs=omega.Costs(fee_min=40),
        backend=backend,
    )
    assert result.equity["balance"].to_list() == [150, 110, -20, -20, -20]
    assert result.trades["exit_reason"].to_list() == ["signal"]
    assert result.orders["reject_reason"].to_list() == [None, None, "ruin"]
