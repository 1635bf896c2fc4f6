"""Results on disk: a Parquet file for each table, and one manifest that proves them.

A directory is there whole or not at all, and what is loaded has the fingerprint of what was saved.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from omega._native import core
from omega.config.values import flag, taken
from omega.data.files import writing
from omega.data.name_and_time_checks import are_of_a_calendar
from omega.errors import ConfigError, OmegaError
from omega.libraries import arguments_of
from omega.notices import Notice, as_fields
from omega.results.atomic_directory import mend, placed
from omega.results.standing import Standing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from omega.contract import EventRow, ResultTables

FORMAT = 2
FINGERPRINT = 2
"""Version of the fingerprint; that of format 1 was another hash."""
MANIFEST = "manifest.json"
_KEYS = {
    "fingerprint": str, "backend": str, "stats": dict, "config": dict, "manifest": dict,
    "notices": list, "copied_bytes": int, "tables": dict,
}  # fmt: skip
"""What a result is made of beside its tables, and of which kind each is."""
TABLES = ("trades", "intervals", "orders", "fills", "equity", "ledger", "positions")
SELDOM = ("weights",)
"""Tables that are written only where they have rows: few runs do."""
FILES = (*(f"{name}.parquet" for name in (*TABLES, *SELDOM)), MANIFEST)
"""All files of a saved result; what else is in its directory is the user's."""


