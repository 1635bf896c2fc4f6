"""The command line: `omega run` and `omega data check`.

What goes in: paths and words. What comes out: the summary or JSON on standard output, the tables in
a folder, everything else on standard error. Exit code 0 is success, 1 a run that was refused or
data with findings, 2 a command that was not understood.
"""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

import omega

if TYPE_CHECKING:
    import polars as pl

_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")

_FORMATS = (".parquet", ".arrow", ".feather", ".ipc")
_ROWS_SHOWN = 20


def _tell_errors(command: Callable[_Parameters, _Returned]) -> Callable[_Parameters, _Returned]:
    """Show Omega's own errors as one message; a strategy's errors keep their traceback."""

    @functools.wraps(command)
    def told(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Returned:
        try:
            return command(*args, **kwargs)
        except omega.OmegaError as error:
            raise click.ClickException("\n".join([str(error), *_notes(error)])) from error

    return told


def _notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))


class DataFile(click.ParamType[Path]):
    """A file of candles that the core reads as it lies."""

    name = "file"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path; CSV is refused with the line that converts it."""
        path = Path(value)
        if not path.is_file():
            self.fail(f"there is no file {str(path)!r}", param, ctx)
        if path.suffix.lower() not in _FORMATS:
            self.fail(
                f"{str(path)!r} is no Parquet or Arrow file ({', '.join(_FORMATS)}). "
                f"Convert it once, in Python: import polars; polars.read_csv({str(path)!r}, "
                f"try_parse_dates=True).write_parquet({str(path.with_suffix('.parquet'))!r})",
                param,
                ctx,
            )
        return path


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="omega-backtest")
def main() -> None:
    """Omega: backtests on columns that are never copied."""


@main.command()
@click.argument("strategy", metavar="STRATEGY.py:NAME")
@click.argument("data", type=DataFile())
@click.option("--ask", type=DataFile(), help="The ask side, where DATA holds only the bid side.")
@click.option("--symbol", help="The symbol; its preset is used where there is one.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Of the strategy.")
@click.option("--start", help="First moment at which the strategy may act, such as 2024-01-31.")
@click.option("--end", help="Moment at which the run ends.")
@click.option("--cash", type=float, default=10_000.0, show_default=True, help="Money at the start.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of random slippage.")
@click.option("--allow", multiple=True, metavar="RULE", help="A rule the data may break: crossed.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the tables to this folder.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier run wrote to --out.")
@click.option("--json", "as_json", is_flag=True, help="Print metrics as JSON, not the summary.")
@_tell_errors
def run(
    *,
    strategy: str,
    data: Path,
    ask: Path | None,
    symbol: str | None,
    params: tuple[str, ...],
    allow: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    as_json: bool,
    **settings: Any,  # noqa: ANN401 - handed on by name: start, end, cash, seed
) -> None:
    """Run the strategy NAME of the file STRATEGY.py over the candles of DATA."""
    chosen = _strategy(strategy, params)
    if out is not None and not overwrite and out.is_dir() and any(out.iterdir()):
        raise click.UsageError(f"--out: {str(out)!r} is not empty; name another, or --overwrite")
    preset = omega.instruments.get(symbol) if symbol in omega.instruments.names() else None
    with _progress() as progress:
        result = omega.run_backtest(
            data if ask is None else omega.Candles(bid=data, ask=ask),
            chosen,
            symbol=symbol,
            instruments=preset,
            validate=dict.fromkeys(allow, "allow") if allow else "error",
            progress=progress,
            **settings,
        )
    if out is not None:
        result.save(out, overwrite=overwrite)
        click.echo(f"tables written to {out}", err=True)
    click.echo(_as_json(result) if as_json else result.summary())


@main.group()
def data() -> None:
    """Look at data before it is run on."""


@data.command()
@click.argument("file", type=DataFile())
@_tell_errors
def check(file: Path) -> None:
    """List every row of FILE that a run would refuse; exit code 1 where there is one."""
    store = omega.CandleStore(file, validate="off")
    findings = store.validate()
    if findings.is_empty():
        click.echo(f"{file}: {len(store):,} rows, no findings")
        return
    _show(findings, f"{file}: {len(store):,} rows, {len(findings):,} findings")
    sys.exit(1)


def _strategy(where: str, params: tuple[str, ...]) -> Any:  # noqa: ANN401 - see run_backtest
    """Load `file.py:Name` and make the strategy: a class is called with the parameters."""
    file, _, name = where.rpartition(":")
    if not file or not name:
        raise click.UsageError(f"STRATEGY.py:NAME: given {where!r}, expected a file and a name")
    found = _load(Path(file), name)
    given = dict(_parameter(text) for text in params)
    if inspect.isclass(found):
        return found(**given)
    if given:
        raise click.UsageError(f"--param: {name} is a function, parameters go to a class")
    return found


def _load(path: Path, name: str) -> Any:  # noqa: ANN401 - as above
    if not path.is_file():
        raise click.UsageError(f"STRATEGY.py:NAME: there is no file {str(path)!r}")
    module_name = f"strategy_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise click.UsageError(f"STRATEGY.py:NAME: {str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    if not hasattr(module, name):
        defined = [key for key, item in vars(module).items() if callable(item) and key[0] != "_"]
        raise click.UsageError(
            f"STRATEGY.py:NAME: {path.name} has no {name!r}; it has {', '.join(defined) or 'none'}"
        )
    return getattr(module, name)


def _parameter(text: str) -> tuple[str, object]:
    """Split `name=value`; a value that is no Python literal is text."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.UsageError(f"--param: given {text!r}, expected NAME=VALUE, such as fast=20")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error while the run goes on; none where that is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - help need not wait for it
    from rich.progress import Progress  # noqa: PLC0415 - as above

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("bars", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _as_json(result: omega.BacktestResult) -> str:
    """Return metrics and identity; a number that is not finite is null."""
    metrics = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in result.metrics.items()
    }
    document = {
        "metrics": metrics,
        "backend": result.backend,
        "copied_bytes": result.copied_bytes,
        "fingerprint": result.fingerprint,
    }
    return json.dumps(document, indent=2, default=str)


def _show(findings: pl.DataFrame, title: str) -> None:
    """Print the first findings as a table."""
    from rich.console import Console  # noqa: PLC0415 - only where there is something to show
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(*findings.columns, title=title, title_justify="left")
    for row in findings.head(_ROWS_SHOWN).iter_rows():
        table.add_row(*(str(value) for value in row))
    Console().print(table)
    if len(findings) > _ROWS_SHOWN:
        click.echo(f"... and {len(findings) - _ROWS_SHOWN:,} more")


if __name__ == "__main__":
    main()
