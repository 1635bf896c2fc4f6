"""The command line: a module for each command.

Results are text or, with `--json`, one JSON document on standard output; everything else goes to
standard error. Exit code 0 is success; 1 is a refused run, an error of the strategy, or a check
with findings; 2 is a command or run file that cannot be read.
"""

from __future__ import annotations

import click

from omega.cli._shared import Commands
from omega.cli.bench import bench
from omega.cli.completion import completion
from omega.cli.data import data
from omega.cli.doctor import doctor
from omega.cli.explain import explain
from omega.cli.lookahead import lookahead
from omega.cli.report import report
from omega.cli.run import run
from omega.cli.sweep import sweep

__all__ = ["main"]


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="omega-backtest")
def main() -> None:
    """Omega: backtests on columns that are never copied.

    A first run: omega run strategy.py:Name candles.parquet
    """


for _command in (run, sweep, report, data, lookahead, explain, bench, doctor, completion):
    main.add_command(_command)
