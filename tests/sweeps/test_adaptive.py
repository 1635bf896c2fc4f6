"""Without a number of workers, runs in Python go to processes only where these pay."""

from __future__ import annotations

import contextlib
import os
import types

import pytest

import omega
from omega.sweeps import adaptive, call
from omega.sweeps.in_process import InProcess
from omega.sweeps.processes import Processes
from omega.sweeps.spec import SweepSpec
from tests.support.sweep_strategies import GRID, Cross, walk


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of processes that were begun, on a machine of four cores."""
    numbers: list[int] = []

    def counted(spec: SweepSpec, workers: int) -> Processes:
        numbers.append(workers)
        return Processes(spec, workers)

    monkeypatch.setattr(call, "Processes", counted)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    return numbers


def test_few_short_runs_stay_in_this_process(begun: list[int]) -> None:
    result = omega.sweep(walk(300), Cross, GRID)
    assert result.to_polars()["error"].null_count() == 6
    assert begun == []


def test_the_rest_of_the_runs_goes_to_processes_that_pay(
    begun: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = omega.sweep(walk(300), Cross, GRID, workers=1)
    monkeypatch.setattr(adaptive, "SECONDS", 1e-9)
    result = omega.sweep(walk(300), Cross, GRID)
    assert begun == [4]
    assert result.to_polars().equals(alone.to_polars())


@pytest.mark.parametrize(
    ("seconds", "workers"), [(0.9, []), (1.0, [2]), (1.4, [2]), (1.5, [3]), (9.0, [4])]
)
def test_each_process_has_two_seconds_of_work(
    seconds: float, workers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, seconds])
    stopped = types.SimpleNamespace(perf_counter=lambda: next(clock))
    monkeypatch.setattr("omega.sweeps.adaptive.time", stopped)
    spec = SweepSpec(walk(50), Cross, {}, {}, fingerprint=False, tables=(), backend="auto")
    asked: list[int] = []

    def begin(many: int) -> Processes:
        asked.append(many)
        raise InterruptedError

    # Four runs are left after the first, each as long as it was.
    made = adaptive.Adaptive(InProcess(spec), begin, most=4, total=5)
    with contextlib.suppress(InterruptedError):
        next(made.rows([(0, {"fast": 3})]))
    assert asked == workers


def test_who_names_a_number_gets_it(begun: list[int]) -> None:
    omega.sweep(walk(100), Cross, {"fast": [3]}, workers=2)
    assert begun == [2]
