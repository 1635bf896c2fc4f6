"""Errors of calls name what is to be written in place of what other packages take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import omega
from tests.support.candles import rising

CANDLES = rising(8)


def deciding(call: Callable[[Any], object]) -> type[omega.Strategy]:
    """A strategy that returns what a call returns."""

    class Deciding(omega.Strategy):
        def on_bar(self, _bar: omega.Bar) -> Any:  # noqa: ANN401 - whatever the call returns
            return call(self)

    return Deciding


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda own: own.buy(), omega.errors.CallbackFailed, r"drop the return"),
        (lambda own: own.buy(magic=3) and None, TypeError, r"^buy has no 'magic'. Write tags="),
        (lambda own: own.sell(lots=1) and None, TypeError, r"^sell has no 'lots'. Write size="),
        (lambda own: own.buy(stop_percent=1), TypeError, r"Write stop_loss=omega.Distance.percent"),
        (lambda own: own.buy(stop_los=1), TypeError, r"Did you mean 'stop_loss'\?"),
        (lambda own: own.modify(1, stop=1), TypeError, r"^modify has no 'stop'. "),
        (lambda _: "long", omega.errors.CallbackFailed, r"or a list of these\n"),
        (lambda _: int(x=1), TypeError, r"int\(\)"),  # type: ignore[call-overload]  # wrong
    ],
)
def test_a_call_in_a_callback_is_answered_with_what_there_is(
    backend: str, call: Callable[[Any], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        omega.run_backtest(CANDLES, deciding(call), backend=backend)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda own: own.sell(lots=1), "TypeError: sell has no 'lots'. Write size="),
        (lambda own: own.by(1), "has no attribute 'by'. Did you mean 'buy'?"),
        (lambda own: own.zzz, "has no attribute 'zzz'"),
    ],
)
def test_a_row_of_a_sweep_names_it_too(
    call: Callable[[Any], object], words: str, workers: int
) -> None:
    grid = {"cash": [1_000, 2_000]}
    rows = omega.sweep(CANDLES, deciding(call), grid, workers=workers).to_polars()["error"]
    assert all(row.endswith(words) for row in rows)


@pytest.mark.parametrize(
    ("given", "same"),
    [
        (omega.TrailingStop(0.5), 0.5),
        (omega.TrailingStop(percent=2), omega.Distance.percent(2)),
    ],
)
def test_an_order_takes_the_trailing_stop_of_a_run(
    backend: str, given: omega.TrailingStop, same: float | omega.Distance
) -> None:
    def ran(form: Any) -> omega.BacktestResult:  # noqa: ANN401 - whatever is tried
        strategy = deciding(lambda own: (own.buy(1, trailing_stop=form), None)[1])
        return omega.run_backtest(CANDLES, strategy, backend=backend)

    assert ran(given).fills.height
    assert ran(given).fingerprint == ran(same).fingerprint
    with pytest.raises(omega.ConfigError, match=r"position_manager=omega\.TrailingStop\(dist"):
        ran(omega.TrailingStop(0.5, trigger=1.0))


def test_a_timeframe_that_a_strategy_declares_is_to_be_added(backend: str) -> None:
    class Higher(omega.Strategy):
        def init(self) -> None:
            self.sma(3, timeframe="H1")

    with pytest.raises(omega.ConfigError, match=r'Add timeframes=\("H1",\) to run_backtest'):
        omega.run_backtest(CANDLES, Higher, backend=backend)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("commission", r"run_backtest has no 'commission'. Write costs=omega.Costs\(fee_percent"),
        ("leverage", r"Write account=omega.Account\(leverage=...\)"),
        ("time_frames", r"Did you mean 'timeframes'\?"),
    ],
)
def test_an_argument_of_a_run_is_answered_with_what_there_is(name: str, words: str) -> None:
    unknown: dict[str, Any] = {name: 1}
    with pytest.raises(TypeError, match=words):
        omega.run_backtest(CANDLES, deciding(lambda _: None), **unknown)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spread", r"Costs has no 'spread'; a column spread of the candles"),
        ("spread_pips", r"a column spread of the candles"),
        ("commission", r"Costs has no 'commission'; fee_percent= or fee_per_lot= has it"),
    ],
)
def test_costs_that_are_elsewhere_are_named(name: str, words: str) -> None:
    unknown: dict[str, Any] = {name: 1}
    with pytest.raises(omega.ConfigError, match=words):
        omega.Costs(**unknown)


def test_a_frame_that_is_turned_round_is_to_be_sorted() -> None:
    frame = CANDLES.to_pandas().iloc[::-1]
    message = "in reverse order, and times must ascend"
    with pytest.raises(omega.errors.InvalidCandleData, match=message):
        omega.run_backtest(frame, deciding(lambda _: None))


def test_a_report_has_a_name_where_none_is_given(
    tmp_path: Any,  # noqa: ANN401 - a path
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = omega.run_backtest(CANDLES, deciding(lambda _: None))
    assert result.report().name == "report.html"
    page = (tmp_path / "report.html").read_text()
    assert "the defaults" in page
    assert "Execution()" not in page
    drawn = pl.DataFrame({"x": [1, 2], "y": [1, 2], "m": [1.0, 2.0]})
    shown = repr(omega.report.heatmap(drawn, x="x", y="y", metric="m"))
    assert shown.startswith("Heatmap(0.")
    assert repr(result.plot()).endswith("MB; .report(path) writes it to a file)")
