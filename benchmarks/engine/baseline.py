"""What the engine cost when it was last kept, and whether something has got worse since.

Two things are kept. Ratios: both sides of one are measured within a moment, so that they hold on
another machine, too; how far a ratio wanders by itself is kept beside it. And counts of
instructions (`instructions.py`), which do not wander, beside the build that they are of.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.engine import instructions
from benchmarks.engine.figures import Figure

FILE = Path(__file__).resolve().parents[1] / "results" / "baseline.json"
RATIO = "x"
MARGIN = 0.25  # what no ratio is blamed for; what is smaller shows in the instructions
TURNS = 3  # of a comparison, before a ratio is called worse
KEPT_TURNS = 2  # of what is kept

Measure = Callable[[], Iterable[Figure]]


def renew(measures: Iterable[Measure]) -> None:
    """Measure each ratio several times, and keep the best with how far the others were from it."""
    ratios = {}
    for measure in measures:
        began = time.perf_counter()
        for name, figures in _ratios(measure, KEPT_TURNS).items():
            best, worst = (
                side(figures, key=lambda f: f.measured if f.at_most is not None else -f.measured)
                for side in (min, max)
            )
            wanders = abs(worst.measured - best.measured) / best.measured
            ratios[name] = {"ratio": round(best.measured, 4), "wanders": round(wanders, 3)}
            print(f"      {name:<58} {best.measured:>9.3f} x, wanders {wanders:.0%}", flush=True)
        print(f"      {_title(measure)}: {time.perf_counter() - began:.0f} s", flush=True)
    kept: dict[str, Any] = {"ratios": ratios}
    missing = instructions.why_not()
    if missing:
        print(f"Not counted, and the kept counts stay: {missing}.")
        kept["instructions"] = _kept().get("instructions", {})
    else:
        kept["instructions"] = {"build": instructions.build(), "counts": instructions.counts()}
    FILE.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def regressions(measures: Iterable[Measure]) -> list[str]:
    """Give a line for each ratio that is worse than the kept one by more than noise.

    A measure with such a ratio is taken again, for noise passes and a regression stays.
    """
    kept = _kept().get("ratios", {})
    lines: list[str] = []
    for measure in measures:
        found: dict[str, str] = {}
        for turn in range(TURNS):
            ratios = _ratios(measure, 1)
            worse = {name: _worse(figures[0], kept) for name, figures in ratios.items()}
            now = {name: line for name, line in worse.items() if line}
            found = now if turn == 0 else {n: now[n] for n in found if n in now}
            if not found:
                break
        print(f"      {_title(measure)}: {len(found)} worse", flush=True)
        lines += found.values()
    return lines


def more_instructions() -> tuple[list[str], str]:
    """Give a line for each workload that takes more instructions, or say why none is compared."""
    kept = _kept().get("instructions", {})
    if not kept:
        return [], "no counts are kept; keep them with --renew"
    names = ", ".join(kept["counts"])
    missing = instructions.why_not()
    if missing:
        return [], f"{missing}; left out: {names}"
    differs = instructions.other_build(kept["build"], instructions.build())
    if differs:
        return [], f"the kept counts are of another build ({differs}); left out: {names}"
    return instructions.regressions(instructions.counts(), kept["counts"]), ""


def _kept() -> dict[str, Any]:
    """Read what is kept."""
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return read


def _title(measure: Measure) -> str:
    """Name a measure by its module and function."""
    module = measure.__module__.rpartition(".")[2]
    return f"{module}.{getattr(measure, '__name__', 'measure')}"


def _ratios(measure: Measure, turns: int) -> dict[str, list[Figure]]:
    """Take a measure several times, and give its ratios by name."""
    found: dict[str, list[Figure]] = {}
    for _ in range(turns):
        for figure in measure():
            if figure.unit == RATIO:
                found.setdefault(figure.name, []).append(figure)
    return found


def _worse(figure: Figure, kept: dict[str, dict[str, float]]) -> str:
    """Give a line if a figure is worse than it was by more than noise, or is not known."""
    if figure.name not in kept:
        return f"{figure.name}: not in {FILE.name}; keep it with --renew"
    before, wanders = kept[figure.name]["ratio"], kept[figure.name]["wanders"]
    change = figure.measured / before if figure.at_most is not None else before / figure.measured
    if change <= 1 + MARGIN + wanders:
        return ""
    return (
        f"{figure.name}: {figure.measured:.3f}, was {before:.3f}; worse by {change - 1:.0%}, "
        f"and noise is {MARGIN + wanders:.0%}"
    )
