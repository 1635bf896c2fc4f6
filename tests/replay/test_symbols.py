"""Several symbols: what a strategy sees of each, and when (L1, L2, X1, X2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import polars as pl
import pytest

import omega
from omega.errors import CallbackFailed, ConfigError, WarmupIndexNotFound
from tests.support import candles

START = candles.START
FIVE = "00:00 00:01 00:02 00:03 00:04"


def at(*clocks: str, price: float = 100.0) -> pl.DataFrame:
    """Give bars at times of the day; bar k opens at the price and k, and closes half a point up."""
    opened = [float(price + k) for k in range(len(clocks))]
    times = [datetime.fromisoformat(f"2024-01-01 {clock}+00:00") for clock in clocks]
    return pl.DataFrame(
        {
            "time": pl.Series(times).cast(pl.Datetime("us", "UTC")),
            "open": opened,
            "high": [price + 1 for price in opened],
            "low": [price - 1 for price in opened],
            "close": [price + 0.5 for price in opened],
        }
    )


def seen(
    backend: str,
    data: dict[str, pl.DataFrame],
    look: Callable[[omega.Bar], object],
    **settings: Any,  # noqa: ANN401 - of the run
) -> dict[str, object]:
    """Give what a look at each step gives, by the time of the step."""
    looks: list[object] = []

    def on_bar(bar: omega.Bar) -> None:
        looks.append(look(bar))

    result = omega.run_backtest(data, on_bar, backend=backend, **settings)
    times = result.equity["time"].filter(result.equity["time"] >= result.metrics["first_decision"])
    return {f"{time:%H:%M}": found for time, found in zip(times, looks, strict=True)}


def newest(bar: omega.Bar) -> dict[str, tuple[int, bool]]:
    """Give index and freshness of the newest bar of each symbol that has one."""
    found = {}
    for name in bar.symbols:
        try:
            found[name] = (bar[name].index, bar[name].fresh)
        except IndexError:
            continue
    return found


def test_each_symbol_shows_its_newest_complete_bar_and_whether_it_is_fresh(backend: str) -> None:
    data = {"A": at(*FIVE.split()), "B": at("00:00", "00:01", "00:04", price=50)}
    assert seen(backend, data, newest) == {
        "00:01": {"A": (0, True), "B": (0, True)},
        "00:02": {"A": (1, True), "B": (1, True)},
        "00:03": {"A": (2, True), "B": (1, False)},
        "00:04": {"A": (3, True), "B": (1, False)},
    }


def test_a_bar_of_an_hour_is_not_seen_before_the_hour_is_over(backend: str) -> None:
    data = {
        "A": at("00:00", "01:00", "02:00", "02:30", "03:00", "03:10", "04:00"),
        "B": at("00:00", "01:00", "02:00", "03:00", price=50),
    }
    shown: dict[str, Any] = seen(backend, data, newest)
    indices = {time: found["B"] for time, found in shown.items()}
    assert indices == {
        "01:00": (0, True),
        "02:00": (1, True),
        "02:30": (1, False),
        "03:00": (2, True),
        "03:10": (2, False),
        "04:00": (3, True),
    }


def test_the_first_bar_of_a_symbol_is_complete_when_its_second_opens(backend: str) -> None:
    """Nobody can know how long it is before."""
    data = {"A": at(*FIVE.split()), "B": at("00:01", "00:04", price=50)}
    shown: dict[str, Any] = seen(backend, data, newest)
    found = {time: found.get("B") for time, found in shown.items()}
    assert found == {"00:01": None, "00:02": None, "00:03": None, "00:04": (0, True)}


def test_intersection_walks_common_times_and_shows_all_bars(backend: str) -> None:
    data = {"A": at(*FIVE.split()), "B": at("00:00", "00:01", "00:03", price=50)}
    assert seen(backend, data, newest, align="intersection") == {
        "00:01": {"A": (0, True), "B": (0, True)},
        "00:03": {"A": (2, True), "B": (1, True)},
    }


def test_symbols_without_a_common_time_have_no_intersection(backend: str) -> None:
    data = {"A": at("00:00", "00:02"), "B": at("00:01", "00:03")}
    with pytest.raises(ConfigError, match=r"align: given intersection.*A, B"):
        seen(backend, data, newest, align="intersection")


def test_the_run_begins_when_every_symbol_has_its_warmup(backend: str) -> None:
    class Patient(omega.Strategy):
        warmup = 2
        first: dict[str, tuple[int, bool]] | None = None

        def init(self) -> None:
            self.mean = self.sma(3, symbol="B")

        def on_bar(self, bar: omega.Bar) -> None:
            self.first = self.first or newest(bar)

    strategy = Patient()
    data = {
        "A": at(*FIVE.split(), "00:05"),
        "B": at("00:01", "00:02", "00:03", "00:05", price=50),
    }
    result = omega.run_backtest(data, strategy, backend=backend)
    assert result.strategy.first == {"A": (3, True), "B": (2, True)}
    assert result.metrics["first_decision"] == START + timedelta(minutes=4)
    assert result.equity["time"][0] == START
    with pytest.raises(WarmupIndexNotFound, match=r"warm-up of 3 bars.*5 bars"):
        omega.run_backtest({"A": data["A"][:5], "B": data["B"][:2]}, Patient, backend=backend)


def test_the_first_symbol_may_join_later_which_version_1_waits_for(backend: str) -> None:
    data = {"A": at("00:03", "00:04"), "B": at(*FIVE.split(), price=50)}
    both = {"00:04": {"A": (0, True), "B": (3, True)}}
    alone = {f"00:0{k + 1}": {"B": (k, True)} for k in range(3)}
    assert seen(backend, data, newest) == alone | both
    assert seen(backend, data, newest, semantics=1) == both


def test_the_names_of_symbols_are_told_where_one_is_unknown(backend: str) -> None:
    data = {"A": at(*FIVE.split()), "B": at("00:02", "00:04")}

    def look(bar: omega.Bar) -> None:
        with pytest.raises(KeyError, match="C: this run has the symbols A, B"):
            bar["C"]
        assert bar["A"] is bar
        if bar.index == 0:
            with pytest.raises(IndexError, match=r"B is not ready.* those that have: A$"):
                bar["B"]

    seen(backend, data, look)


def test_views_of_symbols_can_be_kept(backend: str) -> None:
    kept: list[tuple[omega.Bar, omega.Bar]] = []
    data = {"A": at(*FIVE.split()), "B": at(*FIVE.split(), price=50)}
    seen(backend, data, lambda bar: kept.append((bar, bar["B"])))
    for index, (a, b) in enumerate(kept):
        assert (a.index, a.close, b.index, b.close) == (index, 100.5 + index, index, 50.5 + index)
        assert b.symbol == "B"


def test_a_bar_before_is_not_fresh(backend: str) -> None:
    data = {"A": at(*FIVE.split()), "B": at(*FIVE.split(), price=50)}
    found = seen(backend, data, lambda bar: (bar.fresh, bar.index > 0 and bar["B"].ago(1).fresh))
    assert set(found.values()) == {(True, False)}


class Trader(omega.Strategy):
    """Buys one of each, closes the second symbol, then all."""

    def init(self) -> None:
        self.calls = 0
        self.mean = self.sma(1, symbol="B")

    def on_bar(self, bar: omega.Bar) -> None:
        self.calls += 1
        assert self.mean[-1] == bar["B"].close
        if self.calls == 1:
            assert [self.buy(symbol="B"), self.buy(2), self.sell(limit=60, symbol="B")] == [0, 1, 2]
        if self.calls == 2:
            assert [position.symbol for position in self.positions] == ["B", "A"]
            assert [position.symbol for position in self.positions_in("A")] == ["A"]
            assert [order.symbol for order in self.pending] == ["B"]
            with pytest.raises(ConfigError, match=r"positions_in: 'a' is no symbol.*'A'"):
                self.positions_in("a")
            assert self.close(symbol="B") == 3
        if self.calls == 3:
            self.buy(symbol="B")
        if self.calls == 4:
            assert [self.close(), self.sell()] == [5, 7]


def test_a_strategy_names_the_symbol_that_it_trades(backend: str) -> None:
    data = {
        "A": at(*FIVE.split(), "00:05"),
        "B": at(*FIVE.split(), "00:05", price=50),
    }
    result = omega.run_backtest(data, Trader, backend=backend)
    assert result.trades.select("trade_id", "symbol", "direction", "entry_price").rows() == [
        (0, "B", "long", 51.0),
        (1, "A", "long", 101.0),
        (4, "B", "long", 53.0),
        (7, "A", "short", 104.0),
    ]
    assert result.orders.select("symbol", "status").rows() == [
        ("B", "filled"),
        ("A", "filled"),
        ("B", "working"),
        ("B", "filled"),
        ("B", "filled"),
        ("A", "filled"),
        ("B", "filled"),
        ("A", "filled"),
    ]


def test_a_signal_for_an_unknown_symbol_names_those_of_the_run(backend: str) -> None:
    data = {"A": at(*FIVE.split()), "B": at(*FIVE.split(), price=50)}
    with pytest.raises(CallbackFailed, match="'C', expected one of 'A', 'B'"):
        omega.run_backtest(data, lambda bar: omega.Signal("long", symbol="C"), backend=backend)


def test_a_manager_sees_what_the_next_step_will_show(backend: str) -> None:
    """At 02:00 the hourly bar that just opened must not be seen: A steps at 02:30."""

    class Watcher:
        looks: list[dict[str, tuple[int, bool]]]

        def manage_positions(
            self,
            open_positions: object,
            symbol_slice: omega.Bar,
            *_: object,
        ) -> None:
            self.looks.append(newest(symbol_slice))

    watcher = Watcher()
    watcher.looks = []
    data = {
        "A": at("00:00", "01:00", "02:00", "02:30", "03:00"),
        "B": at("00:00", "01:00", "02:00", "03:00", price=50),
    }
    result = omega.run_backtest(
        data,
        lambda bar: omega.Signal("long") if bar.index == 0 else None,
        position_manager=watcher,
        backend=backend,
    )
    ran = cast("Watcher", result.position_manager)
    assert ran.looks == [
        {"A": (1, True), "B": (1, True)},
        {"A": (2, True), "B": (1, False)},
        {"A": (3, True), "B": (2, True)},
        {"A": (4, True), "B": (3, True)},
    ]


def test_a_long_frame_and_a_mapping_of_frames_are_one_run(backend: str) -> None:
    data = {"A": at(*FIVE.split()), "B": at("00:00", "00:02", "00:03", price=50)}
    long = pl.concat([frame.with_columns(symbol=pl.lit(name)) for name, frame in data.items()])
    plan = candles.told({1: omega.Signal("long", symbol="B"), 3: omega.Close(symbol="B")})
    runs = [omega.run_backtest(one, plan, backend=backend) for one in (data, long)]
    assert runs[0].fingerprint == runs[1].fingerprint
    assert runs[0].trades.height == 1


def test_zones_are_those_of_each_symbol(backend: str) -> None:
    data = {
        "A": at(*FIVE.split()),
        "B": at(*FIVE.split()).with_columns(pl.col("time").dt.convert_time_zone("Asia/Tokyo")),
    }
    found = seen(backend, data, lambda bar: (bar.time.hour, bar["B"].time.hour))
    assert found["00:01"] == (0, 9)


@pytest.mark.parametrize(
    ("data", "settings", "match"),
    [
        (
            {"A": at("00:00"), "B": at("00:00").cast({"time": pl.Datetime("ms", "UTC")})},
            {},
            "B.*in ms.*in us.*cast",
        ),
        (
            {
                "A": at("00:00"),
                "B": pl.DataFrame(
                    {
                        "time": [datetime(2024, 1, 1, tzinfo=UTC)] * 2,
                        "bid": [1.0] * 2,
                        "ask": [1.0] * 2,
                    }
                ),
            },
            {},
            "2024-01-01.* of B in row 1.*Make bars",
        ),
        ({}, {"align": "inner"}, "align: given 'inner', expected 'union' or 'intersection'"),
        ({}, {"instruments": omega.Instrument("C")}, "instruments.*A, B.*mapping"),
        ({}, {"costs": {"A": omega.Costs()}}, "costs: none for 'B'"),
        (
            {},
            {"execution": omega.Execution(intrabar="magnifier", magnifier=at("00:00"))},
            "magnifier: given DataFrame for 2 symbols, expected {symbol: finer candles}",
        ),
        (
            {},
            {"execution": omega.Execution(intrabar="magnifier", magnifier={"C": at("00:00")})},
            "magnifier: 'C' is no symbol of this run",
        ),
        (
            {"A": at(*FIVE.split())},
            {
                "execution": omega.Execution(
                    intrabar="magnifier",
                    magnifier=omega.CandleStore(dict.fromkeys("BC", at("00:00"))),
                )
            },
            "no symbol 'A'",
        ),
        (
            {},
            {"instruments": {n: omega.Instrument(n, quote_currency="JPY") for n in "AB"}},
            "A is quoted in JPY and the account is in USD.*or candles named USDJPY or JPYUSD",
        ),
        (
            {},
            {
                "instruments": {n: omega.Instrument(n, quote_currency="JPY") for n in "AB"},
                "conversion": {"JPY": -1},
            },
            r"conversion\['JPY'\]: given -1, expected a number above 0, or candles",
        ),
        (
            {},
            {
                "instruments": {n: omega.Instrument(n, quote_currency="JPY") for n in "AB"},
                "conversion": {"JPY": {"X": at("00:00"), "Y": at("00:00")}},
            },
            "candles of X, Y under 'JPY', expected candles named USDJPY or JPYUSD",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(
    backend: str, data: dict[str, pl.DataFrame], settings: dict[str, Any], match: str
) -> None:
    whole = data or {"A": at(*FIVE.split()), "B": at(*FIVE.split())}
    with pytest.raises(ConfigError, match=match):
        omega.run_backtest(whole, lambda bar: None, backend=backend, **settings)


@pytest.mark.parametrize(
    ("conversion", "net"),
    [
        ({"JPY": 0.5}, 1.0),
        ({"JPYUSD": at(*FIVE.split(), price=1.5)}, 10.0),
        ({"JPY": {"USDJPY": at(*FIVE.split(), price=1.5)}}, 2 / 5.0),
        ({"JPYUSD": omega.Candles(bid=at(*FIVE.split(), price=1.5), spread=1.0)}, 11.0),
    ],
)
def test_profit_is_converted_by_candles_that_are_not_traded(
    backend: str, conversion: dict[str, Any], net: float
) -> None:
    """Two yen are made in bar 3, whose rate closes at 5, or with its spread has the middle 5.5."""
    plan = candles.told({0: omega.Signal("long"), 2: omega.Close()})
    result = omega.run_backtest(
        at(*FIVE.split()),
        plan,
        instruments=omega.Instrument("SYMBOL", quote_currency="JPY"),
        conversion=conversion,
        backend=backend,
    )
    assert result.trades["net_pnl"].to_list() == [net]
