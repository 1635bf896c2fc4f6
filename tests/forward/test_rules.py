"""The rules of walk-forward on runs: WF1, WF3, WF4, WF6, WF7, on both backends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import omega
from omega.sweeps.result import SweepResult
from tests.support.backends import BACKENDS
from tests.support.forward_forms import FORMS, Follows, candles

OPEN_END = omega.Execution(close_at_end=False)
AT_RANDOM = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def forward(frame: pl.DataFrame, name: str, **given: object) -> omega.WalkForward:
    form = FORMS[name]
    lengths: dict[str, Any] = {"train": 80, "test": 40, "workers": 1, "objective": "total_return"}
    return omega.walk_forward(frame, form.strategy, form.grid, **{**lengths, **given})


@pytest.mark.parametrize("border", ["keep", "flat"])
@pytest.mark.parametrize("name", list(FORMS))
def test_both_backends_give_the_same_bytes(name: str, border: str) -> None:
    frame = candles(300, seed=3)
    made = [
        forward(frame, name, border=border, backend=backend, minimum={"trades": 3})
        for backend in BACKENDS
    ]
    assert len({one.oos.fingerprint for one in made}) == 1
    assert all(made[0].windows.equals(one.windows) for one in made)
    assert made[0].oos.trades.height > 0


@AT_RANDOM
@given(
    name=st.sampled_from(sorted(FORMS)),
    borders=st.sampled_from([("keep", None), ("flat", None), ("keep", 55), ("flat", 55)]),
    seed=st.integers(0, 10_000),
    cut=st.integers(140, 299),
    backend=st.sampled_from(BACKENDS),
)
def test_a_part_of_the_data_gives_the_first_windows_unchanged(
    name: str, borders: tuple[str, int | None], seed: int, cut: int, backend: str
) -> None:
    frame = candles(300, seed=seed)
    border, step = borders
    given: dict[str, Any] = {
        "border": border,
        "step": step,
        "backend": backend,
        "execution": OPEN_END,
    }
    whole = forward(frame, name, **given)
    part = forward(frame.head(cut), name, **given)
    chosen = ["window", "train_start", "train_end", "test_start", "run", "reason"]
    count = part.windows.height
    assert part.windows.select(chosen).equals(whole.windows.head(count).select(chosen))
    complete = part.windows.head(count - 1)
    assert complete.equals(whole.windows.head(count - 1).select(complete.columns))
    until = part.oos.equity["time"][-1]  # before the cut, where that lies in a hole
    assert until == frame["time"][cut - 1] or step is not None
    fills = whole.oos.fills.filter(pl.col("time") <= until)
    assert part.oos.fills.equals(fills)


@AT_RANDOM
@given(
    name=st.sampled_from(sorted(FORMS)),
    seed=st.integers(0, 10_000),
    test=st.integers(10, 200),
    backend=st.sampled_from(BACKENDS),
)
def test_one_set_is_the_plain_run(name: str, seed: int, test: int, backend: str) -> None:
    frame = candles(300, seed=seed)
    form = FORMS[name]
    ((parameter, values),) = form.grid.items()
    grid = {parameter: values[:1]}
    wf = omega.walk_forward(
        frame,
        form.strategy,
        grid,
        train=80,
        test=test,
        objective="total_return",
        check=True,
        workers=1,
        backend=backend,
    )
    assert wf.checked


def test_a_strategy_with_state_of_its_own_is_told_from_the_plain_run() -> None:
    frame = candles(300, seed=1)
    wf = omega.walk_forward(
        frame,
        lambda lots: omega.native("buy_and_hold"),
        {"lots": [1]},
        train=50,
        test=50,
        objective="total_return",
        check=True,
    )
    assert wf.checked is False
    assert "not equal to the plain run" in repr(wf)


class Holds(omega.Strategy):
    """Buys on its first bar and never leaves; `n` is what it differs in from others."""

    n: int = 1

    def on_bar(self, bar: omega.Bar) -> None:
        if self.position is None:
            self.buy(size=self.n, reason=f"of {self.n}")
            self.buy(limit=1.0, reason=f"never {self.n}")


def rising(count: int) -> pl.DataFrame:
    """Give bars that open at 100, 101, 102, and close half a point above."""
    frame = candles(count, seed=0)
    opens = pl.Series([100.0 + k for k in range(count)])
    return frame.with_columns(open=opens, high=opens + 1.0, low=opens - 1.0, close=opens + 0.5)


def larger_first(sweep: SweepResult) -> int:
    """Choose by place: what a test has to know beforehand."""
    return sweep.to_polars().height - 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_kept_position_goes_over_the_border(backend: str) -> None:
    wf = omega.walk_forward(
        rising(31),
        Holds,
        {"n": [1]},
        train=10,
        test=10,
        objective="total_return",
        backend=backend,
    )
    # Origin is bar 1, so that tests begin with bars 11 and 21.
    trade = wf.oos.trades.row(0, named=True)
    assert wf.oos.trades.height == 1
    assert (trade["entry_price"], trade["exit_price"]) == (111.0, 130.5)
    assert trade["exit_reason"] == "end_of_data"
    assert wf.windows["oos_trades"].to_list() == [0, 1]  # where it was closed


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_flat_border_closes_at_the_open_and_begins_anew(backend: str) -> None:
    costs = omega.Costs(fee_fixed=2.0)
    wf = omega.walk_forward(
        rising(31),
        Holds,
        {"n": [1]},
        train=10,
        test=10,
        objective="total_return",
        border="flat",
        costs=costs,
        backend=backend,
    )
    shown = wf.oos.trades.select("entry_price", "exit_price", "exit_reason", "fees")
    assert shown.rows() == [(111.0, 121.0, "window", 4.0), (121.0, 130.5, "end_of_data", 4.0)]
    # The order that waited is cancelled, and the next window places its own.
    waited = wf.oos.orders.filter(pl.col("type") == "limit")
    assert waited["status"].cast(pl.String).to_list() == ["cancelled", "working"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("border", ["keep", "flat"])
def test_a_window_without_a_choice_holds_nothing(border: str, backend: str) -> None:
    chosen = iter([0, None, 0, 0])  # the last is for tomorrow
    wf = omega.walk_forward(
        rising(41),
        Holds,
        {"n": [1]},
        train=10,
        test=10,
        border=border,
        objective=lambda sweep: next(chosen),
        backend=backend,
    )
    shown = wf.oos.trades.select("entry_price", "exit_price", "exit_reason")
    assert shown.rows() == [(111.0, 121.0, "window"), (131.0, 140.5, "end_of_data")]
    row = wf.windows.row(1, named=True)
    assert (row["run"], row["n"], row["reason"]) == (None, None, "the objective chose none")
    # From the mark of 120.5 to the open at which it is closed.
    assert row["oos_total_return"] == pytest.approx(0.5 / 10_009.5)
    assert row["alone_trades"] is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_hole_opens_nothing(backend: str) -> None:
    given: dict[str, Any] = {"train": 10, "test": 5, "step": 10, "objective": "total_return"}
    kept = omega.walk_forward(rising(31), Holds, {"n": [1]}, backend=backend, **given)
    assert kept.oos.trades.select("entry_price", "exit_price").rows() == [(111.0, 125.5)]
    assert kept.oos.orders["status"].cast(pl.String).to_list().count("cancelled") == 1
    flat = omega.walk_forward(
        rising(31), Holds, {"n": [1]}, border="flat", backend=backend, **given
    )
    shown = flat.oos.trades.select("entry_price", "exit_price", "exit_reason")
    assert shown.rows() == [(111.0, 116.0, "window"), (121.0, 125.5, "end_of_data")]


def test_ties_go_to_the_first_run_and_minimum_is_kept() -> None:
    frame = rising(31)
    twice = [{"n": 1}, {"n": 1}]
    wf = omega.walk_forward(frame, Holds, twice, train=10, test=10, objective="total_return")
    assert wf.windows["run"].to_list() == [0, 0]
    none = omega.walk_forward(
        frame, Holds, twice, train=10, test=10, objective="total_return", minimum={"trades": 2}
    )
    assert none.windows["reason"].to_list() == ["no run has trades >= 2"] * 2
    assert (none.oos.metrics["trades"], none.current) == (0, None)
    assert none.windows["eligible"].to_list() == [0, 0]


class Fails(Follows):
    """Cannot begin with one of its parameters."""

    def init(self) -> None:
        super().init()
        if self.n == 4:
            raise ValueError("four is not to be had")


def test_runs_that_fail_are_no_choice() -> None:
    frame = candles(200, seed=2)
    wf = omega.walk_forward(
        frame, Fails, {"n": [4, 6]}, train=60, test=40, objective="total_return", workers=1
    )
    assert set(wf.windows["run"].to_list()) == {1}
    every = omega.walk_forward(
        frame, Fails, {"n": [4]}, train=60, test=40, objective="total_return", workers=1
    )
    assert every.windows["reason"][0] == "all 1 runs failed: ValueError: four is not to be had"


def test_all_sets_have_the_history_of_the_longest() -> None:
    frame = candles(300, seed=5)
    wf = forward(frame, "sma_cross")
    assert wf.windows["train_start"][0] == frame["time"][20]
    with pytest.raises(omega.ConfigError, match="2026-01-01 20:00:00 or later"):
        forward(frame, "sma_cross", start=frame["time"][19])
    later = forward(frame, "sma_cross", start=frame["time"][30])
    assert later.windows["train_start"][0] == frame["time"][30]


def test_train_runs_are_those_of_the_stretch_alone() -> None:
    frame = candles(300, seed=6)
    wf = forward(frame, "class", purge=3)
    row = wf.windows.row(1, named=True)
    plain = omega.run_backtest(frame, Follows(n=6), start=row["train_start"], end=row["train_end"])
    table = wf.sweeps[1].to_polars()
    assert table.filter(pl.col("n") == 6)["fingerprint"].item() == plain.fingerprint
    assert table["run"].to_list() == [0, 1, 2]


def test_a_gap_goes_on_under_the_old_parameters() -> None:
    frame = rising(51)
    wf = omega.walk_forward(
        frame, Holds, {"n": [1]}, train=10, test=10, gap=4, objective="total_return"
    )
    assert wf.windows["test_start"][0] == frame["time"][15]
    assert wf.oos.trades.height == 1


@pytest.mark.parametrize("backend", BACKENDS[:1])
def test_several_symbols_share_the_account(backend: str) -> None:
    frames = {"AAA": candles(200, seed=1), "BBB": candles(160, seed=2, minutes=75)}
    made = [
        omega.walk_forward(
            frames,
            FORMS[name].strategy,
            FORMS[name].grid,
            train="3d",
            test="1d",
            border=border,
            objective="total_return",
            workers=1,
            backend=backend,
        )
        for name in ("class", "columns")
        for border in ("keep", "flat")
    ]
    assert all(one.oos.metrics["trades"] for one in made)
    checked = omega.walk_forward(
        frames,
        FORMS["columns"].strategy,
        {"n": [6]},
        train="3d",
        test="1d",
        objective="total_return",
        check=True,
        backend=backend,
    )
    assert checked.checked


def test_several_symbols_are_the_same_on_both_backends() -> None:
    frames = {"AAA": candles(200, seed=1), "BBB": candles(160, seed=2, minutes=75)}
    for border in ("keep", "flat"):
        marks = {
            omega.walk_forward(
                frames,
                Follows,
                {"n": [4, 9]},
                train="3d",
                test="1d",
                border=border,
                objective="total_return",
                workers=1,
                backend=backend,
            ).oos.fingerprint
            for backend in BACKENDS
        }
        assert len(marks) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"border": "open"}, "border: given 'open'"),
        ({"objective": "sharp"}, "objective: no metric 'sharp'"),
        ({"objective": "plateau:sharp"}, "objective: no metric 'sharp'"),
        ({"minimum": {"trade": 3}}, "minimum: no metric 'trade'"),
        ({"reuse": "some"}, "reuse: given 'some'"),
        ({"check": True}, "check: given True with 3 sets"),
        ({"end": "2026-01-03"}, "windows go to the end of the data"),
        ({"objective": lambda sweep: 7}, "the function gave 7"),
        ({"anchored": "yes"}, "anchored: given 'yes'"),
        ({"constraint": "m < 5"}, "constraint: given 'm < 5': 'm' is not known"),
        ({"constraint": "n < 0"}, "is true for no run of the grid"),
        ({"resume": None}, "walk_forward: no argument 'resume'"),
        ({"limit": 3}, "Did you mean 'limits'"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(omega.ConfigError, match=words):
        forward(candles(300, seed=1), "class", **given)


def test_a_grid_of_settings_is_refused() -> None:
    frame = candles(300, seed=1)
    with pytest.raises(omega.ConfigError, match="'costs' is a setting of the run"):
        omega.walk_forward(frame, Follows, {"n": [4], "costs": [omega.Costs()]}, train=80, test=40)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_constraint_leaves_sets_out(backend: str) -> None:
    """What is left is as if the grid had only that, so that the numbers of runs follow."""
    frame = candles(300, seed=3)
    lengths: dict[str, Any] = {"train": 80, "test": 40, "objective": "total_return"}
    words = {**lengths, "backend": backend, "workers": 1}
    ruled = omega.walk_forward(frame, Follows, {"n": [4, 6, 9]}, constraint="n != 6", **words)
    plain = omega.walk_forward(frame, Follows, {"n": [4, 9]}, **words)
    assert ruled.windows.equals(plain.windows)
    assert ruled.oos.fingerprint == plain.oos.fingerprint
    assert [len(one) for one in ruled.sweeps] == [2] * ruled.windows.height


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_benchmark_is_of_the_account_alone(backend: str) -> None:
    frame = candles(300, seed=3)
    plain = forward(frame, "class", backend=backend)
    beside = forward(frame, "class", backend=backend, benchmark=frame.select("time", "close"))
    assert beside.windows.equals(plain.windows)
    assert beside.oos.fingerprint == plain.oos.fingerprint
    assert "beta" not in plain.oos.metrics
    account = omega.run_backtest(
        frame,
        beside.oos.strategy,
        start=beside.windows["test_start"][0],
        benchmark=frame.select("time", "close"),
        backend=backend,
    )
    assert beside.oos.metrics["beta"] == account.metrics["beta"]


def test_a_train_run_is_made_again_from_its_window() -> None:
    frame = candles(300, seed=3)
    wf = forward(frame, "sma_cross", daily=True)
    for place, swept in enumerate(wf.sweeps):
        table = swept.to_polars()
        assert table["p_adjusted"].null_count() < table.height, "the days are kept"
        again = swept.run(swept.best("total_return"))
        assert again.fingerprint == table["fingerprint"][swept.best("total_return")["run"]]
        assert again.equity["time"][0] >= wf.windows["train_start"][place]
        assert swept.trust("total_return").spa is not None
    sliced = forward(frame, "sma_cross", reuse="sliced")
    with pytest.raises(omega.ConfigError, match="slices of longer runs"):
        sliced.sweeps[0].run(0)


def test_what_is_chosen_from_is_written_into_a_ledger(tmp_path: Path) -> None:
    frame = candles(300, seed=3)
    wf = forward(frame, "sma_cross", trials=tmp_path / "trials")
    marks = {mark for one in wf.sweeps for mark in one.to_polars()["fingerprint"]}
    kept = omega.trials(tmp_path / "trials").to_polars()["fingerprint"]
    assert marks <= set(kept)
    forward(frame, "sma_cross", trials=False)
    assert len(omega.trials(tmp_path / "trials")) == len(kept)
