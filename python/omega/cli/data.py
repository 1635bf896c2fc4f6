"""`omega data`: inspects, converts and checks files of candles."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import omega
from omega.cli._shared import (
    FORMATS,
    Commands,
    DataFile,
    Misunderstood,
    as_json,
    print_json,
    rows_of,
    say,
    show,
)
from omega.cli._strategies import parameters_of
from omega.cli._wording import in_flags
from omega.config.values import counted, nearest
from omega.data import ipc
from omega.data.files import replaced

if TYPE_CHECKING:
    import polars as pl

_overwrite = click.option("--overwrite", is_flag=True, help="Replace a file that is there.")


@click.group(cls=Commands)
def data() -> None:
    """Import, look at and convert files of candles."""


@data.command()
@click.argument("file", type=DataFile())
@as_json
def check(*, file: Path, as_json: bool) -> None:
    """List every row of FILE that a run would refuse; exit code 1 where there is one."""
    store = omega.CandleStore(file, validate="off")
    findings = store.validate()
    if as_json:
        print_json({"file": str(file), "rows": len(store), "findings": rows_of(findings)})
    elif findings.is_empty():
        say(f"{file}: {counted(len(store), 'row')}, no findings")
    else:
        show(findings, f"{file}: {counted(len(store), 'row')}, {counted(len(findings), 'finding')}")
    sys.exit(0 if findings.is_empty() else 1)


@data.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def info(*, file: Path, as_json: bool) -> None:
    """Show what FILE holds: symbols, times, columns, steps, gaps; of other files, what they are."""
    if not file.exists():
        raise Misunderstood(f"FILE: there is no file {str(file)!r}")
    if file.is_dir() or file.suffix.lower() not in FORMATS:
        _describe(file, as_json=as_json)
        return
    store = omega.CandleStore(file, validate="off")
    described = {
        symbol: {**about, **_steps(store.symbol(symbol))}
        for symbol, about in store.describe().items()
    }
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size, "symbols": described})
        return
    say(f"{file}: {size:,} bytes, {counted(len(store), 'row')}")
    for symbol, about in described.items():
        say(f"\n{symbol}")
        for name, value in about.items():
            say(f"  {name.replace('_', ' '):<26}{_as_text(value)}")


def _describe(file: Path, *, as_json: bool) -> None:
    """Show what a file that is still to be imported is taken for."""
    from omega.importing import describe  # noqa: PLC0415 - slow to import, and rarely needed

    described = describe(file)
    if as_json:
        print_json(described)
        return
    say(f"{file}: to be imported, as {described.pop('source')}")
    notes = described.pop("notes")
    for name, value in described.items():
        say(f"  {name.replace('_', ' '):<26}{_as_text(value)}")
    for note in notes:
        say(f"note: {note}")


@data.command()
@click.argument("source", type=DataFile(), metavar="FILE")
@click.argument("target", type=click.Path(path_type=Path), metavar="TARGET")
@_overwrite
@as_json
def convert(*, source: Path, target: Path, overwrite: bool, as_json: bool) -> None:
    """Write FILE as TARGET, whose ending states how: .arrow, .feather, .ipc, .parquet or .csv.

    An Arrow file is written uncompressed, so that a run maps it into memory and copies nothing.
    """
    _refuse_to_replace(target, source, overwrite=overwrite)
    rows = _write(_scan(source), target)
    if as_json:
        print_json({"file": str(target), "rows": rows, "bytes": target.stat().st_size})
    else:
        say(f"{target}: {counted(rows, 'row')}, {target.stat().st_size:,} bytes")


@data.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="[default: FILE with .arrow]")
@click.option("--ask", type=click.Path(path_type=Path), help="The files of the ask side.")
@click.option("--source", metavar="NAME", help="Where it is from, where that is not found out.")
@click.option("--symbol", help="The symbol, where the file does not say it.")
@click.option("--time-zone", metavar="ZONE", help="The clock of times without an offset.")
@click.option("--bar-time", type=click.Choice(["open", "close"]), help="What a bar's time is.")
@click.option("--timeframe", metavar="M1", help="The bars that ticks are made into.")
@click.option("--sort", is_flag=True, help="Sort rows by time, such as those of newest first.")
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE", help="Of omega.read_candles."
)
@_overwrite
@as_json
def import_(
    *,
    file: Path,
    out: Path | None,
    options: tuple[str, ...],
    overwrite: bool,
    as_json: bool,
    **named: Any,  # noqa: ANN401 - handed on by name: ask, source, symbol and so on
) -> None:
    """Read the candles of FILE, such as a CSV, and write them for runs to map.

    FILE may be a folder, an archive, a pattern, or ticks with --timeframe. What is odd about them
    (gaps, spikes, crossed quotes) is listed. Further options are the arguments of
    omega.read_candles, such as --option sort=true.
    """
    if not file.exists() and "*" not in str(file):
        raise Misunderstood(f"FILE: there is no file {str(file)!r}")
    if "*" in str(file) and out is None:
        raise Misunderstood("--out: a pattern names no file to write; give one that ends in .arrow")
    target = out or file.with_suffix(".arrow")
    _refuse_to_replace(target, file, named["ask"], overwrite=overwrite)
    imported = _imported(file, {k: v for k, v in named.items() if v not in (None, False)}, options)
    with replaced(target) as part:
        ipc.write(imported.frame, part, target.suffix, imported.metadata())
    if as_json:
        findings = rows_of(imported.findings)
        print_json({"file": str(target), **imported.metadata(), "findings": findings})
        return
    say(imported.summary())
    say(f"{target}: {target.stat().st_size:,} bytes")
    if not imported.findings.is_empty():
        show(_narrow(imported), f"{counted(imported.findings.height, 'finding')}, the worst first")
        kinds = imported.findings["kind"].unique(maintain_order=True)
        say(f"What to do: omega explain {' '.join(kinds)}")


def _narrow(imported: omega.ImportedCandles) -> pl.DataFrame:
    """Return the worst findings without the columns that say nothing here."""
    import polars as pl  # noqa: PLC0415 - slow to import, and few commands need it

    from omega.importing._findings_summary import sized  # noqa: PLC0415 - as above

    whole = imported.overview()
    sizes = [sized(*pair) for pair in whole.select("kind", "value").iter_rows()]
    times = whole["time"].dt.replace_time_zone(None)
    whole = whole.with_columns(times.alias("time"), pl.Series("value", sizes, pl.String))
    same = [name for name in ("of", "done") if whole[name].n_unique() == 1]
    empty = [name for name in ("note", "file") if whole[name].null_count() == whole.height]
    return whole.drop(*same, *empty)


_FLAGS = ("ask", "source", "symbol", "time_zone", "bar_time", "timeframe", "sort")
"""Arguments of `omega.read_candles` that have a flag of their own."""
_WORDS = {"true": True, "false": False, "none": None}


def _imported(
    file: Path, named: Mapping[str, Any], options: tuple[str, ...]
) -> omega.ImportedCandles:
    """Read candles; what is refused is told in flags."""
    known = tuple(inspect.signature(omega.read_candles).parameters)[1:]
    given = parameters_of(options, "--option")
    for name, value in given.items():
        if name not in known:
            raise Misunderstood(f"--option: {name!r} is unknown. {nearest(name, known)}")
        given[name] = _WORDS.get(value.lower(), value) if isinstance(value, str) else value
    try:
        return omega.read_candles(file, **{**named, **given})
    except omega.OmegaError as problem:
        text = in_flags(str(problem), _FLAGS, [name for name in known if name not in _FLAGS])
        raise click.ClickException(text) from problem


@data.command()
@click.argument("name", metavar="NAME")
@click.argument("target", type=click.Path(path_type=Path), required=False, metavar="TARGET")
@_overwrite
@as_json
def sample(*, name: str, target: Path | None, overwrite: bool, as_json: bool) -> None:
    """Write candles to try things with: EURUSD, GBPUSD, EURUSD_M1, GBPUSD_M1 or SHARE.

    They are invented, and the same on every machine. TARGET is NAME.arrow where none is given.
    """
    frame = omega.sample(name)
    target = target or Path(f"{name}.arrow")
    _refuse_to_replace(target, overwrite=overwrite)
    with replaced(target) as part:
        ipc.write(
            frame,
            part,
            target.suffix,
            {"source": "sample", "symbol": name.split("_", maxsplit=1)[0]},
        )
    if as_json:
        print_json({"file": str(target), "rows": frame.height, "bytes": target.stat().st_size})
    else:
        say(f"{target}: {frame.height:,} invented candles, {target.stat().st_size:,} bytes")


def _refuse_to_replace(target: Path, *sources: Path | None, overwrite: bool) -> None:
    """Refuse a target of another kind, one that is there, or what is read from."""
    if target.suffix.lower() not in (*FORMATS, ".csv"):
        raise Misunderstood(
            f"TARGET: given {str(target)!r}, expected a name that ends in "
            f"{', '.join((*FORMATS, '.csv'))}"
        )
    if target.exists() and not overwrite:
        raise Misunderstood(f"{str(target)!r} is there already; name another, or --overwrite")
    if any(one and one.exists() and target.exists() and target.samefile(one) for one in sources):
        raise Misunderstood(f"TARGET: {str(target)!r} is FILE itself; name another")
    if not target.parent.is_dir():
        raise Misunderstood(f"TARGET: there is no folder {str(target.parent)!r}")


def _scan(file: Path) -> pl.LazyFrame:
    import polars as pl  # noqa: PLC0415 - slow to import

    return pl.scan_parquet(file) if file.suffix.lower() == ".parquet" else pl.scan_ipc(file)


def _write(frame: pl.LazyFrame, target: Path) -> int:
    """Write a table through memory in parts, and give its number of rows."""
    import polars as pl  # noqa: PLC0415 - as above

    kind = target.suffix.lower()
    with replaced(target) as part:
        if kind == ".parquet":
            frame.sink_parquet(part)
        elif kind == ".csv":
            frame.sink_csv(part)
        else:
            frame.sink_ipc(part, compression="uncompressed")
    rows: int = frame.select(pl.len()).collect().item()
    return rows


def _steps(store: omega.CandleStore) -> dict[str, Any]:
    """Show how far bars are apart: mostly, and at most."""
    import polars as pl  # noqa: PLC0415 - as above

    times = pl.DataFrame(store).get_column("time")
    steps = times.diff().drop_nulls()
    if steps.is_empty():
        return {"step": None, "longest_gap": None, "longest_gap_from": None}
    usual = steps.mode().min()
    longest = steps.arg_max() or 0
    return {
        "step": str(usual),
        "steps_of_another_length": int((steps != usual).sum()),
        "longest_gap": str(steps[longest]),
        "longest_gap_from": str(times[longest]),
        "crossed_rows": _crossed(store),
    }


def _crossed(store: omega.CandleStore) -> int:
    """Count the rows whose ask is below the bid."""
    findings = store.validate()
    rows = findings.filter(findings["rule"] == "crossed")["row"].n_unique()
    return int(rows)


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{role} ({name})" if role != name else role for role, name in value.items()
        )
    return f"{value:,}" if isinstance(value, int) else "-" if value is None else str(value)
