"""What the benchmarks keep and compare is what they say it is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.compare.__main__ import ENGINES, FEW, agree, cost
from benchmarks.compare.environments import HERE
from benchmarks.compare.measure import Bars
from benchmarks.compare.page import LABELS, written
from benchmarks.compare.series import series, without_ties, write
from benchmarks.engine import baseline
from benchmarks.engine.figures import Figure
from tests.backends import WITHOUT_CORE


@pytest.mark.skipif(WITHOUT_CORE or not shutil.which("cc"), reason="needs the core and a compiler")
def test_the_loop_in_c_and_a_run_of_the_core_give_one_answer_and_a_page(tmp_path: Path) -> None:
    bars = tmp_path / "bars.npy"
    write(bars, 3_000)
    rows = [
        {"engine": engine.name, "file": engine.file, **cost(engine, bars, 3_000)}
        for engine in ENGINES
        if engine.name in {"floor", "omega, native"}
    ]
    agree(rows)
    assert not any("refused" in row for row in rows)
    rows.append({"engine": "akquant", "bars": 3_000, "missing": "no version for this Python"})
    page = written(rows)
    assert "| Omega, native |" in page
    assert "Not measured: akquant. no version for this Python" in page


def test_another_answer_is_refused() -> None:
    right, wrong = {"trades": 2, "profit": 1.0}, {"trades": 2, "profit": 1.5}
    rows = [{"engine": "omega, native", "answer": right}, {"engine": "other", "answer": wrong}]
    agree(rows)
    assert "refused" in rows[1]
    assert "refused" not in rows[0]


def test_every_engine_has_a_file_a_label_and_pins() -> None:
    for engine in ENGINES:
        assert (HERE / "engines" / f"{engine.file}.py").is_file()
        assert engine.name in LABELS
    pins = [path.read_text().splitlines() for path in sorted((HERE / "requirements").iterdir())]
    assert len(pins) == 7
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for lines in pins for line in lines)


def test_the_series_is_exact_and_each_bar_opens_at_the_last_close() -> None:
    rows = series(FEW)
    without_ties(rows)
    bars = Bars(*rows)
    assert (bars.open[1:] == bars.close[:-1]).all()
    assert (rows * 512 % 1 == 0).all()
    assert (bars.low <= bars.open).all()
    assert (bars.high >= bars.close).all()


def turns(name: str, *values: float, at_most: bool = True) -> baseline.Measure:
    """Measure something that gives one value after the other."""
    left = list(values)
    limits: dict[str, Any] = {"at_most": 9.0} if at_most else {"at_least": 1.0}
    return lambda: [Figure(name, left.pop(0), "x", **limits)]


def test_a_regression_is_what_stays_beyond_noise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "FILE", tmp_path / "baseline.json")
    baseline.renew([turns("cost", 2.2, 2.0, 2.1), turns("gain", 9.0, 10.0, 9.5, at_most=False)])
    kept = json.loads(baseline.FILE.read_text())
    assert kept["cost"] == {"ratio": 2.0, "wanders": 0.1}
    assert kept["gain"] == {"ratio": 10.0, "wanders": 0.1}
    assert not baseline.regressions([turns("cost", 2.39), turns("gain", 8.4, at_most=False)])
    assert not baseline.regressions([turns("cost", 3.0, 3.0, 2.0)])
    (line,) = baseline.regressions([turns("cost", 3.0, 2.9, 2.8)])
    assert line.startswith("cost: 2.800, was 2.000; worse by 40%")
    assert len(baseline.regressions([turns("gain", 7.0, 7.0, 7.0, at_most=False)])) == 1
    assert "not in" in baseline.regressions([turns("new", 1.0, 1.0, 1.0)])[0]


def test_the_kept_baseline_holds_ratios_only() -> None:
    kept = json.loads(baseline.FILE.read_text())
    assert kept
    for figure in kept.values():
        assert set(figure) == {"ratio", "wanders"}
