"""What the ratios of the engine were when last kept, and whether one has got worse since.

Only ratios are kept: both sides of one are measured within a moment, so that they hold on another
machine, too. How far a ratio wanders by itself is kept beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.engine.figures import Figure

FILE = Path(__file__).resolve().parents[1] / "results" / "baseline.json"
RATIO = "x"
MARGIN = 0.10  # what no figure is blamed for
TURNS = 3

Measure = Callable[[], Iterable[Figure]]


def renew(measures: Iterable[Measure]) -> None:
    """Measure each ratio several times, and keep the best with how far the others were from it."""
    kept = {}
    for measure in measures:
        for name, figures in _ratios(measure, TURNS).items():
            best, worst = (
                side(figures, key=lambda f: f.measured if f.at_most is not None else -f.measured)
                for side in (min, max)
            )
            wanders = abs(worst.measured - best.measured) / best.measured
            kept[name] = {"ratio": round(best.measured, 4), "wanders": round(wanders, 3)}
    FILE.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def regressions(measures: Iterable[Measure]) -> list[str]:
    """Give a line for each ratio that is worse than the kept one by more than noise.

    A measure with such a ratio is taken again, for noise passes and a regression stays.
    """
    kept = json.loads(FILE.read_text(encoding="utf-8"))
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
        lines += found.values()
    return lines


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
