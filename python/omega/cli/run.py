"""`omega run`: one strategy over candles, to a summary, tables, a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import omega
from omega.cli._arguments import planned
from omega.cli._plan import Plan
from omega.cli._shared import Misunderstood, as_json, print_json, progress, say
from omega.notices import as_fields
from omega.results import files as result_files


@click.command()
@planned
@click.option("--out", type=click.Path(path_type=Path), help="Write the tables to this folder.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier run wrote to --out.")
@click.option("--report", type=click.Path(path_type=Path), help="Write a report to this file.")
@click.option("--benchmark", metavar="SYMBOL", help="Compare with holding it; hold: the only one.")
@as_json
def run(
    *,
    plan: Plan,
    out: Path | None,
    overwrite: bool,
    report: Path | None,
    benchmark: str | None,
    as_json: bool,
) -> None:
    """Run a STRATEGY over candles.

    STRATEGY is a class, function or signals in a file, strategy.py:Name; a strategy of the core,
    native:sma_cross; or a run file, run.toml, which may name the data and all settings as well.
    DATA is a Parquet or Arrow file, or SYMBOL=FILE for each of several symbols.
    """
    out = out or plan.output.get("directory")
    report = report or plan.output.get("report")
    overwrite = overwrite or plan.output.get("overwrite", False)
    data, strategy = plan.candles(), plan.made_strategy()
    if out is not None and not overwrite and out.is_dir() and any(out.iterdir()):
        raise Misunderstood(f"--out: {str(out)!r} is not empty; name another, or --overwrite")
    if out is not None:
        result_files.refuse_to_replace(out, overwrite=overwrite)
    if report is not None:
        from omega.report._page import refuse_to_replace  # noqa: PLC0415 - where one is wanted

        refuse_to_replace(report)
    with progress("bars") as on_progress:
        settings = {"benchmark": benchmark or plan.benchmark, **plan.arguments()}
        result = omega.run_backtest(data, strategy, progress=on_progress, **settings)
    _write(result, out, report, overwrite=overwrite)
    if as_json:
        print_json(_document(result, out, report))
    else:
        say(result.summary())


def _write(
    result: omega.BacktestResult, out: Path | None, report: Path | None, *, overwrite: bool
) -> None:
    """Write the tables and the report, where they are wanted."""
    if out is not None:
        result.save(out, overwrite=overwrite)
        say(f"tables written to {out}", err=True)
    if report is not None:
        writing: Any = result
        writing.report(report)
        say(f"report written to {report}", err=True)


def _document(
    result: omega.BacktestResult, out: Path | None, report: Path | None
) -> dict[str, Any]:
    """Return metrics and identity."""
    return {
        "metrics": result.metrics,
        "backend": result.backend,
        "copied_bytes": result.copied_bytes,
        "fingerprint": result.fingerprint,
        "notices": as_fields(result.notices),
        "tables": out and str(out),
        "report": report and str(report),
    }
