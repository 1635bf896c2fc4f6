"""Importing the package is quick: nothing heavy is loaded before it is used."""

import subprocess
import sys

import pytest

import omega


def _fresh(program: str) -> str:
    """Return what a program prints in an interpreter of its own."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_import_loads_nothing_heavy() -> None:
    heavy = {"polars", "numpy", "pandas", "pyarrow", "rich", "omega._core"}
    loaded = set(_fresh("import omega, sys; print(*sys.modules)").split())
    assert not heavy & loaded


def test_import_takes_less_than_150_ms() -> None:
    """Of the processor, which no other process makes more."""
    program = (
        "import time; began = time.process_time(); import omega; print(time.process_time() - began)"
    )
    assert min(float(_fresh(program)) for _ in range(5)) < 0.150


@pytest.mark.parametrize("name", omega.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(omega, name) is not None
    assert name in dir(omega)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="run_backtests"):
        getattr(omega, "run_backtests")  # noqa: B009 - a type checker would refuse the plain form
