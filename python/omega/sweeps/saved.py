"""A sweep's result on disk: a Parquet file for each table, and a manifest that proves them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from omega.config.values import flag, taken
from omega.data.files import writing
from omega.errors import ConfigError
from omega.libraries import error_text, refused_as
from omega.notices import Notice, as_fields
from omega.results.atomic_directory import mend, placed
from omega.results.result import BrokenResult

FORMAT = 1
MANIFEST = "sweep-result.json"
BESIDE = ("trades", "equity", "moments", "daily")
TABLES = ("runs", *BESIDE)
FILES = (*(f"{name}.parquet" for name in TABLES), MANIFEST)
"""All files that a result may have; what else is in its directory is the user's."""
_KEYS: dict[str, type] = {
    "metrics": list, "total": int, "interrupted": bool, "notices": list, "files": dict,
}  # fmt: skip


def save(
    directory: str | Path,
    tables: Mapping[str, pl.DataFrame],
    about: Mapping[str, Any],
    *,
    overwrite: bool,
) -> Path:
    """Write tables and what stands beside them; the directory appears whole or not at all.

    Raises:
        ConfigError: The place is taken.
        WriteFailed: It cannot be written to.
    """
    taken("overwrite", overwrite, flag)
    place = _place(directory)
    with writing(place):
        if not place.exists():
            mend(place, FILES)
        is_taken = place.is_file() or (place.is_dir() and any(place.iterdir()))
        if is_taken and not (overwrite and (place / MANIFEST).is_file()):
            raise ConfigError(
                f"directory: given {str(place)!r}, which is not empty; give another one, or "
                "overwrite=True where a sweep was saved there"
            )
        with placed(place, FILES) as beside:
            files = {}
            for name, table in tables.items():
                table.write_parquet(beside / f"{name}.parquet")
                files[name] = _digest(beside / f"{name}.parquet")
            notices = as_fields(about["notices"])
            kept = {"format": FORMAT, **about, "notices": notices, "files": files}
            text = json.dumps(kept, indent=2, ensure_ascii=False)
            (beside / MANIFEST).write_text(text + "\n", "utf-8")
    return place


def load(directory: str | Path) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Read what was saved.

    Raises:
        BrokenResult: A file is missing, changed, or of another version.
    """
    place = _place(directory)
    with refused_as(lambda problem: BrokenResult(f"{str(place)!r}: cannot be read ({problem})")):
        if not place.exists():
            mend(place, FILES)
        kept = _manifest(place / MANIFEST)
        tables = {name: _table(place, name, digest) for name, digest in kept["files"].items()}
        kept["notices"] = tuple(map(Notice.of, kept["notices"]))
        ratios = kept.get("ledger", {}).items()  # one that was saved before has none
        kept["ledger"] = {key: math.nan if one is None else float(one) for key, one in ratios}
    return tables, kept


def ratios_kept(ratios: Mapping[str, float]) -> dict[str, float | None]:
    """Return the ratios of a ledger as JSON has them.

    Example:
        >>> ratios_kept({"ab": 0.1, "cd": float("nan")})
        {'ab': 0.1, 'cd': None}
    """
    return {key: one if math.isfinite(one) else None for key, one in ratios.items()}


def _place(directory: object) -> Path:
    if isinstance(directory, (str, Path)) and str(directory):
        return Path(directory)
    raise ConfigError(f"directory: given {directory!r}, expected the path of a directory")


def _manifest(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise BrokenResult(
            f"'{file}' is missing; give a directory that SweepResult.save wrote"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenResult(f"'{file}' cannot be read ({error_text(error)})") from error
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        found = kept.get("format") if isinstance(kept, dict) else type(kept).__name__
        raise BrokenResult(
            f"'{file}' has format {found!r}, expected {FORMAT}; read it with the version of Omega "
            "that wrote it"
        )
    for name, kind in _KEYS.items():
        if not isinstance(kept.get(name), kind):
            raise BrokenResult(f"'{file}' has {kept.get(name)!r} for {name!r}; it is damaged")
    names = set(kept["files"])
    if "runs" not in names or not names <= {*TABLES}:
        raise BrokenResult(f"'{file}' lists {sorted(names)}, expected some of {', '.join(TABLES)}")
    if not all(isinstance(name, str) for name in kept["metrics"]):
        raise BrokenResult(f"'{file}' has metrics that are no names; it is damaged")
    return kept


def _table(place: Path, name: str, digest: object) -> pl.DataFrame:
    file = place / f"{name}.parquet"
    if not file.is_file():
        raise BrokenResult(f"'{file}' is missing; copy the whole directory that was saved")
    if (found := _digest(file)) != digest:
        raise BrokenResult(
            f"'{file}' is not the file that was saved: its SHA-256 is {found}, the manifest has "
            f"{digest}"
        )
    return pl.read_parquet(file)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
