"""Arguments of the look-ahead check that mean something else than they seem to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

import omega
from omega import ConfigError
from omega.run.continuous import example_chain
from tests.support.candles import rising


class _Buys(omega.Strategy):
    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index > 0 and self.position is None:
            self.buy()


@pytest.mark.parametrize("name", ["exhaustive", "build"])
@pytest.mark.parametrize("given", ["no", 1, None])
def test_flags_are_true_or_false(name: str, given: object) -> None:
    settings: dict[str, Any] = {name: given}
    with pytest.raises(ConfigError, match=rf"^{name}: given {given!r}, expected True or False"):
        omega.check_lookahead(_Buys, rising(9), **settings)


@pytest.mark.parametrize("given", ["x", 2.5, True, None, 0])
def test_prefixes_are_a_whole_number(given: Any) -> None:  # noqa: ANN401 - on purpose
    with pytest.raises(ConfigError, match=r"^prefixes: given .*, expected a whole number"):
        omega.check_lookahead(_Buys, rising(9), prefixes=given)


def test_there_are_no_more_prefixes_than_bars() -> None:
    assert omega.check_lookahead(_Buys, rising(9), prefixes=10**30).prefixes == 2 * 8


def test_a_symbol_of_a_store_is_chosen_as_by_a_run() -> None:
    store = omega.CandleStore({"A": rising(9), "B": rising(9)})
    assert omega.check_lookahead(_Buys, store, symbol="B").clean
    with pytest.raises(ConfigError, match=r"^symbol: given 'Z' for candles of A, B"):
        omega.check_lookahead(_Buys, store, symbol="Z")


def test_prices_below_zero_are_taken_where_the_instrument_has_them() -> None:
    first, last = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 9, tzinfo=UTC)
    times = pl.datetime_range(first, last, "1d", eager=True)
    prices = [-9.0, -7.0, -8.0, -6.0, -5.0, -3.0, -4.0, -2.0, -1.0]
    candles = pl.DataFrame({"time": times, "bid": prices, "ask": prices})
    below = omega.Instrument(allow_negative=True)
    assert omega.check_lookahead(_Buys, candles, instruments=below).clean


def test_a_chain_is_checked_as_its_candles_and_its_rolls_are() -> None:
    class Ahead(_Buys):
        def init(self) -> None:
            self.next = self.column(pl.col("close").shift(-1))

    chain = example_chain()
    apart: dict[str, Any] = {"data": chain.candles, "events": chain.events()}
    for strategy, is_clean in ((_Buys, True), (Ahead, False)):
        report = omega.check_lookahead(strategy, chain)
        assert report.clean is is_clean
        assert repr(report) == repr(omega.check_lookahead(strategy, **apart))
    with pytest.raises(ConfigError, match=r"^events: given rolls beside omega\.Continuous"):
        omega.check_lookahead(_Buys, chain, events=chain.events())


def test_one_of_something_is_written_as_one() -> None:
    class Ahead(omega.Strategy):
        def init(self) -> None:
            self.next = self.column(pl.col("close").shift(-1))

        def on_bar(self, bar: omega.Bar) -> None:
            pass

    report = omega.check_lookahead(Ahead, rising(9), prefixes=1)
    assert (report.columns, report.findings.height) == (1, 1)
    assert "1 finding (8 bars, 1 column compared, " in repr(report)
    assert repr(omega.CandleStore(rising(1))).startswith("CandleStore(SYMBOL: 1 bar, ")
    assert repr(omega.statistics.combinatorial_splits(4, groups=2, tested=1)).endswith("1 path)")
