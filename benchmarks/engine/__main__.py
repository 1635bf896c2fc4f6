"""All figures of the engine, each beside its target: `python -m benchmarks.engine`.

Exits with 1 where a target is missed. With `--check` it compares the ratios with those kept in
`benchmarks/results/baseline.json` and exits with 1 where one is worse by more than noise; `--renew`
keeps those of now.
"""

from __future__ import annotations

import argparse
import platform
import sys
from importlib.metadata import version

from benchmarks.engine import (
    baseline,
    forms,
    imports,
    indicators,
    ingest,
    loop,
    sweeps,
    symbols,
)

MEASURES = (
    loop.memory,
    loop.never_trades,
    loop.callbacks,
    loop.views,
    loop.backends,
    ingest.figures,
    imports.figures,
    indicators.figures,
    symbols.figures,
    forms.sma_cross,
    forms.trigger,
    forms.positions,
    loop.scaling,
    sweeps.figures,
)


def main() -> int:
    """Do what the command line asks, and tell whether all is well."""
    asked = argparse.ArgumentParser(description="Measure the engine, each figure as a ratio.")
    asked.add_argument("--check", action="store_true", help="compare with the stored baseline")
    asked.add_argument("--renew", action="store_true", help="store the ratios of now")
    words = asked.parse_args()
    if words.renew:
        baseline.renew(MEASURES)
        return 0
    if words.check:
        return check()
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, "
          f"Polars {version('polars')}")  # fmt: skip
    missed = 0
    for measure in MEASURES:
        for figure in measure():
            print(figure, flush=True)
            missed += not figure.holds
    return 1 if missed else 0


def check() -> int:
    """Print what is worse than the baseline by more than noise."""
    found = baseline.regressions(MEASURES)
    print("\n".join(found) or "no ratio is worse than the baseline by more than noise")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
