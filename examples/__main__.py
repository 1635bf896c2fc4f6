"""Run every example in every form, and say what came out."""

from __future__ import annotations

from examples.catalog import EXAMPLES


def main() -> None:
    """Print a line for each form of each example."""
    for name, example in EXAMPLES.items():
        print(f"{name}: {example.title.lower()}; {example.source().told}")
        for form in example.forms:
            result = example.run(form)
            profit, trades = result.metrics["net_profit"], result.trades.height
            print(f"  {form:8} {trades:6} trades {profit:12.2f}  {result.fingerprint[:16]}")


if __name__ == "__main__":
    main()
