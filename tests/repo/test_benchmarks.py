"""What the benchmarks keep and compare is what they say it is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.compare.__main__ import ENGINES, FEW, STATEFUL, agree, cost
from benchmarks.compare.environments import HERE
from benchmarks.compare.measure import Bars
from benchmarks.compare.page import LABELS, written
from benchmarks.compare.page import STATEFUL as STATEFUL_LABELS
from benchmarks.compare.series import series, without_ties, write
from benchmarks.engine import baseline, instructions
from benchmarks.engine.figures import Figure
from tests.support.backends import WITHOUT_CORE


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
    page = written(rows, [])
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
    assert {engine.name for engine in STATEFUL} == STATEFUL_LABELS.keys()
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
    monkeypatch.setattr(instructions, "why_not", lambda: "valgrind not found")
    baseline.renew([turns("cost", 2.2, 2.0), turns("gain", 9.0, 10.0, at_most=False)])
    kept = json.loads(baseline.FILE.read_text())["ratios"]
    assert kept["cost"] == {"ratio": 2.0, "wanders": 0.1}
    assert kept["gain"] == {"ratio": 10.0, "wanders": 0.1}
    assert not baseline.regressions([turns("cost", 2.69), turns("gain", 7.5, at_most=False)])
    assert not baseline.regressions([turns("cost", 3.0, 3.0, 2.0)])
    (line,) = baseline.regressions([turns("cost", 3.0, 2.9, 2.8)])
    assert line.startswith("cost: 2.800, was 2.000; worse by 40%")
    assert len(baseline.regressions([turns("gain", 7.0, 7.0, 7.0, at_most=False)])) == 1
    assert "not in" in baseline.regressions([turns("new", 1.0, 1.0, 1.0)])[0]


def test_more_instructions_are_named_beyond_the_margin_and_nothing_is_left_out_silently() -> None:
    kept = {"loop": 1_000_000, "tables": 1_000, "gone": 1}
    (more, unknown, gone) = instructions.regressions(
        {"loop": 1_020_001, "tables": 1_020, "new": 5}, kept
    )
    assert more.startswith("loop: 1,020,001 instructions, was 1,000,000; more by 2.0%")
    assert unknown == "new: no count is kept; keep it with --renew"
    assert gone == "gone: is kept, and nothing counts it now"


def test_counts_are_compared_with_those_of_a_like_build_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "FILE", tmp_path / "baseline.json")
    monkeypatch.setattr(instructions, "counts", lambda: {"loop": 1_100})
    build = {"rustc": "rustc 1", "profile": "counted", "machine": "x86_64"}
    kept = {"instructions": {"build": build, "counts": {"loop": 1_000}}}
    baseline.FILE.write_text(json.dumps(kept))
    monkeypatch.setattr(instructions, "why_not", lambda: "valgrind not found")
    assert baseline.more_instructions() == ([], "valgrind not found; left out: loop")
    monkeypatch.setattr(instructions, "why_not", lambda: "")
    monkeypatch.setattr(instructions, "build", lambda: build | {"rustc": "rustc 2"})
    lines, left_out = baseline.more_instructions()
    assert not lines
    assert "(rustc was rustc 1, is rustc 2); left out: loop" in left_out
    monkeypatch.setattr(instructions, "build", lambda: build)
    lines, left_out = baseline.more_instructions()
    assert "more by 10.0%" in lines[0]
    assert not left_out


def test_the_kept_baseline_holds_ratios_and_counts() -> None:
    kept = json.loads(baseline.FILE.read_text())
    assert set(kept) == {"ratios", "instructions"}
    assert kept["ratios"]
    for figure in kept["ratios"].values():
        assert set(figure) == {"ratio", "wanders"}
    assert set(kept["instructions"]) == {"build", "counts"}
    assert all(count > 0 for count in kept["instructions"]["counts"].values())
