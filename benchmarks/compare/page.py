"""The page that shows what was measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.compare.measure import WARM_UP

Row = dict[str, Any]

LABELS = {
    "floor": ("C loop", "the logic alone, `cc -O3`: no orders, no checks, no accounts"),
    "omega, native": ("Omega, native", '`omega.native("sma_cross")`'),
    "omega, signals": ("Omega, signals", "`omega.Signals` of two crossings"),
    "omega, trigger": ("Omega, trigger", "`@omega.when` the averages cross"),
    "omega, class": ("Omega, class", "`on_bar` on every bar"),
    "phasor": ("phasor-trader", "arrays of signals, moved to the next bar"),
    "vectorbt": ("vectorbt", "columns of signals, moved to the next bar; Rust kernels"),
    "raptorbt": ("raptorbt", "arrays of signals; trades one side a run, so two runs"),
    "backtesting": ("backtesting.py", "`next` on every bar"),
    "nautilus": ("nautilus_trader", "`on_bar` on every bar; fills at the signal's close"),
    "akquant": ("akquant", "`on_bar` on every bar; forced liquidation off"),
    "backtrader": ("backtrader", "`next` on every bar"),
}

STATEFUL = {
    "omega, trail compiled": ("Omega, compiled", "`on_bar` under `@omega.compiled`"),
    "omega, trail": ("Omega, class", "the same class, `compiled=False`"),
    "vectorbt, trail": ("vectorbt", "a function of orders, compiled by Numba"),
    "phasor, trail": ("phasor-trader", "a function of orders in Python"),
    "backtesting, trail": ("backtesting.py", "`next` on every bar"),
}

TEMPLATE = Path(__file__).with_name("page.md")


def written(rows: list[Row], stateful: list[Row]) -> str:
    """Give the page."""
    counts = sorted({row["bars"] for row in rows})
    answers = {row["bars"]: row["answer"] for row in rows if row["engine"] == "omega, native"}
    return TEMPLATE.read_text(encoding="utf-8").format(
        machine=machine(),
        python=platform.python_version(),
        omega=version("omega-backtest"),
        tables="\n\n".join(table([r for r in rows if r["bars"] == n], n) for n in counts[::-1]),
        answers=";\n".join(
            f"  {answers[n]['trades']:,} trades and {answers[n]['profit']:+,} in {n:,} bars"
            for n in counts
        ),
        warm_up=WARM_UP,
        stateful=by_hand(stateful),
    )


def table(rows: list[Row], bars: int) -> str:
    """Give one table: all engines over as many bars, the quickest first."""
    floor = next(row["run"] for row in rows if row["engine"] == "floor")
    measured = [row for row in rows if "run" in row and "refused" not in row]
    lines = [
        f"## {bars:,} bars",
        "",
        "| engine | version | load, ns a bar | run, ns a bar | x C | bytes a bar | how |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for row in sorted(measured, key=lambda row: float(row["run"])):
        label, how = LABELS[row["engine"]]
        lines.append(
            f"| {label} | {row['version']} | {row['load']:,.1f} | {row['run']:,.1f} "
            f"| {row['run'] / floor:,.1f} | {row['memory']:,.0f} | {how} |"
        )
    for row in rows:
        if row not in measured:
            why = row.get("missing") or row.get("refused")
            lines.append(f"\nNot measured: {LABELS[row['engine']][0]}. {why}")
    return "\n".join(lines)


def by_hand(rows: list[Row]) -> str:
    """Give the table of the stop that follows by hand."""
    lines = ["| engine | bars | trades | run, ns per bar | how |", "|---|--:|--:|--:|---|"]
    for row in sorted(rows, key=lambda row: (row["bars"], float(row.get("run", 0.0)))):
        label, how = STATEFUL[row["engine"]]
        why = row.get("missing") or row.get("refused")
        cost = "| not measured" if why else f"{row['answer']['trades']:,} | {row['run']:,.1f}"
        lines.append(f"| {label} | {row['bars']:,} | {cost} | {why or how} |")
    return "\n".join(lines)


def machine() -> str:
    """Give the kind of processor and how many of it there are."""
    names = [platform.processor() or platform.machine()]
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        lines = cpus.read_text(encoding="utf-8").splitlines()
        names = [
            line.partition(": ")[2] for line in lines if line.startswith("model name")
        ] or names
    return f"{os.cpu_count()} x {names[0]}, {platform.system()} {platform.machine()}"
