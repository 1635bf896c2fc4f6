"""What ruins an account beside a price: a rate, a cost, a tariff."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

import omega
from tests.support import candles

BEGIN = datetime(2024, 1, 1)  # noqa: DTZ001 - in the data's own clock


def flat(*closes: float) -> pl.DataFrame:
    """Give a bar a minute that does not move, at each of some prices."""
    times = [BEGIN + timedelta(minutes=minute) for minute in range(len(closes))]
    sides = {name: [float(close) for close in closes] for name in ("open", "high", "low", "close")}
    return pl.DataFrame({"time": times, **sides})


def test_a_rate_alone_ruins_at_the_close_of_its_bar(backend: str) -> None:
    """100 at 100 euros, then at 10: a loss of 9,000 euros, at 1.2 dollars 10,800 of 10,000."""
    result = omega.run_backtest(
        flat(100, 100, 10, 10, 10, 10),
        candles.told({0: omega.Signal("long", size=100)}),
        symbol="FOO",
        instruments=omega.Instrument("FOO", quote_currency="EUR"),
        conversion={"EURUSD": flat(1.0, 1.0, 1.0, 1.0, 1.2, 1.0)},
        backend=backend,
    )
    assert result.trades["exit_reason"].to_list() == ["ruin"]
    assert result.trades["exit_index"].to_list() == [4]
    assert result.equity["equity"].to_list()[-2:] == pytest.approx([-800, -800])


def test_a_foreign_share_of_a_cash_account_is_marked_at_each_rate(backend: str) -> None:
    """40 bought at 100 and a rate of 1: worth 4,000, then 2,000, then 2,800."""
    result = omega.run_backtest(
        flat(*[100] * 7),
        candles.told({0: omega.Signal("long", size=40)}),
        symbol="FOO",
        instruments=omega.Instrument("FOO", quote_currency="EUR"),
        conversion={"EURUSD": flat(1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.7)},
        account="cash",
        backend=backend,
    )
    assert result.equity["equity"].to_list()[-4:] == pytest.approx([8_000, 8_000, 8_000, 8_800])


def test_a_tariff_that_charges_more_for_less_takes_no_cash_below_zero(backend: str) -> None:
    """47 at 210 are 9,870, and 600 more below 50 units: 44 and 600 are 9,840."""
    result = omega.run_backtest(
        flat(100, 210, 210),
        candles.told({0: omega.Signal("long")}),
        instruments=omega.Instrument("A", volume_step=1),
        sizer=omega.EquityPercent(100),
        costs=omega.Costs(fee=lambda fill: 600.0 if fill.is_entry and fill.units < 50 else 0.0),
        account="cash",
        backend=backend,
    )
    assert result.fills["lots"].to_list()[0] == 44
    assert result.fills["fee"].to_list()[0] == 600


def test_what_the_end_of_the_data_costs_may_ruin(backend: str) -> None:
    """100 at 100 and 60 leave 0 of 10,060; at 0.5 they bring 50, less 60."""
    result = omega.run_backtest(
        flat(100, 100, 0.5),
        candles.told({0: omega.Signal("long", size=100)}),
        cash=10_060,
        costs=omega.Costs(fee_fixed=60),
        backend=backend,
    )
    assert result.equity["equity"][-1] == -10
    assert result.metrics["cagr"] == -1.0
    assert any(notice.kind == "ruin" and "went on" not in str(notice) for notice in result.notices)


def test_the_end_ruins_what_was_entered_at_the_last_close(backend: str) -> None:
    """No bar has an equity of it inside, and closing it costs 20,000 of 10,000."""
    late = flat(100, 100, 100).with_columns(pl.col("time") + timedelta(hours=23, minutes=57))
    result = omega.run_backtest(
        late,
        candles.told({1: omega.Signal("long", type="close", size=1)}),
        costs=omega.Costs(fee=lambda fill: 0.0 if fill.is_entry else 20_000.0),
        backend=backend,
    )
    assert result.trades["exit_reason"].to_list() == ["end_of_data"]
    assert result.metrics["cagr"] == -1.0
    assert result.metrics["worst_day"] == -1.0
    assert result.metrics["lowest_equity"] == -10_000.0
    assert "ruin" in [notice.kind for notice in result.notices]


def test_the_first_version_knows_no_cash_account(backend: str) -> None:
    with pytest.raises(omega.errors.ConfigError, match="semantics: given 1 with a cash account"):
        omega.run_backtest(
            flat(1, 1, 1), candles.told({}), account="cash", semantics=1, backend=backend
        )
