"""`omega lookahead`: whether a strategy knows what was still to come."""

from __future__ import annotations

import sys

import click

import omega
from omega.cli._arguments import planned
from omega.cli._plan import Plan
from omega.cli._shared import as_json, print_json, progress, rows_of, say


@click.command()
@planned
@click.option("--exhaustive", is_flag=True, help="Look at every prefix of the data.")
@click.option(
    "--prefixes", type=click.IntRange(1), default=8, show_default=True, help="Runs, where not all."
)
@click.option("--build", is_flag=True, help="STRATEGY is a function that makes it of the candles.")
@as_json
def lookahead(*, plan: Plan, exhaustive: bool, prefixes: int, build: bool, as_json: bool) -> None:
    """Look for decisions of a STRATEGY that depend on bars still to come.

    Exit code 1 where there is one. The arguments are those of omega run.
    """
    data = plan.candles()
    with progress("prefixes") as on_progress:
        found = omega.check_lookahead(
            plan.made_strategy(),
            data,
            exhaustive=exhaustive,
            prefixes=prefixes,
            build=build,
            progress=on_progress,
            **plan.arguments(),
        )
    if as_json:
        print_json(
            {
                "clean": found.clean,
                "findings": rows_of(found.findings),
                "unchecked": found.unchecked,
                "bars": found.bars,
                "columns": found.columns,
                "prefixes": found.prefixes,
            }
        )
    else:
        say(repr(found))
    sys.exit(0 if found.clean else 1)
