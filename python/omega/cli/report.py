"""`omega report`: the report of a result that was saved."""

from __future__ import annotations

from pathlib import Path

import click

import omega
from omega.cli._shared import DataFile, Misunderstood, as_json, print_json, say


@click.command()
@click.argument("result", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path), default=Path("report.html"))
@click.option("--data", type=DataFile(), help="The candles of the run, for the price chart.")
@as_json
def report(*, result: Path, file: Path, data: Path | None, as_json: bool) -> None:
    """Write the report of a RESULT to FILE, report.html if none is named.

    RESULT is a folder that omega run --out wrote. It has no candles: name them with --data.
    """
    if not result.is_dir():
        raise Misunderstood(
            f"RESULT: there is no folder {str(result)!r}. Make one: omega run STRATEGY DATA --out "
            f"{result}"
        )
    if file.suffix.lower() not in (".html", ".htm"):
        raise Misunderstood(f"FILE: given {str(file)!r}, expected a name that ends in .html")
    loaded = omega.BacktestResult.load(result)
    loaded.report(file, data=data)
    if as_json:
        print_json({"report": str(file), "fingerprint": loaded.fingerprint})
    else:
        say(f"report written to {file}")