class Saved(Protocol):
    """A result, as far as its files keep it."""

    @property
    def tables(self) -> ResultTables:
        """What the backend returned."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings of the run."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What names and repeats the run."""

    @property
    def backend(self) -> str:
        """What ran."""

    @property
    def notices(self) -> Sequence[Notice]:
        """What the numbers should be read with."""

    @property
    def copied_bytes(self) -> int:
        """Bytes of the input that were copied."""

    @property
    def stats(self) -> DataclassInstance:
        """How much the run did, and how long it took."""

    @property
    def metrics(self) -> Mapping[str, object]:
        """All metrics by name."""

    @property
    def added(self) -> Mapping[str, object]:
        """What a benchmark and a risk-free rate add to the metrics."""

    @property
    def fingerprint(self) -> str:
        """The hash of trades, orders and equity."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """What a later run goes on from."""

    @property
    def standing(self) -> Standing | None:
        """Where it stands in its sweep."""

    @property
    def happened(self) -> Collection[EventRow]:
        """What happened by date."""


@arguments_of("BacktestResult.save")
def save(result: Saved, path: str | Path, *, overwrite: bool) -> Path:
    """Write a result beside its place, then move it there in one step."""
    taken("overwrite", overwrite, flag)
    directory = Path(path)
    with writing(directory):
        if not directory.exists():
            mend(directory, FILES)  # before the question what is there
        refuse_to_replace(directory, overwrite=overwrite)
        with placed(directory, FILES) as beside:
            _write(result, beside)
    return directory


def refuse_to_replace(directory: Path, *, overwrite: bool) -> None:
    """Refuse a place that is taken, unless by a saved result that may be replaced.

    Raises:
        ConfigError: It is a file, or a directory with files that no `save` wrote in the way.
    """
    if not directory.is_file() and not (directory.is_dir() and any(directory.iterdir())):
        return
    refused = f"directory: given {str(directory)!r}, which is not empty"
    if not overwrite:
        raise ConfigError(f"{refused}; give another one, or overwrite=True")
    try:
        kept = _manifest(directory, ConfigError)
    except ConfigError as error:
        raise ConfigError(
            f"{refused} and holds no saved result ({error}); give another directory"
        ) from error
    for name, digest in kept["files"].items():
        file = directory / f"{name}.parquet"
        if file.exists() and (not file.is_file() or _digest(file) != digest):
            raise ConfigError(
                f"{refused}: its {file.name} is not the file that was saved; move it away, or "
                "give another directory"
            )


def broken_as(directory: str | Path, broken: type[OmegaError]) -> Callable[[str], OmegaError]:
    """Return what makes the error of a directory that another library could not read."""
    return lambda problem: broken(
        f"{str(directory)!r} is no result that was saved ({problem}); copy the whole directory "
        "that `save` wrote"
    )


def load(directory: Path, broken: type[OmegaError]) -> tuple[ResultTables, dict[str, Any]]:
    """Read the tables and the manifest; raise `broken` where they are not what was saved."""
    if not directory.exists():
        mend(directory, FILES)  # a save was killed before the new one was in its place
    kept = _manifest(directory, broken)
    _check_kept(kept, directory / MANIFEST, broken)
    frames = {
        name: _frame(directory / f"{name}.parquet", digest, broken)
        for name, digest in kept["files"].items()
    }
    shape: dict[str, Any] = kept["tables"]
    for name in ("noted", "days"):  # JSON has no tuples
        if shape.get(name):
            shape[name] = tuple(shape[name])
    tables = core.RunTables.from_tables(frames, **shape)
    # The hash of format 1 is no more; each of its files is held to a hash of its own.
    if kept["format"] == FORMAT and (found := tables.fingerprint()) != kept["fingerprint"]:
        raise broken(
            f"'{directory}' holds a result with fingerprint {found}, "
            f"the manifest has {kept['fingerprint']}"
        )
    for name in (*TABLES, *SELDOM):
        for column in pl.DataFrame(getattr(tables, name)()):
            if isinstance(column.dtype, pl.Datetime) and not are_of_a_calendar(column):
                raise broken(
                    f"'{directory / name}.parquet' has times in {column.name!r} beyond the "
                    "years of a calendar; copy the whole directory that was saved"
                )
    return tables, kept


def _frame(file: Path, digest: str, broken: type[OmegaError]) -> pl.DataFrame:
    """Read a table, once it is known to be the one that was saved."""
    if not file.is_file():
        raise broken(f"'{file}' is missing; copy the whole directory that was saved")
    if (found := _digest(file)) != digest:
        raise broken(
            f"'{file}' is not the file that was saved: its SHA-256 is {found}, "
            f"the manifest has {digest}"
        )
    return pl.read_parquet(file)


def _check_kept(kept: Mapping[str, Any], file: Path, broken: type[OmegaError]) -> None:
    """Refuse a manifest that lacks what a result is made of."""
    for name, kind in _KEYS.items():
        if not isinstance(kept.get(name), kind):
            found = type(kept[name]).__name__ if name in kept else "nothing"
            raise broken(
                f"'{file}' has {found} for {name!r}, expected {kind.__name__}; "
                "copy the whole directory that was saved"
            )
    for key, kind in (("identity", dict), ("added", dict), ("events", list)):
        if kept["format"] == FORMAT and not isinstance(kept.get(key), kind):
            raise broken(f"'{file}' has no '{key}'; copy the whole directory that was saved")
    if kept["format"] == FORMAT and "standing" not in kept:
        raise broken(f"'{file}' has no 'standing'; copy the whole directory that was saved")
    added = kept.get("added", {})
    if not isinstance(added, dict) or not all(_is_metric(one) for one in added.values()):
        raise broken(f"'{file}' has {added!r} for 'added', expected numbers by name")
    for name, number in kept["stats"].items():
        wanted: tuple[type, ...] = (str,) if name == "callbacks" else (int, float)
        if isinstance(number, bool) or not isinstance(number, wanted):
            expected = "a text" if name == "callbacks" else "a number"
            raise broken(f"stats: given {number!r} for {name!r}, expected {expected}")


def _is_metric(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _manifest(directory: Path, broken: type[OmegaError]) -> dict[str, Any]:
    file = directory / MANIFEST
    try:
        kept = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise broken(f"'{file}' is missing; give a directory that `save` wrote") from None
    except ValueError as error:
        raise broken(f"'{file}' cannot be read: {error}") from error
    if not isinstance(kept, dict) or kept.get("format") not in (1, FORMAT):
        found = kept.get("format") if isinstance(kept, dict) else type(kept).__name__
        raise broken(f"'{file}' has format {found!r}, expected 1 or {FORMAT}")
    files = kept.get("files")
    if not isinstance(files, dict) or {*files} - {*SELDOM} != {*TABLES}:
        raise broken(f"'{file}' does not list the files of a saved result: {', '.join(TABLES)}")
    return kept


def _write(result: Saved, directory: Path) -> None:
    tables = result.tables
    digests = {}
    for name in (*TABLES, *SELDOM):
        table = pl.DataFrame(getattr(tables, name)())
        if name in TABLES or not table.is_empty():
            file = directory / f"{name}.parquet"
            table.write_parquet(file)
            digests[name] = _digest(file)
    kept = {
        "format": FORMAT,
        "fingerprint": result.fingerprint,
        "backend": result.backend,
        "stats": dataclasses.asdict(result.stats),
        "config": result.config,
        "manifest": result.manifest,
        "notices": as_fields(result.notices),
        "copied_bytes": result.copied_bytes,
        "metrics": result.metrics,
        "added": result.added,
        "tables": shape_of(tables),
        "identity": result.identity,
        "events": list(result.happened),
        "standing": None if result.standing is None else dataclasses.asdict(result.standing),
        "files": digests,
    }
    text = json.dumps(kept, indent=2, ensure_ascii=False, default=_plain)
    (directory / MANIFEST).write_text(text + "\n", "utf-8")


def shape_of(tables: ResultTables) -> dict[str, Any]:
    """Return what result tables have beside their columns."""
    names = ("symbols", "contract_sizes", "unit", "timezone", "noted", "days", "first_decision")
    return {name: getattr(tables, name) for name in names}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _plain(value: object) -> object:
    """Return what JSON has no type for as one that it has."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
