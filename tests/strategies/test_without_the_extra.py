"""Goal: without llvmlite a compiled class runs in Python, with the same result, and reports it."""

from __future__ import annotations

import pytest

import omega
from omega.run import compiled
from omega.sweeps import without_python
from tests.support.candles import rising
from tests.support.compiled_strategies import Crossing


def test_it_runs_in_python_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compiled, without_python):
        monkeypatch.setattr(module, "can_compile", lambda: False)
    candles = rising(60)
    result = omega.run_backtest(candles, Crossing())
    plain = omega.run_backtest(candles, Crossing(), compiled=False)
    assert result.stats.callbacks == "python"
    assert result.config["callbacks"] == "python"
    assert result.fingerprint == plain.fingerprint
    (notice,) = (one for one in result.notices if one.kind == "uncompiled")
    assert notice.text == (
        "the callbacks of Crossing ran uncompiled, as llvmlite is not installed: "
        "pip install 'omega-backtest[compiled]'"
    )
    assert not any(one.kind == "uncompiled" for one in plain.notices)
    rows = omega.sweep(candles, Crossing, {"fast": [3]}, workers=1, fingerprint=True).to_polars()
    single = omega.run_backtest(candles, Crossing(fast=3))
    assert rows["fingerprint"].to_list() == [single.fingerprint]
