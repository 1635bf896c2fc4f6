"""The native module declares that it needs the interpreter lock, which the reuse of views needs."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "rust" / "omega_py" / "src" / "lib.rs"


def test_the_module_declares_that_it_needs_the_lock() -> None:
    assert MODULE.read_text(encoding="utf-8").count("#[pymodule(gil_used = true)]") == 1


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="it has the lock")
def test_an_interpreter_without_the_lock_takes_it_back() -> None:
    program = "import sys, omega._core; print(sys._is_gil_enabled())"
    command = [sys.executable, "-c", program]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.strip() == "True"
