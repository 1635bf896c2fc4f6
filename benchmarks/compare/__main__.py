"""Measure every engine and write docs/benchmarks.md: `python -m benchmarks.compare`.

Exits with 1 where an engine's answer is not Omega's; such an engine gets no time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.compare import page, series
from benchmarks.compare.environments import FOLDER, NotInstalled, python_of

TOP = Path(__file__).resolve().parents[2]
FEW, MANY, MOST = 50_000, 200_000, 2_000_000


@dataclass(frozen=True)
class Engine:
    """An engine, by the name of its file, and the numbers of bars that it gets."""

    file: str
    bars: tuple[int, ...] = (MANY,)
    form: str = ""

    @property
    def name(self) -> str:
        """The name in the table."""
        return f"{self.file}, {self.form}" if self.form else self.file


STATEFUL = (
    Engine("omega", (MANY, MOST), "trail compiled"),
    Engine("omega", (MANY,), "trail"),
    Engine("vectorbt", (MANY, MOST), "trail"),
    Engine("phasor", (MANY,), "trail"),
    Engine("backtesting", (MANY,), "trail"),
)
"""A stop that follows by hand: state of its own, which no column of signals has."""

ENGINES = (
    Engine("floor", (FEW, MANY, MOST)),
    Engine("omega", (FEW, MANY, MOST), "native"),
    Engine("omega", (MANY, MOST), "signals"),
    Engine("omega", (MANY, MOST), "trigger"),
    Engine("omega", (MANY, MOST), "class"),
    Engine("phasor", (MANY, MOST)),
    Engine("vectorbt", (MANY, MOST)),
    Engine("raptorbt", (MANY, MOST)),
    Engine("backtesting"),
    Engine("nautilus"),
    Engine("akquant"),
    Engine("backtrader", (FEW,)),  # takes half a minute for these
)


def main() -> int:
    """Measure, write the page, and tell whether all answers agree."""
    bars = FOLDER / f"bars-{series.SEED}-{MOST}.npy"
    series.write(bars, MOST)
    rows, stateful = measured(ENGINES, bars), measured(STATEFUL, bars)
    (FOLDER / "rows.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    (TOP / "docs" / "benchmarks.md").write_text(page.written(rows, stateful), encoding="utf-8")
    return int(any("refused" in row for row in (*rows, *stateful)))


def measured(engines: tuple[Engine, ...], bars: Path) -> list[dict[str, Any]]:
    """Measure engines of one strategy, whose answers must be one."""
    rows = []
    for engine in engines:
        for count in engine.bars:
            rows.append({"engine": engine.name, "file": engine.file, **cost(engine, bars, count)})
            print(json.dumps(rows[-1]), flush=True)
    for count in {row["bars"] for row in rows}:
        agree([row for row in rows if row["bars"] == count])
    return rows


def cost(engine: Engine, bars: Path, count: int) -> dict[str, Any]:
    """Measure an engine in a process of its own, or say why that cannot be done."""
    try:
        python = python_of(engine.file)
    except NotInstalled as reason:
        return {"bars": count, "missing": str(reason)}
    module = f"benchmarks.compare.engines.{engine.file}"
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    clean["OPENBLAS_NUM_THREADS"] = "1"  # nobody needs it, and its threads spin when they start
    done = subprocess.run(
        [python, "-m", module, bars, str(count), *filter(None, [engine.form])],
        cwd=TOP, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return {"bars": count, "refused": (done.stderr.strip().splitlines() or ["nothing"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def agree(rows: list[dict[str, Any]]) -> None:
    """Refuse each row whose answer is not Omega's over the same bars."""
    own = ("omega, native", "omega, trail compiled")
    expected = next(row["answer"] for row in rows if row["engine"] in own)
    for row in rows:
        if "answer" in row and row["answer"] != expected:
            row["refused"] = f"answers {row['answer']}, expected {expected}"


if __name__ == "__main__":
    sys.exit(main())
