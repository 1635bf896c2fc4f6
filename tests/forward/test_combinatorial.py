"""Cross-validation of a grid: by slices, and by runs of each stretch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega import statistics
from omega.errors import ConfigError
from tests.support.backends import BACKENDS
from tests.support.forward_forms import FORMS

GRID = {"fast": [2, 3, 5], "slow": [8, 13]}
GROUPS: dict[str, Any] = {"groups": 5, "tested": 2, "workers": 1}


def candles(days: int = 40, seed: int = 3) -> pl.DataFrame:
    """Give four bars a day."""
    moves = np.random.default_rng(seed).normal(0.0, 0.01, 4 * days)
    close = 100.0 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], close[:-1]])
    begin = datetime(2026, 1, 1)  # noqa: DTZ001 - candles of no zone
    return pl.DataFrame(
        {
            "time": [begin + timedelta(hours=6 * k) for k in range(len(close))],
            "open": opens,
            "high": np.maximum(opens, close) * 1.001,
            "low": np.minimum(opens, close) * 0.999,
            "close": close,
        }
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_slices_are_those_of_a_sweep(backend: str) -> None:
    data, strategy = candles(), omega.native("sma_cross")
    begin = data["time"][16]  # all averages are there, and it is the first bar of a day
    found = omega.cross_validate(data, strategy, GRID, start=begin, backend=backend, **GROUPS)
    open_end = omega.Execution(close_at_end=False)
    swept = omega.sweep(
        data, strategy, GRID, start=begin, daily=True, execution=open_end, backend=backend
    )
    kept = swept._kept("daily")  # noqa: SLF001 - the returns themselves
    assert kept is not None
    daily = np.array(kept["daily"].to_list()).T
    expected = statistics.cpcv(daily, 5, 2, backend=backend)
    assert found.splits["run"].to_list() == expected.chosen.tolist()
    assert found.splits["is_sharpe"].to_numpy() == pytest.approx(expected.in_sample)
    assert found.splits["oos_sharpe"].to_numpy() == pytest.approx(expected.out_of_sample)
    assert found.paths["sharpe"].to_numpy() == pytest.approx(expected.sharpe)
    assert found.returns.drop("day").to_numpy() == pytest.approx(expected.returns)
    assert found.returns["day"].to_list() == [
        begin.date() + timedelta(days=k) for k in range(len(daily))
    ]
    chosen = found.splits.row(0, named=True)
    row = swept.to_polars().row(chosen["run"], named=True)
    assert (chosen["fast"], chosen["slow"]) == (row["fast"], row["slow"])
    assert found.is_approximate
    assert found.left_out == ()


@pytest.mark.parametrize("backend", BACKENDS)
def test_exact_runs_are_flat_at_both_ends(backend: str) -> None:
    data, strategy = candles(), omega.native("sma_cross")
    begin = data["time"][16]
    words: dict[str, Any] = {"reuse": "exact", "purge": 1, "embargo": 1, "backend": backend}
    found = omega.cross_validate(data, strategy, GRID, start=begin, **words, **GROUPS)
    splits = statistics.combinatorial_splits(36, 5, 2, purge=1, embargo=1)
    runs = [{"fast": fast, "slow": slow} for fast in GRID["fast"] for slow in GRID["slow"]]

    def daily(run: int, days: tuple[int, int]) -> list[float]:
        first, past = (begin + timedelta(days=day) for day in days)
        made = omega.run_backtest(
            data,
            omega.native("sma_cross", **runs[run]),
            start=first,
            end=past - timedelta(hours=6),
            execution=omega.Execution(close_at_end=True),
            backend=backend,
        )
        assert made.trades.filter(pl.col("exit_time") >= past).is_empty()
        returns = made.tables.daily_returns()
        assert returns is not None
        return list(map(float, returns))

    for place in (0, 4, 9):
        split = splits.splits[place]
        ratios = []
        for run in range(len(runs)):
            joined = np.concatenate([daily(run, part) for part in split.train])
            ratios.append(joined.mean() / joined.std(ddof=1))
        row = found.splits.row(place, named=True)
        assert row["run"] == int(np.argmax(ratios))
        assert row["is_sharpe"] == pytest.approx(max(ratios))
        tested = np.concatenate([daily(row["run"], part) for part in split.test])
        assert row["oos_sharpe"] == pytest.approx(tested.mean() / tested.std(ddof=1))
    path = np.concatenate(
        [
            daily(found.splits["run"][int(split)], splits.groups[group])
            for group, split in enumerate(splits.paths[1])
        ]
    )
    assert found.returns["path 1"].to_numpy() == pytest.approx(path)
    assert found.paths["total_return"][1] == pytest.approx(np.prod(1 + path) - 1)
    assert not found.is_approximate


@pytest.mark.parametrize("reuse", ["sliced", "exact"])
@pytest.mark.parametrize("name", list(FORMS))
def test_both_backends_give_the_same_rows(name: str, reuse: str) -> None:
    form, data = FORMS[name], candles()
    made = [
        omega.cross_validate(data, form.strategy, form.grid, reuse=reuse, backend=one, **GROUPS)
        for one in BACKENDS
    ]
    for table in ("splits", "paths", "returns", "groups"):
        assert all(getattr(made[0], table).equals(getattr(one, table)) for one in made)


def test_sets_that_fail_are_left_out() -> None:
    class Failing(omega.Strategy):
        fast: int = 3

        def init(self) -> None:
            self.short = self.sma(self.fast)

        def on_bar(self, bar: omega.Bar) -> None:
            if self.fast == 5:
                raise ValueError("no")
            if bar.index % 3 == 0 and self.position is None:
                self.buy()
            elif bar.index % 3 == 2 and self.position is not None:
                self.close()

    for reuse in ("sliced", "exact"):
        found = omega.cross_validate(candles(), Failing, {"fast": [5, 3]}, reuse=reuse, **GROUPS)
        assert found.left_out == (0,)
        assert set(found.splits["run"]) == {1}
    with pytest.raises(ConfigError, match="no set has returns of all days"):
        omega.cross_validate(candles(), Failing, {"fast": [5]}, **GROUPS)


def test_one_group_is_found_by_hand() -> None:
    """Two sets, two groups: each is tested with what is better in the other."""

    class Held(omega.Strategy):
        side: str = "long"

        def on_bar(self, bar: omega.Bar) -> None:
            if self.position is None:
                (self.buy if self.side == "long" else self.sell)(size=1)

    rising = candles(20)
    up = pl.Series([100.0 + k for k in range(40)] + [140.0 - k for k in range(40)])
    data = rising.with_columns(open=up, high=up + 0.5, low=up - 0.5, close=up)
    found = omega.cross_validate(
        data, Held, {"side": ["long", "short"]}, groups=2, tested=1, reuse="exact", workers=1
    )
    assert found.splits["side"].to_list() == ["short", "long"], "trained on the other group"
    assert found.paths.height == 1
    assert found.paths["total_return"][0] < 0.0
    assert found.groups.rows() == [
        (0, data["time"][0].date(), data["time"][39].date()),
        (1, data["time"][40].date(), data["time"][79].date()),
    ]


@pytest.mark.parametrize(("given", "said"), [
    ({"reuse": "x"}, "reuse"),
    ({"groups": 39}, "groups: given 39, expected at most 3"),
    ({"groups": 1}, "groups"),
    ({"tested": 5}, "fewer than there are"),
    ({"end": "2026-02-01"}, "cut the data"),
    ({"benchmark": "X"}, "cross_validate"),
    ({"nothing": 1}, "no argument 'nothing'"),
    ({"start": datetime(2030, 1, 1)}, "start"),  # noqa: DTZ001 - candles of no zone
    ({"purge": "1d"}, "purge"),
])  # fmt: skip
def test_what_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    words = {**GROUPS, **given}
    with pytest.raises(ConfigError, match=said):
        omega.cross_validate(candles(), omega.native("sma_cross"), GRID, **words)
