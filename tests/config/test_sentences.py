"""What cannot be meant is refused in a sentence: dates, names, and what to do."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError, OmegaError, WarmupIndexNotFound
from tests.support import candles

DATA = candles.rising(40)
BELOW_ZERO = DATA.with_columns(pl.col("open", "high", "low", "close") - 120)


class Mean(omega.Strategy):
    """Buys once."""

    n: int = 3

    def init(self) -> None:
        self.mean = self.sma(self.n)

    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is None:
            self.buy()


class HandsOn(Mean):
    """Hands on whatever it is given."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - of the types annotated
        super().__init__(**given)


COVERS = (
    "the data of EURUSD covers 2024-01-01 00:00:00+00:00 to 2024-01-01 00:39:00+00:00 (40 bars). "
    "{remedy}"
)
AFTER_END = "start 2024-01-02 00:00:00+00:00 is after end 2024-01-01 23:59:59.999999+00:00; "
AFTER_DATA = "start 2025-03-01 00:00:00+00:00 is after the last bar: "
BEFORE_DATA = "end 2023-12-31 23:59:59.999999+00:00 is before the first bar: "


@pytest.mark.parametrize(
    ("settings", "why", "remedy"),
    [
        ({"start": "2024-01-02", "end": "2024-01-01"}, AFTER_END, "Exchange the two"),
        ({"start": "2025-03-01"}, AFTER_DATA, "Choose an earlier start"),
        ({"end": "2023-12-31"}, BEFORE_DATA, "Choose a later end"),
    ],
)
def test_a_start_without_a_bar_says_which_dates_there_are(
    backend: str, settings: dict[str, Any], why: str, remedy: str
) -> None:
    """L2."""
    with pytest.raises(WarmupIndexNotFound) as caught:
        omega.run_backtest(DATA, Mean(), symbol="EURUSD", backend=backend, **settings)
    assert str(caught.value) == why + COVERS.format(remedy=remedy)


def test_a_warm_up_longer_than_the_data_says_how_long(backend: str) -> None:
    with pytest.raises(WarmupIndexNotFound, match=r"warm-up of 99 bars.*A, B.*\(40 bars\)"):
        omega.run_backtest({"A": DATA, "B": DATA}, Mean(n=99), backend=backend)


@pytest.mark.parametrize(
    "settings",
    [
        {"instruments": omega.Instrument(allow_negative=True)},
        {"instruments": omega.Instrument("CL", allow_negative=True)},
        {"instruments": omega.Instrument("CL", allow_negative=True), "symbol": "CL"},
        {
            "instruments": {
                "CL": omega.Instrument("CL", allow_negative=True),
                "NG": omega.Instrument("NG", allow_negative=True),
            },
            "symbol": "CL",
        },
    ],
)
def test_an_instrument_may_say_that_prices_are_negative(
    backend: str, settings: dict[str, Any]
) -> None:
    """T3: without a setting of the checks; bought at -17 and closed at 19.5, the last close."""
    result = omega.run_backtest(BELOW_ZERO, Mean(), backend=backend, **settings)
    assert result.trades.select("entry_price", "exit_price").rows() == [(-17.0, 19.5)]


def test_negative_prices_stay_refused_without_it(backend: str) -> None:
    for instruments in (None, omega.Instrument(), {"CL": omega.Instrument("CL")}):
        with pytest.raises(OmegaError, match="allow_negative"):
            omega.run_backtest(
                BELOW_ZERO, Mean(), symbol="CL", instruments=instruments, backend=backend
            )


def test_unnamed_data_are_of_the_instrument_that_is_given(backend: str) -> None:
    """M1: the only instrument names them; another name is refused."""
    instrument = omega.Instrument("FOO", contract_size=10)
    result = omega.run_backtest(DATA, Mean(), instruments=instrument, backend=backend)
    assert result.trades.select("symbol", "units").rows() == [("FOO", 10.0)]
    with pytest.raises(ConfigError, match=r"FOO.* for BAR"):
        omega.run_backtest(DATA, Mean(), symbol="BAR", instruments=instrument, backend=backend)


@pytest.mark.parametrize("rate", ["x", -1, 1.1, None, float("nan")])
def test_a_rate_that_converts_nothing_is_refused(backend: str, rate: object) -> None:
    """M10: also where it is malformed, as nobody would read it."""
    with pytest.raises(ConfigError, match="given 'EUR', by which nothing is converted"):
        omega.run_backtest(DATA, Mean(), conversion={"EUR": rate}, backend=backend)


@pytest.mark.parametrize("rate", ["x", -1, None, float("nan")])
def test_a_malformed_rate_is_refused(backend: str, rate: object) -> None:
    instrument = omega.Instrument(quote_currency="EUR")
    for conversion in ({"EUR": rate}, {"EUR": 1.1, "JPY": rate}):
        with pytest.raises(ConfigError):
            omega.run_backtest(
                DATA, Mean(), conversion=conversion, instruments=instrument, backend=backend
            )


@pytest.mark.parametrize("timeframe", ["Q7", "H9x", "", "hourly"])
def test_a_timeframe_that_does_not_exist_is_refused(backend: str, timeframe: str) -> None:
    with pytest.raises(ConfigError, match="such as 'M15'"):
        omega.run_backtest(DATA, Mean(), timeframes=(timeframe,), backend=backend)


def test_a_timeframe_that_the_run_lacks_is_refused(backend: str) -> None:
    class Asks(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(2, timeframe="H4")

    for timeframes, known in (((), "no timeframes"), (("M5", "M10"), "one of M5, M10")):
        with pytest.raises(ConfigError, match=f"given H4, expected .*{known}"):
            omega.run_backtest(DATA, Asks(), timeframes=timeframes, backend=backend)


@pytest.mark.parametrize("strategy", [Mean, HandsOn, Mean(), HandsOn()])
def test_a_typo_in_a_grid_is_refused_before_the_first_run(
    strategy: Any,  # noqa: ANN401 - forms
) -> None:
    with pytest.raises(ConfigError, match=r"no parameter 'm'; it has n\."):
        omega.sweep(DATA, strategy, {"m": [2, 3]}, progress=False)


def test_a_constructor_that_declares_nothing_takes_any_name() -> None:
    class Free(omega.Strategy):
        def __init__(self, **given: Any) -> None:  # noqa: ANN401 - anything
            super().__init__()
            self.length = given.get("length", 1)

        def on_bar(self, bar: omega.Bar) -> None:
            pass

    swept = omega.sweep(DATA, Free, {"length": [2, 3]}, progress=False)
    assert swept.to_polars()["length"].to_list() == [2, 3]


def test_a_sweep_is_ranked_by_names_and_shown_over_two_parameters() -> None:
    swept = omega.sweep(DATA, Mean, {"n": [2, 3]}, progress=False)
    with pytest.raises(ConfigError, match="given a function, expected the name"):
        swept.best(lambda row: row["sharpe"])  # type: ignore[call-overload]  # what is refused
    with pytest.raises(ConfigError, match="'n' for both axes"):
        swept.heatmap("n", "n")


@pytest.mark.parametrize("bounds", [(-5, 10), (10, 5), (-3, -1)])
def test_a_batch_of_bars_has_bounds_in_order(backend: str, bounds: tuple[int, int]) -> None:
    class Quiet:
        def evaluate(self, index: int, slice_map: object) -> None:
            pass

    engine = omega.EventEngine(
        DATA, None, Quiet(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    with pytest.raises(ConfigError, match="process_batch: given bars"):
        engine.process_batch(*bounds)
