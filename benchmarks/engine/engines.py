"""How long 20,000 bars take in an engine, in milliseconds: what a migration starts from.

Absolute times belong to a machine. The targets are wide, and catch another order of magnitude.
"""

from __future__ import annotations

import omega
from benchmarks.engine.figures import Figure, best, timed
from benchmarks.engine.loop import rising


class Idle:
    """A strategy that never trades."""

    def evaluate(self, _index: int, _slices: object) -> None:
        """Decide nothing."""


class Broker:
    """An executor in Python with nothing to do."""

    active_positions = ()

    def process_signal(self, _signal: object) -> bool:
        """Take nothing."""
        return False

    def evaluate_exits(self, _bid: object, _ask: object) -> int:
        """Close nothing."""
        return 0


class Ledger:
    """A portfolio in Python that writes down each time."""

    cash = equity = 10_000.0

    def __init__(self) -> None:
        self.equity_curve: list[tuple[int, float]] = []

    def update(self, time: int) -> None:
        """Write a row."""
        self.equity_curve.append((time, self.equity))

    def register_entry(self, position: object) -> None:
        """Have nothing to keep."""

    def register_exit(self, trade: object) -> None:
        """Have nothing to book."""

    def register_fee(self, amount: float, time: int, kind: str, position: object) -> None:
        """Have nothing to pay."""

    def get_open_positions(self, _symbol: str | None = None) -> tuple[object, ...]:
        """Give none."""
        return ()


def figures(bars: int = 20_000, repeats: int = 5) -> list[Figure]:
    """Measure an engine with Omega's components and with components in Python, by backend."""
    store = rising(bars)

    def seconds(backend: str, *, own: bool) -> float:
        parts = (Broker(), Ledger()) if own else (omega.ExecutionSimulator(), omega.Portfolio())
        made = omega.EventEngine(store, None, Idle(), *parts, backend=backend)
        took = timed(made.run)
        curve = parts[1].equity_curve
        # components in Python are told of a step when the next one begins
        assert len(curve) == (bars - 1 if own else bars), "rows are missing"  # noqa: S101 - a check
        return took

    rust, rust_own, python, python_own = best(
        lambda: seconds("rust", own=False),
        lambda: seconds("rust", own=True),
        lambda: seconds("python", own=False),
        lambda: seconds("python", own=True),
        repeats=repeats,
    )
    what = f"{bars:,} bars in an engine"
    return [
        Figure(f"{what}, by Rust", rust * 1e3, "ms", 50.0),
        Figure(f"{what}, components in Python, by Rust", rust_own * 1e3, "ms", 200.0),
        Figure(f"{what}, by Python", python * 1e3, "ms", 5_000.0),
        Figure(f"{what}, components in Python, by Python", python_own * 1e3, "ms", 5_000.0),
    ]
