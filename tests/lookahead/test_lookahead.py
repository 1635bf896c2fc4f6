"""The look-ahead check: each planted leak is found and named."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.examples.buy_and_hold import BuyAndHold
from omega.examples.sma_cross import SmaCross
from tests.support import candles
from tests.support.column_follower import BARS, CLOSE, DATA, TOMORROW, of


class Called(omega.Strategy):
    """Is called only where the next close is higher."""

    @omega.when(TOMORROW > CLOSE)
    def on_bar(self, bar: omega.Bar) -> None:
        self.buy()


class Swings(omega.Strategy):
    """Looks ahead on one bar in fifty, and never otherwise."""

    def init(self) -> None:
        rare = (pl.col("high") * 1e5).round().cast(pl.Int64) % 50 == 0
        self.line = self.column(pl.when(rare).then(TOMORROW).otherwise(CLOSE), "rare")

    def on_bar(self, bar: omega.Bar) -> None:
        if self.line[-1] > bar.close and self.position is None:
            self.buy(stop_loss=bar.close * 0.99)


def joined(frame: pl.DataFrame) -> omega.Signals:
    """Join quarters of an hour by the label of their beginning: the close is not known by then."""
    quarters = frame.group_by_dynamic("time", every="15m").agg(pl.col("close").last().alias("m15"))
    return omega.Signals(entry=frame.join_asof(quarters, on="time")["m15"] > frame["close"])


def peeking(frame: pl.DataFrame) -> Callable[[omega.Bar], omega.Signal | None]:
    """Hold an array beside the run and read one place too far."""
    closes = frame["close"].to_list()

    def on_bar(bar: omega.Bar) -> omega.Signal | None:
        return omega.Signal("long") if closes[bar.index + 1] > bar.close else None

    return on_bar


def normalised(close: Any) -> Any:  # noqa: ANN401 - an array
    return (close - close.mean()) / close.std()


LEAKS: list[tuple[str, Any, dict[str, Any], str, int | None]] = [
    ("a signal column", omega.Signals(entry=TOMORROW > CLOSE), {}, "entry", 1),
    ("an expression", of(lambda s: s.column(TOMORROW, "next")), {}, "next", 1),
    (
        "a function over a column",
        of(lambda s: s.column(lambda close: np.r_[close[1:], np.nan], "own")),
        {},
        "own: a function",
        1,
    ),
    ("a condition", Called, {}, "condition", 1),
    (
        "a condition of the run",
        lambda bar: omega.Signal("long"),
        {"when": TOMORROW > CLOSE},
        "condition",
        1,
    ),
    (
        "a higher timeframe by its label",
        of(lambda s: s.column(CLOSE.last().over(pl.col("time").dt.truncate("15m")), "m15")),
        {},
        "m15",
        14,
    ),
    ("a joined higher timeframe", joined, {"build": True}, "entry", None),
    (
        "a column of a higher timeframe",
        of(lambda s: s.column(TOMORROW, "next", timeframe="M5", warmup=1)),
        {"timeframes": "M5"},
        "next",
        1,
    ),
    ("the whole column's mean", of(lambda s: s.column(normalised, "z")), {}, "z", None),
    (
        "the whole column's rank",
        of(lambda s: s.column(CLOSE.rank() / pl.len(), "rank")),
        {},
        "rank",
        None,
    ),
    (
        "a centred window",
        of(lambda s: s.column(CLOSE.rolling_mean(5, center=True), "mid")),
        {},
        "mid",
        2,
    ),
    (
        "filling from behind",
        of(
            lambda s: s.column(
                pl.when(pl.int_range(pl.len()) % 7 == 6).then(CLOSE).fill_null(strategy="backward"),
                "filled",
            )
        ),
        {},
        "filled",
        6,
    ),
    (
        "a stop loss",
        omega.Signals(entry=CLOSE.shift(1) < CLOSE, stop_loss=pl.col("low").shift(-1) - 1e-4),
        {},
        "stop_loss",
        1,
    ),
    (
        "a size",
        omega.Signals(entry=CLOSE.shift(1) < CLOSE, size=1 + (TOMORROW > CLOSE)),
        {},
        "size",
        1,
    ),
    (
        "an indicator over a leak",
        of(lambda s: s.sma(3, source=s.column(TOMORROW.forward_fill(), "next"))),
        {},
        "next",
        1,
    ),
    ("one bar in fifty", Swings, {}, "rare", 1),
]


@pytest.mark.parametrize(
    ("strategy", "settings", "name", "ahead"),
    [leak[1:] for leak in LEAKS],
    ids=[leak[0] for leak in LEAKS],
)
def test_a_planted_leak_is_found_and_named(
    backend: str,
    strategy: Any,  # noqa: ANN401 - any form
    settings: dict[str, Any],
    name: str,
    ahead: int | None,
) -> None:
    report = omega.check_lookahead(strategy, DATA, backend=backend, **settings)
    assert not report.clean
    found = report.findings.row(0, named=True)
    assert found["kind"] == "column"
    assert found["name"].startswith(name)
    assert found["bars_ahead"] == ahead
    assert found["symbol"] == "SYMBOL"
    assert found["value"] != found["value_then"]
    assert name in str(report)


def test_the_first_bar_is_named() -> None:
    late = pl.when(pl.int_range(pl.len()) >= 123).then(TOMORROW).otherwise(CLOSE)
    report = omega.check_lookahead(of(lambda s: s.column(late, "late")), DATA)
    found = report.findings.row(0, named=True)
    assert (found["bar"], found["time"]) == (123, DATA["time"][123])
    assert found["value"] == f"{DATA['bid_close'][124]:.10g}"
    assert found["value_then"] == "nan"


def test_a_decision_is_named_where_no_column_tells(backend: str) -> None:
    report = omega.check_lookahead(peeking, DATA, build=True, backend=backend)
    found = report.findings.row(0, named=True)
    assert (found["kind"], found["name"]) == ("order", "market buy")
    bar = found["bar"]
    rises = DATA["bid_close"][bar + 1] > DATA["bid_close"][bar]
    assert (found["value"] != "nothing") == rises
    assert {found["value"], found["value_then"]} > {"nothing"}


def test_two_bars_too_far_is_an_error_on_the_first_bars() -> None:
    def far(frame: pl.DataFrame) -> Callable[[omega.Bar], omega.Signal | None]:
        closes = [*frame["close"].to_list(), 0.0]
        return lambda bar: omega.Signal("long") if closes[bar.index + 2] > bar.close else None

    def farther(frame: pl.DataFrame) -> Callable[[omega.Bar], omega.Signal | None]:
        last = len(DATA) - 4
        closes = frame["close"].to_list()

        def on_bar(bar: omega.Bar) -> omega.Signal | None:
            ahead = bar.index + 3 if bar.index < last else bar.index
            return omega.Signal("long") if closes[ahead] > bar.close else None

        return on_bar

    assert omega.check_lookahead(far, DATA, build=True).findings["kind"][0] == "order"
    report = omega.check_lookahead(farther, DATA, build=True)
    assert report.findings["kind"][0] == "error"
    assert "IndexError" in str(report)


def with_quarters(label: Literal["left", "right"]) -> pl.DataFrame:
    """Give the candles with the close of each quarter of an hour beside them."""
    quarters = DATA.group_by_dynamic("time", every="15m", label=label).agg(
        pl.col("bid_close").last().alias("m15")
    )
    return DATA.join_asof(quarters, on="time")


@pytest.mark.parametrize(
    ("data", "what", "bar", "ahead"),
    [
        (
            DATA.with_columns(m15=pl.col("bid_close").shift(-2)),
            "the bid close 2 bars later",
            0,
            2,
        ),
        (with_quarters("left"), "the bid close of a stretch of bars", 15, 14),
    ],
    ids=["shifted", "joined by the label of its beginning"],
)
def test_a_column_of_the_data_that_holds_later_prices_is_named(
    backend: str, data: pl.DataFrame, what: str, bar: int, ahead: int
) -> None:
    strategy = of(lambda s: s.column(pl.col("m15"), "line"))
    report = omega.check_lookahead(strategy, data, backend=backend)
    found = report.findings.row(0, named=True)
    assert found["kind"] == "data"
    assert found["name"].startswith(f"m15: it holds {what}")
    assert (found["bar"], found["bars_ahead"]) == (bar, ahead)


def test_a_column_of_the_data_that_is_not_recognised_is_said_to_be_unchecked() -> None:
    report = omega.check_lookahead(
        omega.Signals(entry=pl.col("m15") > CLOSE), with_quarters("right")
    )
    assert report.clean
    assert "it reads 'm15' of the data" in report.unchecked[0]


def test_data_may_be_built_with_the_strategy(backend: str) -> None:
    def build(frame: pl.DataFrame) -> dict[str, Any]:
        data = frame.with_columns(up=pl.col("close").shift(-1) > pl.col("close"))
        return {"strategy": omega.Signals(entry="up"), "data": data}

    report = omega.check_lookahead(build, DATA, build=True, backend=backend)
    assert report.findings["name"][0] == "entry"
    assert report.unchecked == ()


def test_another_symbol_is_named(backend: str) -> None:
    data = {"A": DATA, "B": candles.walk(BARS, seed=2)}
    leaky = of(lambda s: s.column(TOMORROW, "next", symbol="B"))
    found = omega.check_lookahead(leaky, data, backend=backend).findings
    assert found.select("kind", "symbol").row(0) == ("column", "B")


def test_every_prefix_is_looked_at_where_asked_for() -> None:
    data = DATA.head(60)
    never = pl.when(pl.int_range(pl.len()) == 41).then(TOMORROW).otherwise(CLOSE)
    report = omega.check_lookahead(of(lambda s: s.column(never, "once")), data, exhaustive=True)
    assert report.findings["bar"][0] == 41
    clean = omega.check_lookahead(SmaCross(fast=2, slow=5), data, exhaustive=True)
    assert clean.clean
    assert clean.prefixes == 2 * clean.bars == 2 * 55


# --- what cannot be told -------------------------------------------------------------------------


def test_a_column_that_was_made_before_is_said_to_be_unchecked(backend: str) -> None:
    ready = (DATA["bid_close"].shift(-1) > DATA["bid_close"]).fill_null(value=False)
    report = omega.check_lookahead(omega.Signals(entry=ready), DATA, backend=backend)
    assert report.clean
    assert len(report.unchecked) == 1
    assert "so it was made before the run. Give a function that makes it" in report.unchecked[0]
    assert "not checked: column entry" in str(report)


def test_a_strategy_that_never_does_the_same_is_told_apart() -> None:
    chance = random.Random(1)  # noqa: S311 - a game of chance is the point

    def gambler(bar: omega.Bar) -> omega.Signal | None:
        return omega.Signal("long") if chance.random() < 0.5 else None

    report = omega.check_lookahead(gambler, DATA)
    assert report.clean
    assert "decide differently" in report.unchecked[0]


def test_an_instance_stays_as_it_was() -> None:
    strategy = BuyAndHold()
    before = dict(vars(strategy))
    omega.check_lookahead(strategy, DATA)
    assert vars(strategy) == before


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    omega.check_lookahead(
        SmaCross, DATA, prefixes=3, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1][0] == told[-1][1] == len(told)


def test_a_report_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match=r"ask report\.clean"):
        bool(omega.check_lookahead(BuyAndHold, DATA))


def test_an_unknown_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no 'timeframe'\. Did you mean 'timeframes'"):
        omega.check_lookahead(SmaCross, DATA, timeframe="H1")
    with pytest.raises(ConfigError, match="prefixes: given 0"):
        omega.check_lookahead(SmaCross, DATA, prefixes=0)
    with pytest.raises(ConfigError, match="the strategy comes first"):
        omega.check_lookahead(DATA, SmaCross)  # type: ignore[arg-type]  # on purpose


def changing(frame: pl.DataFrame) -> Callable[[omega.Bar], Any]:
    """Place an order far away and move it by a price that is not known yet."""
    closes = frame["close"].to_list()

    def on_bar(bar: omega.Bar) -> omega.Signal | omega.Modify | None:
        if bar.index == 0:
            return omega.Signal("long", type="limit", entry_price=closes[0] / 2)
        if bar.index % 10 == 0:
            ahead = min(bar.index + 1, len(closes) - 1)
            return omega.Modify(0, price=closes[ahead] / 2)
        return None

    return on_bar


def test_a_change_of_an_order_that_looks_ahead_is_found(backend: str) -> None:
    """The table of orders has no row for it; the order itself is at its last price there."""
    report = omega.check_lookahead(changing, DATA, build=True, backend=backend, prefixes=200)
    (found,) = report.findings.rows(named=True)
    assert (found["kind"], found["name"]) == ("order", "modify")
    assert found["value"] != found["value_then"]
