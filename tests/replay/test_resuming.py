"""A run that goes on (rule D6): exactly the run without it, refused where its begin is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from tests.support import report_runs as runs
from tests.support.backends import BACKENDS
from tests.support.portfolios import candles, day, targets

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
    earlier.identify_by(lambda _: {"strategy": "as if it were one"})
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

    with pytest.raises(omega.ConfigError, match="has no record of what it ran over"):
        run(resume=example_result())


def weeks(count: int) -> dict[str, Any]:
    """Candles of so many days, and tables that end with them."""
    prices = {
        "A": candles([100.0 + k % 5 for k in range(count)]),
        "B": candles([50.0 + k % 3 for k in range(count)]),
    }
    pays = [{"symbol": "B", "date": day(k), "amount": 0.5} for k in range(3, count, 4)]
    splits = [{"symbol": "A", "date": day(k), "ratio": 2} for k in range(9, count, 9)]
    rates = [{"date": day(k), "rate": 0.01 + k / 1_000} for k in range(0, count, 5)]
    hours = [{"time": day(k), "rate": 1e-4} for k in range(count)]
    lent = [{"symbol": "A", "date": day(k), "rate": 0.02} for k in range(0, count, 6)]
    members = [
        {"symbol": "A", "from": day(0), "to": day(17) if count > 17 else None},
        {"symbol": "B", "from": day(0), "to": None},
        {"symbol": "A", "from": day(19), "to": None},
    ]
    held = {k: {"A": 0.2 + k % 3 / 10, "B": -0.3} for k in range(0, count, 3)}
    return {
        "data": prices,
        "strategy": omega.Weights(targets(held)),
        "events": omega.Events(splits=splits, dividends=pays),
        "carry": omega.Carry(cash=rates, debit=0.07, borrow=lent, funding={"B": hours}),
        "universe": members if count > 19 else members[:2],
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_tables_by_date_grow_with_the_data(backend: str, tmp_path: Path) -> None:
    words: dict[str, Any] = {"cash": 1e5, "account": omega.Account(leverage=2), "backend": backend}
    words["execution"] = omega.Execution(close_at_end=False)
    first, second = (weeks(count) | words for count in (14, 22))
    earlier = omega.run_backtest(**first)
    for one in (earlier, omega.BacktestResult.load(earlier.save(tmp_path / backend))):
        later = omega.run_backtest(**second, resume=one)
        assert later.fingerprint == omega.run_backtest(**second).fingerprint
        assert later.resumed is not None
        assert later.resumed.equity.height == 8
        assert later.resumed.ledger.height > 8


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"events": omega.Events(splits=[{"symbol": "A", "date": day(9), "ratio": 3}])}, "splits"),
        ({"carry": omega.Carry(cash=0.02)}, r"carry\.cash"),
        ({"universe": [{"symbol": "B", "from": day(0), "to": day(12)}]}, "universe"),
        ({"strategy": omega.Weights(targets({0: {"A": 0.3}}))}, "what it is"),
    ],
)
def test_a_table_with_another_past_is_refused(changed: dict[str, Any], words: str) -> None:
    own: dict[str, Any] = {"cash": 1e5, "account": omega.Account(leverage=2)}
    earlier = omega.run_backtest(**weeks(14), **own)
    with pytest.raises(omega.ConfigError, match=words):
        omega.run_backtest(**{**weeks(22), **changed}, **own, resume=earlier)


def test_a_list_of_times_grows_as_well() -> None:
    own: dict[str, Any] = {"data": weeks(22)["data"], "account": "cash"}
    table = targets({0: {"A": 0.5}})
    data = {name: frame.head(10) for name, frame in own["data"].items()}
    earlier = omega.run_backtest(data, omega.Weights(table, when=[day(4)]), account="cash")
    later = omega.Weights(table, when=[day(4), day(15)])
    assert omega.run_backtest(**own, strategy=later, resume=earlier).resumed is not None
    other = omega.Weights(table, when=[day(5), day(15)])
    with pytest.raises(omega.ConfigError, match="differs in"):
        omega.run_backtest(**own, strategy=other, resume=earlier)
