"""All figures of the engine, each beside its target: `python -m benchmarks.engine`.

Exits with 1 where a target is missed. With `--check` it compares ratios and counts of
instructions with those kept in `benchmarks/results/baseline.json` and exits with 1 where one is
worse by more than noise; `--instructions` compares the counts alone, which takes a fraction of the
time and is the same on a busy machine; `--renew` keeps those of now.
"""

from __future__ import annotations

import argparse
import platform
import sys
from importlib.metadata import version

from benchmarks.engine import (
    baseline,
    compiled,
    engines,
    forms,
    forward,
    imports,
    indicators,
    ingest,
    loop,
    luck,
    parameters,
    portfolios,
    sweeps,
    symbols,
    written,
)

MEASURES = (
    loop.callbacks,
    loop.backends,
    indicators.figures,
    symbols.figures,
    forms.sma_cross,
    forms.trigger,
    forms.positions,
    parameters.figures,
    loop.scaling,
    sweeps.processes,
)
"""What gives ratios, which are kept."""

OTHERS = (
    loop.memory,
    loop.never_trades,
    loop.views,
    engines.figures,
    ingest.figures,
    imports.figures,
    sweeps.figures,
    luck.cost,
    forward.figures,
    portfolios.figures,
    written.reads,
    written.orders,
    written.whole,
    written.managed,
    written.two_symbols,
    written.triggers,
    compiled.figures,
    compiled.sweeps,
)
"""What gives bytes, times and shares; memory comes first, before others have raised it."""


def main() -> int:
    """Do what the command line names; give whether all is well."""
    asked = argparse.ArgumentParser(description="Measure the engine, each figure as a ratio.")
    asked.add_argument("--check", action="store_true", help="compare with the stored baseline")
    asked.add_argument("--renew", action="store_true", help="store ratios and counts of now")
    asked.add_argument("--instructions", action="store_true", help="compare the counts alone")
    words = asked.parse_args()
    if words.renew:
        baseline.renew(MEASURES)
        return 0
    if words.check or words.instructions:
        return check(ratios=not words.instructions)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, "
          f"Polars {version('polars')}")  # fmt: skip
    missed = 0
    for measure in (*OTHERS, *MEASURES):
        for figure in measure():
            print(figure, flush=True)
            missed += not figure.holds
    return 1 if missed else 0


def check(*, ratios: bool = True) -> int:
    """Print what is worse than the baseline by more than noise."""
    found, left_out = baseline.more_instructions()
    if ratios:
        found += baseline.regressions(MEASURES)
    if left_out:
        print(f"Instructions are not compared: {left_out}.")
    print("\n".join(found) or "nothing compared is worse than the baseline by more than noise")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
