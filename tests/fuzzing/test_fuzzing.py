"""A short run of each target, and its corpus; `make test-long` runs them for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

import omega
from tests.fuzzing import run_files, running, saved
from tests.fuzzing.targets import TARGETS

FOUND = (("arrow", 37_694), ("arrow", 440_342), ("saved", 42_033))
"""Inputs on which longer runs ended, by their numbers."""
INPUTS = {"arrow": 400, "imports": 400, "saved": 60, "run_files": 60}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.filterwarnings("ignore")
def test_a_short_run_finds_nothing(name: str) -> None:
    assert running.run(name, TARGETS[name], inputs=INPUTS[name]).inputs == INPUTS[name]


@pytest.mark.parametrize(("name", "number"), FOUND)
@pytest.mark.filterwarnings("ignore")
def test_what_was_found_is_found_no_more(name: str, number: int) -> None:
    assert running.run(name, TARGETS[name], first=number, inputs=1).inputs == 1


def test_an_input_that_takes_all_memory_from_polars_is_named_and_passed_over(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert running.run_apart("saved", first=15_368, inputs=2, seconds=None) == 0
    printed = capfd.readouterr()
    assert "saved: input 15368 ended the run" in printed.err
    assert "saved: 1 inputs" in printed.out


@pytest.mark.parametrize("path", sorted(run_files.CORPUS.glob("*.toml")), ids=lambda one: one.stem)
def test_a_run_file_is_run_or_refused_in_one_message(path: Path) -> None:
    said = run_files.answer(path.read_bytes())
    assert ("Fingerprint" in said) == (path.stem in ("plain", "full", "escape_in_symbol")), said


@pytest.mark.parametrize("path", sorted(saved.CORPUS.glob("manifest*")), ids=lambda one: one.stem)
def test_a_broken_manifest_is_refused(path: Path, tmp_path: Path) -> None:
    place = saved.fresh("saved", tmp_path)
    (place / "manifest.json").write_bytes(path.read_bytes())
    with pytest.raises(omega.OmegaError, match=r"manifest\.json"):
        omega.BacktestResult.load(place)


@pytest.mark.parametrize("path", sorted(saved.CORPUS.glob("sweep*")), ids=lambda one: one.stem)
def test_a_broken_description_of_a_sweep_is_refused(path: Path, tmp_path: Path) -> None:
    place = saved.fresh("swept", tmp_path)
    (place / "sweep.json").write_bytes(path.read_bytes())
    with pytest.raises(omega.ConfigError, match="out:"):
        saved.sweep(place)


def test_a_target_that_fails_names_its_input(capfd: pytest.CaptureFixture[str]) -> None:
    def fails(draw: object, folder: Path) -> None:
        raise ValueError("found")

    with pytest.raises(ValueError, match="found") as problem:
        running.run("arrow", fails, first=7, inputs=1)
    assert "python -m tests.fuzzing arrow --first 7" in problem.value.__notes__[0]
    assert running.run_apart("arrow", first=3, inputs=2, seconds=None) == 0
    assert "arrow: 2 inputs" in capfd.readouterr().out
