"""Run every example, and say what came out: `python -m omega.examples`."""

from __future__ import annotations

from importlib import import_module

from omega.examples import NAMES


def line_of(name: str) -> str:
    """Return what an example is, how many trades it made, and what they earned."""
    example = import_module(f"omega.examples.{name}")
    result = example.run()
    idea = (example.__doc__ or "").splitlines()[0]
    profit = f"{result.metrics['net_profit']:,.2f}"
    return f"{name:18}{result.trades.height:6,} trades {profit:>11}  {idea}"


def main() -> None:
    """Print a line for each example."""
    for name in NAMES:
        print(line_of(name))
    print("\none with its whole summary: python -m omega.examples.sma_cross")


if __name__ == "__main__":
    main()
