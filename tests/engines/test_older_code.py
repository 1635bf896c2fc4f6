"""Code that was written for the older engine runs as it is; only the import has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

import omega
from omega.results.result import EngineStats
from tests.support.backends import BACKENDS
from tests.support.candles import walk
from tests.support.older_code import (
    AsDicts,
    AsEntries,
    Broker,
    Candle,
    Direction,
    Ledger,
    Logged,
    Reversion,
)

every_backend = pytest.mark.parametrize("backend", BACKENDS)

DATA = walk(3_000)
BEGINNING = datetime(2024, 1, 1, 1, 0, tzinfo=UTC)
PRICES = ("open", "high", "low", "close")


def listed(side: str, data: pl.DataFrame = DATA) -> list[Candle]:
    """Give the candles of a side as the older system holds them."""
    columns = data.select("time", *(f"{side}_{price}" for price in PRICES), "volume")
    return [Candle(*row) for row in columns.iter_rows()]


def by_the_older_engine(
    backend: str, strategy: Any = None
) -> tuple[Logged, Broker, Ledger, EngineStats]:
    """Run it all; every line is what the older system was called with."""
    portfolio = Ledger()
    executor = Broker(portfolio)
    strategy = strategy or Logged(Reversion())
    engine = omega.EventEngine(
        listed("bid"), listed("ask"), strategy, executor, portfolio, None, "EURUSD", None,
        BEGINNING, backend=backend,
    )  # fmt: skip
    return strategy, executor, portfolio, engine.run()


@every_backend
def test_old_components_run_as_they_are_and_count_truly(backend: str) -> None:
    strategy, executor, portfolio, stats = by_the_older_engine(backend)
    inner = strategy._strategy  # noqa: SLF001 - the wrapper's own
    assert inner.position_manager.attached == 1
    assert inner.position_manager.managed > 500
    reasons = [trade.exit_reason for trade in executor.trades]
    assert len(reasons) > 100
    assert {*reasons} == {"stop_loss", "take_profit", "time"}

    # Signals are signals and exits exits; what was no signal reached nobody.
    assert stats.exits_triggered == len(executor.trades)
    assert (
        stats.signals_generated
        == len(executor.signals)
        == len(executor.trades) + len(portfolio.open)
    )
    assert {signal.direction for signal in executor.signals} == {Direction.LONG, Direction.SHORT}
    asked = [index for index, _ in strategy.log]
    assert asked == list(range(59, 2_999))  # the first bar traded on is that of 01:00

    profit = sum(trade.gross_pnl for trade in executor.trades)
    assert portfolio.cash == pytest.approx(10_000.0 + profit - portfolio.fees)
    assert [time for time, _ in portfolio.equity_curve] == [
        *DATA["time"].to_physical().to_list()[60:]
    ]


@pytest.mark.skipif(len(BACKENDS) == 1, reason="there is no other backend to compare with")
def test_old_components_trade_the_same_by_both_backends() -> None:
    runs = [by_the_older_engine(backend) for backend in BACKENDS]
    (_, first, books, stats), (_, second, other_books, other_stats) = runs
    assert first.trades == second.trades
    assert books.equity_curve == other_books.equity_curve
    counts = [(s.bars_processed, s.signals_generated, s.exits_triggered) for s in
              (stats, other_stats)]  # fmt: skip
    assert counts[0] == counts[1]


@every_backend
@pytest.mark.parametrize("form", [AsDicts, AsEntries])
def test_older_forms_trade_the_same_with_an_executor_that_reads_older_names(
    backend: str, form: type[Any]
) -> None:
    _, expected, _, counted = by_the_older_engine(backend)
    _, executor, _, stats = by_the_older_engine(backend, form(Reversion()))
    assert executor.trades == expected.trades
    assert stats.signals_generated == counted.signals_generated
    signal = executor.signals[0]
    assert (signal.sl, signal["tp"], signal.get("scenario"), signal.get("reason")) == (
        signal.stop_loss, signal.take_profit, signal.scenario, str(signal.scenario),
    )  # fmt: skip
    with pytest.raises(KeyError):
        signal["target"]


class OnOmega(Reversion):
    """The strategy, which reads Omega's portfolio."""

    def __init__(self, portfolio: omega.Portfolio) -> None:
        super().__init__()
        self.portfolio = portfolio
        self.position_manager = omega.TimeExit(bars=15)  # type: ignore[assignment]  # in its place

    def holds(self) -> bool:
        return bool(self.portfolio.get_open_positions("EURUSD"))


@every_backend
def test_old_trades_are_those_of_omegas_own_components(backend: str) -> None:
    _, old, _, _ = by_the_older_engine(backend)
    portfolio = omega.Portfolio()
    executor = omega.ExecutionSimulator(
        instruments=omega.Instrument("EURUSD"),
        sizer=omega.FixedLots(2.0),
        execution=omega.Execution(close_at_end=False),
    )
    engine = omega.EventEngine(
        listed("bid"), listed("ask"), Logged(OnOmega(portfolio)), executor, portfolio,
        symbol="EURUSD", original_start_dt=BEGINNING, backend=backend,
    )  # fmt: skip
    engine.run()
    assert engine.result is not None
    names = ("direction", "lots", "entry_price", "exit_price", "exit_reason", "gross_pnl")
    assert engine.result.trades.select(names).rows() == [
        (t.direction, t.lots, t.entry_price, t.exit_price, t.exit_reason, t.gross_pnl)
        for t in old.trades
    ]
    assert engine.result.trades["tags"].to_list()[0] == ["reversion"]
    assert {*engine.result.trades["reason"]} == {"above", "below"}


class Second(Reversion):
    """The same for another symbol, which the slices have beside the first."""

    primary_symbol = "GBPUSD"
    cross_symbol = "EURUSD"

    def evaluate(self, index: int, slice_map: Any) -> Any:
        other = slice_map.get(self.cross_symbol, "bid")
        return None if other is None else super().evaluate(index, slice_map)


@pytest.mark.skipif(len(BACKENDS) == 1, reason="there is no other backend to compare with")
def test_old_components_trade_one_symbol_of_several_the_same_by_both_backends() -> None:
    data = {
        name: omega.Candles(
            bid=listed("bid", walk(900, seed=seed)), ask=listed("ask", walk(900, seed=seed))
        )
        for name, seed in (("EURUSD", 2), ("GBPUSD", 3))
    }
    trades = []
    for backend in BACKENDS:
        portfolio = Ledger()
        executor = Broker(portfolio)
        strategy = Logged(Second())
        omega.CrossSymbolEventEngine(data, strategy, executor, portfolio, backend=backend).run()
        trades.append(executor.trades)
        # Another symbol's prices never touch a position.
        assert {trade.symbol for trade in executor.trades} == {"GBPUSD"}
    assert trades[0] == trades[1]
    assert len(trades[0]) > 20
