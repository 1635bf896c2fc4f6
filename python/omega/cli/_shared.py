"""What the commands share: errors, output, progress, files of candles.

An error is one message, a result is text or JSON, and a progress bar appears only on a terminal.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

import omega
from omega.cli._wording import in_flags
from omega.config.values import closest
from omega.errors import UNSEEN, printable
from omega.progress import progress_bar

if TYPE_CHECKING:
    import polars as pl
    import rich.table

FORMATS = (".parquet", ".arrow", ".feather", ".ipc")
_ROWS_SHOWN = 20
_CAST = {"cast"}
"""Arguments of the library that its errors name, and that are flags here."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class Misunderstood(click.ClickException):
    """A command or a run file that cannot be followed: exit code 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        """Keeps the message, in which names of files stand as they are."""
        super().__init__(printable(message))


def say(text: str, *, err: bool = False) -> None:
    """Print a text, whose names may come from data: a terminal obeys what it prints."""
    click.echo(printable(text), err=err)


class Commands(click.Group):
    """A group that names the nearest command, and shows Omega's own errors as one message."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a strategy's own errors keep their traceback."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            near = closest(args[0], known)
            hint = f"Did you mean {near!r}?" if near else f"There are {', '.join(known)}."
            raise click.UsageError(f"there is no command {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever a command returns
        """Run a command."""
        try:
            return super().invoke(ctx)
        except omega.OmegaError as error:
            notes = getattr(error, "__notes__", [])
            command = self.get_command(ctx, ctx.invoked_subcommand or "")
            flags = _CAST & {str(one.name) for one in command.params} if command else ()
            text = "\n".join([in_flags(str(error), flags), *notes])
            raise click.ClickException(printable(text)) from error


class DataFile(click.ParamType[Path]):
    """A file of candles that the core reads as it lies."""

    name = "file"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path; other kinds are refused with the command that converts them."""
        try:
            return candle_file(Path(value))
        except Misunderstood as error:
            self.fail(error.message, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Let the shell complete names of files."""
        del ctx, param
        return [CompletionItem(incomplete, type="file")]


def candle_file(path: Path) -> Path:
    """Return a path to candles, or the error of what is wrong with it.

    Raises:
        Misunderstood: There is no such file, or it is of another kind.
    """
    if not path.is_file():
        raise Misunderstood(f"there is no file {str(path)!r}{_near(path)}")
    if path.suffix.lower() not in FORMATS:
        raise Misunderstood(
            f"{str(path)!r} is no Parquet or Arrow file ({', '.join(FORMATS)}). Convert it once: "
            f"omega data import {path} --out {path.with_suffix('.arrow')}"
        )
    return path


def _near(path: Path) -> str:
    """Name the file that was probably meant."""
    if not path.parent.is_dir():
        return f"; there is no folder {str(path.parent)!r} either"
    near = closest(path.name, sorted(other.name for other in path.parent.iterdir()))
    return f". Did you mean {str(path.parent / near)!r}?" if near else ""


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document; numbers that are not finite are null."""
    text = json.dumps(_plain(document), indent=2, default=str, ensure_ascii=False)
    click.echo(UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON may hold
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON has them."""
    return frame.to_dicts()


def show(frame: pl.DataFrame, title: str, digits: int = 6, padding: int = 1) -> None:
    """Print the first rows of a table; without padding eight metrics fit into 80 columns."""
    from rich.console import Console  # noqa: PLC0415 - only where there is something to show

    say(title)
    console = Console()
    wide = console.options.update(max_width=9_999)
    for between in (" ", "\n"):  # names over two lines where they do not fit beside each other
        table = _table(frame.head(_ROWS_SHOWN), digits, padding, between)
        if table.__rich_measure__(console, wide).maximum <= console.width:
            break
    else:
        for column in table.columns:  # a number that breaks is better than one that is cut
            column.no_wrap = False
    console.print(table)
    if len(frame) > _ROWS_SHOWN:
        say(f"... and {len(frame) - _ROWS_SHOWN:,} more")


def _table(frame: pl.DataFrame, digits: int, padding: int, between: str) -> rich.table.Table:
    """Return a table whose numbers do not break, nor the words of a name but at their spaces."""
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(padding=(0, padding))
    for name, dtype in frame.schema.items():
        is_number = dtype.is_numeric()
        # As `Text`, in which square brackets are no markup.
        head = Text(printable(name).replace("_", between if is_number else " "))
        table.add_column(head, overflow="fold", no_wrap=is_number)
    for row in frame.iter_rows():
        table.add_row(*(Text("" if value is None else _shown(value, digits)) for value in row))
    return table


def _shown(value: object, digits: int) -> str:
    is_number = isinstance(value, float)
    return f"{value:,.{digits}g}".replace("inf", "∞") if is_number else printable(str(value))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error while something goes on; none where that is no terminal."""
    with progress_bar(what) as update:
        yield lambda done, total: update(done, total, "") if update else None
