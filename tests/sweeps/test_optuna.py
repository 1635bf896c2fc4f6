"""Optuna as a sampler: it is asked in batches and told in order, and a seed repeats it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import omega
from omega import ConfigError, Costs
from omega.errors import StateSyncError
from omega.samplers import Between, Optuna, Parameters
from tests.support.candles import walk

optuna = pytest.importorskip("optuna", reason="an optional dependency")

SPACE = {
    "fast": Between(5, 50),
    "threshold": Between(0.1, 1.0, step=0.1),
    "scale": Between(0.001, 10.0, log=True),
    "window": Between(1, 1000, log=True),
    "slow": Between(20, 61, step=20),
    "side": ["long", "short", None],
    "costs": [Costs(), Costs(fee_min=1)],
}


def hill(run: Parameters) -> dict[str, float | None]:
    """Two metrics with one best place, at fast=30 and threshold=0.7."""
    distance = (run["fast"] - 30) ** 2 / 100 + (run["threshold"] - 0.7) ** 2
    return {"sharpe": -distance, "max_drawdown": distance, "trades": 3, "calmar": None}


def driven(
    sampler: Optuna,
    seed: int = 1,
    metrics: Callable[[Parameters], dict[str, Any] | None] = hill,
) -> list[Parameters]:
    search, runs = sampler.begin(seed), []
    while batch := search.ask():
        search.tell([metrics(run) for run in batch])
        runs += batch
    assert len(runs) == search.total
    return runs


def test_values_are_those_of_the_space() -> None:
    tenths = Between(0.1, 1.0, step=0.1).values() or ()
    for run in driven(Optuna(SPACE, runs=30)):
        assert list(run) == list(SPACE)
        assert type(run["fast"]) is int
        assert 5 <= run["fast"] <= 50
        assert run["threshold"] in tenths
        assert 0.001 <= run["scale"] <= 10.0
        assert type(run["window"]) is int
        assert run["slow"] in (20, 40, 60)
        assert run["side"] in ("long", "short", None)
        assert run["costs"] in (Costs(), Costs(fee_min=1))


def test_a_seed_repeats_its_runs_and_a_sampler_travels() -> None:
    sampler = Optuna(SPACE, runs=30)
    runs = driven(sampler)
    assert driven(sampler) == runs
    assert driven(pickle.loads(pickle.dumps(sampler))) == runs  # noqa: S301 - our own
    assert driven(sampler, seed=2) != runs
    assert driven(sampler, seed=2**63 + 5) != runs


def test_it_learns_from_what_it_is_told() -> None:
    space = {"fast": Between(5, 50), "threshold": Between(0.0, 1.0)}
    runs = driven(Optuna(space, runs=80))
    nearness = [hill(run)["max_drawdown"] or 0.0 for run in runs]
    assert sum(nearness[-20:]) < sum(nearness[:20]) / 4


def test_the_metrics_of_real_runs_can_be_told() -> None:
    store = omega.CandleStore(walk(2_000))

    def metrics(run: Parameters) -> dict[str, Any]:
        return omega.run_backtest(store, omega.native("sma_cross", **run)).metrics

    space = {"fast": Between(2, 10), "slow": Between(11, 60)}
    sampler = Optuna(space, runs=12, metric=["net_profit", "max_drawdown"], maximize=[True, False])
    assert driven(sampler, metrics=metrics) == driven(sampler, metrics=metrics)


def test_it_gives_batches_and_the_last_may_be_smaller() -> None:
    search = Optuna(SPACE, runs=10, batch=4).begin(seed=0)
    sizes = []
    while batch := search.ask():
        search.tell([None] * len(batch))
        sizes.append(len(batch))
    assert (sizes, search.fixed, search.metrics) == ([4, 4, 2], False, ("sharpe",))


def test_a_function_makes_parameters_from_a_trial() -> None:
    def space(trial: Any) -> Parameters:  # noqa: ANN401 - an optuna.Trial
        fast = trial.suggest_int("fast", 5, 20)
        return {"fast": fast, "slow": fast + trial.suggest_int("more", 1, 50)}

    runs = driven(Optuna(space, runs=20), metrics=lambda run: {"sharpe": run["slow"]})
    assert all(run["fast"] < run["slow"] for run in runs)


def test_a_study_is_gone_on_with_in_its_own_directions() -> None:
    study = optuna.create_study(
        directions=["minimize", "maximize"], sampler=optuna.samplers.RandomSampler(seed=3)
    )
    sampler = Optuna(SPACE, runs=10, metric=["max_drawdown", "trades"], study=study)
    driven(sampler)
    driven(sampler)
    assert len(study.trials) == 20
    assert {trial.state.name for trial in study.trials} == {"COMPLETE"}
    assert study.trials[0].params["costs"].startswith(("0: Costs(", "1: Costs("))


def test_several_metrics_may_have_directions_of_their_own() -> None:
    sampler = Optuna(SPACE, runs=4, metric=["sharpe", "max_drawdown"], maximize=[True, False])
    assert driven(sampler)


def test_a_run_that_failed_or_has_no_number_is_a_failed_trial() -> None:
    study = optuna.create_study()
    told: list[dict[str, Any] | None] = [None, {"calmar": None}, {"calmar": 1.5}]
    search = Optuna(SPACE, runs=3, metric="calmar", study=study).begin(seed=0)
    search.ask()
    search.tell(told)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "FAIL", "COMPLETE"]


def test_it_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    driven(Optuna(SPACE, runs=12))
    assert capfd.readouterr() == ("", "")


def test_results_must_be_told_before_more_is_asked() -> None:
    search = Optuna(SPACE, runs=10, batch=4).begin(seed=0)
    search.ask()
    with pytest.raises(StateSyncError, match="before the results of 4 runs were told"):
        search.ask()
    with pytest.raises(StateSyncError, match="told 3 results of 4 runs"):
        search.tell([None] * 3)


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: driven(Optuna(SPACE, 9, metric="sharp")), "no 'sharp'. Did you mean 'sharpe'?"),
    (
        lambda: driven(Optuna(SPACE, 9), metrics=lambda run: {"sharpe": "high"}),
        "'sharpe' is 'high', expected a number",
    ),
    (
        lambda: driven(Optuna(lambda trial: 5, 9)),  # type: ignore[arg-type, return-value]  # wrong
        "the function returned 5",
    ),
    (lambda: Optuna(SPACE, runs=0), "Optuna.runs: given 0, expected a whole number"),
    (lambda: Optuna({"fast": 5}, runs=3), "a list of values for 'fast', not a single int"),
    (lambda: Optuna(SPACE, 9, metric=[]), "the name of a metric, or a list of names"),
    (
        lambda: Optuna(SPACE, 9, maximize="yes"),  # type: ignore[arg-type]  # wrong on purpose
        "True or False, or a list of them",
    ),
    (lambda: Optuna(SPACE, 9, maximize=[True, False]), "one for each of sharpe"),
    (lambda: Optuna(SPACE, 9, study=5).begin(0), "given 5, expected an optuna.Study"),
    (
        lambda: Optuna(SPACE, 9, metric=["a", "b"], study=optuna.create_study()).begin(0),
        "it has 1 directions, and there are 2 metrics, a, b",
    ),
]


@pytest.mark.parametrize(("call", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_a_mistake_is_named(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        call()
    assert sentence in str(caught.value)


def test_without_optuna_the_message_says_what_to_install() -> None:
    program = """
import sys
sys.modules["optuna"] = None
from omega.samplers import Optuna
sampler = Optuna({"fast": [5, 10]}, runs=2)
try:
    sampler.begin(seed=0)
except Exception as problem:
    print(type(problem).__name__, problem)
"""
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.startswith("ConfigError omega.samplers.Optuna needs the package optuna")
    assert "pip install 'omega-backtest[optuna]'" in said
