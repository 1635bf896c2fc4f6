"""`omega sweep`: a strategy with many parameters, and the best of them."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

import omega
from omega.cli._arguments import planned, unknown_metric
from omega.cli._plan import Plan
from omega.cli._shared import Misunderstood, as_json, print_json, rows_of, say, show
from omega.cli._strategies import found_at
from omega.config.values import counted
from omega.sweeps.trust import SHOWN

if TYPE_CHECKING:
    import polars as pl

_LUCK = ("trials", "distinct", "psr", "dsr", "dsr_null", "pbo", "trials_to_doubt")


@click.command()
@planned
@click.option("--grid", multiple=True, metavar="NAME=VALUES", help="As fast=5,10,20 or 5:50:5.")
@click.option("--workers", type=click.IntRange(1), help="How many run at once.")
@click.option("--sort", "--metric", "metric", help="What the best is best in.  [default: sharpe]")
@click.option(
    "--metrics",
    metavar="NAMES",
    help="The metrics to show, as cagr,sharpe; or all.  [default: eight]",
)
@click.option("--top", type=click.IntRange(1), help="How many to show.  [default: 10]")
@click.option("--out", type=click.Path(), help="Write the table to this folder or address.")
@as_json
def sweep(
    *,
    plan: Plan,
    grid: tuple[str, ...],
    workers: int | None,
    metric: str | None,
    metrics: str | None,
    top: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Run a STRATEGY with each combination of parameters.

    A parameter's VALUES are a list, 5,10,20; a range with its end, 5:50:5; or a Python list. They
    may stand in the section [grid] of a run file. What is interrupted goes on with the same --out.
    """
    values = {**{name: _listed(name, given) for name, given in plan.grid.items()}, **_grid(grid)}
    if not values:
        raise Misunderstood(
            "--grid: no parameter was given values. Write --grid fast=5,10,20 for each, or a "
            "section [grid] in a run file"
        )
    settings = plan.arguments() | {"workers": workers or plan.sweep.get("workers")}
    settings["out"] = out or plan.sweep.get("out")
    given = {name: value for name, value in settings.items() if value is not None}
    data, strategy = plan.candles(), _strategy(plan)
    grid_of_all = {**{name: [value] for name, value in plan.parameters.items()}, **values}
    result = omega.sweep(data, strategy, grid_of_all, progress=True, **given)
    best_in = metric or plan.sweep.get("metric", "sharpe")
    best = _best(result, best_in).head(top or plan.sweep.get("top", 10))
    if as_json:
        trust = _trust(result, best_in)
        luck = {name: getattr(trust, name) for name in _LUCK} if trust else None
        found = {"runs": len(result), "metric": best_in, "trust": luck, "best": rows_of(best)}
        print_json(found)
    else:
        shown = _chosen(metrics or plan.sweep.get("metrics"), best_in, result.metrics)
        _show(result, best, best_in, shown)


def _strategy(plan: Plan) -> Any:  # noqa: ANN401 - a class, or a strategy of the core
    found = found_at(plan.strategy)
    if isinstance(found, str):
        return omega.native(found)
    return found


def _best(result: omega.SweepResult, metric: str) -> pl.DataFrame:
    """Sort the runs, the best first."""
    columns = result.to_polars().columns
    if metric not in columns:
        raise unknown_metric("--sort", metric, columns)
    return result.sort(metric)


def _trust(result: omega.SweepResult, metric: str) -> omega.Trust | None:
    """Return how much of the best run is luck; None where nothing is known of it."""
    with contextlib.suppress(omega.ConfigError):
        return result.trust(metric)
    return None


def _chosen(names: str | None, best_in: str, known: Sequence[str]) -> list[str]:
    """Choose the metrics to show; what the runs are sorted by is among them."""
    if names == "all":
        return list(known)
    chosen = SHOWN if names is None else tuple(filter(None, names.split(",")))
    for name in chosen if names else ():
        if name not in known:
            raise unknown_metric("--metrics", name, known)
    return [name for name in dict.fromkeys((best_in, *chosen)) if name in known]


def _show(
    result: omega.SweepResult, best: pl.DataFrame, metric: str, metrics: Sequence[str]
) -> None:
    """Print the best runs: number, parameters, the chosen metrics, and why a run failed."""
    failed, lost = result.failures.height, result.ruined.height
    ends = f"{failed:,} failed, {lost:,} ruined" if lost else f"{failed:,} failed"
    why = ["error"] if best["error"].count() else []
    show(
        best.select("run", *result.parameters, *metrics, *why),
        f"{counted(len(result), 'run')}, {ends}; the best by {metric}",
        digits=3,
        padding=0,
    )
    if (trust := _trust(result, metric)) is not None:
        say(trust.in_words())
    if len(metrics) < len(result.metrics):
        say(f"{len(result.metrics)} metrics are known: --metrics all, --json or --out has them")


def _grid(texts: Iterable[str]) -> dict[str, list[object]]:
    found = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not name.isidentifier() or not values:
            raise Misunderstood(
                f"--grid: given {text!r}, expected NAME=VALUES, such as fast=5,10,20 or fast=5:50:5"
            )
        found[name] = _values(name, values)
    return found


def _values(name: str, text: str) -> list[object]:
    """Read a range, a list in brackets, or values with commas between them."""
    try:
        if text.count(":") in (1, 2):
            return list(_range(*(ast.literal_eval(part) for part in text.split(":"))))
        value = ast.literal_eval(text if text[0] in "[(" else f"[{text}]")
        return list(value)
    except (ValueError, SyntaxError, TypeError):
        pass
    if any(sign in text for sign in ":[("):
        raise Misunderstood(
            f"--grid {name}: given {text!r}, expected a list such as 5,10,20, or a range such as "
            "5:50:5, from the first to the last by a step"
        )
    return list(text.split(","))


def _range(first: float, last: float, step: float = 1) -> Iterable[float]:
    """Return the first to the last, which is included where a step falls on it."""
    if step <= 0 or last < first:
        raise ValueError(step)
    count = int((last - first) / step + 1e-9)
    return (first + k * step for k in range(count + 1))


def _listed(name: str, given: object) -> list[object]:
    """Return the values of a parameter in a run file."""
    if isinstance(given, list) and given:
        return list(given)
    if isinstance(given, str):
        return _values(name, given)
    raise Misunderstood(
        f"[grid] {name}: given {given!r}, expected a list such as [5, 10, 20], or a range such as "
        '"5:50:5"'
    )
