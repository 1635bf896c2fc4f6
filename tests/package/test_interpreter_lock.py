"""The native module declares that it needs the interpreter lock, which the reuse of views needs."""

from __future__ import annotations

from pathlib import Path

MODULE = Path(__file__).resolve().parents[2] / "rust" / "omega_py" / "src" / "lib.rs"


def test_the_module_declares_that_it_needs_the_lock() -> None:
    assert MODULE.read_text(encoding="utf-8").count("#[pymodule(gil_used = true)]") == 1
