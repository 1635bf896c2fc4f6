"""A run that goes on: exactly the run without it, refused where the begin is another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from tests.support import report_runs as runs
from tests.support.backends import BACKENDS

CANDLES = pl.read_parquet(runs.SAMPLE)
FIRST = 2_000


def run(rows: int | None = None, **words: Any) -> omega.BacktestResult:  # noqa: ANN401 - settings
    strategy = words.pop("strategy", runs.Bracketed())
    data = words.pop("data", CANDLES if rows is None else CANDLES.head(rows))
    return omega.run_backtest(data, strategy, symbol="EURUSD", **runs.SETTINGS | words)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_new_is_marked_and_all_is_as_without(backend: str) -> None:
    earlier, whole = run(FIRST, backend=backend), run(backend=backend)
    later = run(backend=backend, resume=earlier)
    assert later.fingerprint == whole.fingerprint
    new = later.resumed
    assert new is not None
    assert new.at == CANDLES["time"][FIRST - 1]
    assert new.fingerprint == earlier.fingerprint
    assert new.equity.equals(whole.equity[FIRST:])
    assert new.fills.equals(whole.fills.filter(pl.col("time") > new.at))
    # The trade that the end of the data closed goes on; all others were there.
    assert earlier.trades["exit_reason"].cast(pl.String).to_list()[-1] == "end_of_data"
    assert new.reopened["trade_id"].to_list() == earlier.trades["trade_id"].to_list()[-1:]
    kept = earlier.trades.height - 1
    assert new.trades.equals(whole.trades[kept:])
    assert new.trades["trade_id"][0] == new.reopened["trade_id"][0]
    assert earlier.resumed is None


def test_a_saved_result_is_gone_on_from(tmp_path: Path) -> None:
    loaded = omega.BacktestResult.load(run(FIRST).save(tmp_path / "run"))
    later = run(resume=loaded)
    assert later.resumed is not None
    assert later.resumed.equity.height == CANDLES.height - FIRST
    again = run(FIRST, resume=loaded)
    assert again.resumed is not None
    assert again.resumed.equity.height == again.resumed.trades.height == 0
    assert again.resumed.reopened.height == 0


def test_the_end_alone_may_be_another_one() -> None:
    earlier = run(end="2024-01-01")
    later = run(resume=earlier)
    assert later.resumed is not None
    assert later.resumed.at == earlier.equity["time"][-1]


class Slower(runs.Bracketed):
    slow = 31


class Told(omega.Strategy):
    """What it does depends on what nobody sees."""

    calls = 0

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 5:
            Told.calls += 1
            self.buy(size=0.1 * Told.calls)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"cash": 5_000.0}, "differs in: settings: cash"),
        ({"seed": 3}, "differs in: settings: seed"),
        ({"strategy": Slower()}, "differs in: strategy"),
        ({"when": pl.col("close") > 1}, "differs in: run: when"),
        ({"data": CANDLES.head(1_500)}, "has 1,500 rows, expected the 2,000 of the earlier run"),
        (
            {"data": CANDLES.with_columns(volume=pl.col("volume") + 1)},
            "the first 2,000 rows of EURUSD are not those of the earlier run",
        ),
        ({"data": {"EURUSD": CANDLES, "X": CANDLES}, "symbol": None}, "given candles of EURUSD, X"),
    ],
)
def test_another_run_is_not_gone_on_from(words: dict[str, Any], message: str) -> None:
    earlier = run(FIRST)
    settings = {"symbol": "EURUSD", **runs.SETTINGS, "resume": earlier} | words
    data, strategy = settings.pop("data", CANDLES), settings.pop("strategy", runs.Bracketed())
    with pytest.raises(omega.ConfigError, match=message):
        omega.run_backtest(data, strategy, **settings)


def test_a_run_that_decides_otherwise_is_refused_by_its_rows() -> None:
    earlier = omega.run_backtest(CANDLES.head(FIRST), Told())
    earlier.identify_by(lambda: {"strategy": "as if it were one"})
    again = omega.run_backtest(CANDLES.head(FIRST), Told())
    from omega.results.resumed import resumed  # noqa: PLC0415 - what is tested alone here

    with pytest.raises(omega.ConfigError, match=r"row \d+ of equity is not that of the earlier"):
        resumed(again, earlier)


@pytest.mark.parametrize("given", [5, "run", object()])
def test_only_a_result_is_gone_on_from(given: object) -> None:
    with pytest.raises(omega.ConfigError, match="expected the BacktestResult to go on from"):
        run(resume=given)


def test_a_result_that_does_not_know_its_run_says_so() -> None:
    from omega.results.result import example_result  # noqa: PLC0415 - as above

    with pytest.raises(omega.ConfigError, match="does not know what it ran over"):
        run(resume=example_result())
