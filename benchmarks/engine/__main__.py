"""All figures of the engine, each beside its target: `python -m benchmarks.engine`.

Exits with 1 where a target is missed.
"""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version

from benchmarks.engine import forms, indicators, ingest, loop, symbols


def main() -> int:
    """Print every figure, and tell whether all targets hold."""
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, "
          f"Polars {version('polars')}")  # fmt: skip
    missed = 0
    for measure in (
        loop.memory,
        loop.never_trades,
        loop.callbacks,
        loop.views,
        loop.backends,
        ingest.figures,
        indicators.figures,
        symbols.figures,
        forms.forms,
        forms.rare_triggers,
        forms.open_positions,
        loop.scaling,
    ):
        for figure in measure():
            print(figure, flush=True)
            missed += not figure.holds
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
