"""A ledger of trials: what was tried on the same data, in whatever session.

A text file with a JSON object a line, only ever added to. Each row has the hash of its content and
of the row before, and a file beside it has the number of rows and the last hash, so that a row that
was changed, removed or put in shows. The same trial counts once, however often it is made.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from omega.config.values import shown
from omega.data import locks
from omega.data.files import writing
from omega.errors import ConfigError, TrialsChanged, WriteFailed
from omega.keys import data_identity, key_of

if TYPE_CHECKING:
    from omega.sweeps.spec import SweepSpec
    from omega.sweeps.trust import Trials

GivenLedger: TypeAlias = "TrialLedger | str | os.PathLike[str] | Literal[False] | None"
"""A ledger as `omega.sweep` takes it."""

VARIABLE = "OMEGA_TRIALS"
_COMPARABLE = 0.5  # of the days: the deviation of a ratio by chance goes with the root of them
_FIRST = "0" * 64
_GIVEN = ("data", "strategy", "parameters", "fingerprint", "sharpe", "days")
_CONTENT = ("data", "strategy", "parameters", "fingerprint")
_PATIENCE = 60.0  # seconds that another process may write
_SCHEMA = {
    "number": pl.Int64,
    "time": pl.String,
    "data": pl.String,
    "strategy": pl.String,
    "parameters": pl.String,
    "fingerprint": pl.String,
    "sharpe": pl.Float64,
    "days": pl.Int64,
}

Entry = dict[str, Any]


class TrialLedger:
    """A ledger of trials; made by `omega.trials`.

    Attributes:
        path: The file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ledger = trials(f"{folder}/trials")
        ...     grid = {"fast": [2, 3]}
        ...     _ = omega.sweep(candles, omega.native("sma_cross"), grid, trials=ledger)
        ...     _ = omega.sweep(candles, omega.native("sma_cross"), grid, trials=ledger)
        ...     len(ledger)
        2
    """

    def __init__(self, path: Path) -> None:
        """Take the file, which need not be there yet."""
        self.path = path

    def to_polars(self) -> pl.DataFrame:
        """Return all trials in the order in which they were made.

        Returns:
            `number`, `time`, the hashes of `data` and `strategy`, `parameters` as JSON,
            `fingerprint`, `sharpe` of a day, and `days`.

        Raises:
            TrialsChanged: A row was changed or removed.

        Example:
            >>> trials("/nowhere/trials").to_polars().height
            0
        """
        rows = [{name: entry[name] for name in _SCHEMA} for entry in self._entries()]
        return pl.DataFrame(rows, schema=_SCHEMA)

    def of_data(self, data: str, *, days: float = 0.0) -> dict[str, float]:
        """Return the Sharpe ratios of the trials on some data, by fingerprint; NaN is undefined.

        Args:
            data: The hash of the data.
            days: Ratios over fewer days are NaN: those of a short stretch, as the train windows of
                a walk-forward, lie far apart by chance alone.

        Raises:
            TrialsChanged: A row was changed or removed.

        Example:
            >>> trials("/nowhere/trials").of_data("ab")
            {}
        """
        return {
            entry["fingerprint"]: math.nan
            if entry["sharpe"] is None or entry["days"] < days
            else entry["sharpe"]
            for entry in self._entries()
            if entry["data"] == data
        }

    def __len__(self) -> int:
        """Number of trials."""
        return len(self._entries())

    def __repr__(self) -> str:
        """The file."""
        return f"TrialLedger({str(self.path)!r})"

    def add(self, entries: Sequence[Mapping[str, Any]]) -> int:
        """Write trials down that are not there yet.

        Args:
            entries: Of each its data, strategy, parameters, fingerprint, sharpe and days.

        Returns:
            How many were new.

        Raises:
            ConfigError: A trial lacks one of them.
            TrialsChanged: A row was changed or removed.
            WriteFailed: The file cannot be written to.

        Example:
            >>> trials("/nowhere/trials").add([])
            0
        """
        given: Sequence[object] = entries
        for entry in given:
            if not isinstance(entry, Mapping) or not {*_GIVEN} <= set(entry):
                raise ConfigError(f"trials: given {shown(entry)}, expected {', '.join(_GIVEN)}")
        if not entries:
            return 0
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                return self._add(entries)

    def _add(self, entries: Sequence[Mapping[str, Any]]) -> int:
        known = self._entries()
        there = {_content(entry) for entry in known}
        previous = known[-1]["hash"] if known else _FIRST
        # When a trial was made is in the ledger alone, and in no result.
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        lines: list[str] = []
        for entry in entries:
            if _content(entry) in there:
                continue
            there.add(_content(entry))
            number = len(known) + len(lines) + 1
            row = {"number": number, "time": now, **entry, "previous": previous}
            previous = _hash(row)
            lines.append(json.dumps({**row, "hash": previous}, sort_keys=True))
        whole = self._text()
        # A line that a killed process has not finished is none, and is written over.
        kept = whole[: whole.rfind("\n") + 1]
        if not known:  # before the first rows, which without it would be those of no ledger
            self._write_head(0, _FIRST)
        with self.path.open("r+", encoding="utf-8") as file:
            file.truncate(len(kept.encode()))
            file.seek(0, os.SEEK_END)
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        self._write_head(len(known) + len(lines), previous)
        return len(lines)

    def _write_head(self, count: int, last: str) -> None:
        """Write down how many rows there are, and the hash of the last."""
        half = self._head.with_name(f".{self._head.name}.tmp")
        half.write_text(f"{count} {last}\n", encoding="utf-8")
        half.replace(self._head)

    @property
    def _head(self) -> Path:
        return self.path.with_name(f"{self.path.name}.head")

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as problem:
            raise ConfigError(
                f"trials: {str(self.path)!r} cannot be read ({problem}); name a file of its own"
            ) from problem

    def _entries(self) -> list[Entry]:
        """Read all rows and check that they are those that were written."""
        head = self._head_text()  # first: another process may add rows meanwhile
        text = self._text()
        lines = text[: text.rfind("\n") + 1].splitlines()
        previous, found = _FIRST, []
        for number, line in enumerate(lines, start=1):
            entry = _read(line)
            if entry is None or entry.get("hash") != _hash(entry):
                raise self._changed(number, "was changed")
            if entry["number"] != number or entry["previous"] != previous:
                raise self._changed(number, "was removed, or another was put in its place")
            previous = entry["hash"]
            found.append(entry)
        if head is None and found and self._head_text() is not None:
            return self._entries()  # another process began the ledger in between
        self._require_all(found, head)
        return found

    def _head_text(self) -> str | None:
        try:
            return self._head.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as problem:
            raise self._changed(1, f"cannot be checked: {self._head} is damaged") from problem
        except ValueError:
            return None  # a path that is none, which is refused where the rows are read

    def _require_all(self, found: list[Entry], head: str | None) -> None:
        """Refuse a ledger whose last rows are gone."""
        if head is None:
            if found:
                raise self._changed(len(found), f"cannot be checked: {self._head} is gone")
            return
        try:
            count, last = head.split()
            known = int(count)
        except ValueError as problem:
            raise self._changed(1, f"cannot be checked: {self._head} is damaged") from problem
        if known > len(found):
            raise self._changed(len(found) + 1, "was removed")
        if known and found[known - 1]["hash"] != last:
            raise self._changed(known, "was changed")

    def _changed(self, number: int, what: str) -> TrialsChanged:
        return TrialsChanged(
            f"trials: row {number} of {str(self.path)!r} {what}. A ledger counts only as it was "
            "written: restore it, or begin another one",
            row=number,
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the ledger alone, against other processes."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            patience = time.monotonic() + _PATIENCE  # how long one waits changes no row
            while locks.locked(file) is False:
                if time.monotonic() > patience:
                    raise WriteFailed(
                        f"trials: another process has been writing to {str(self.path)!r} for "
                        f"{_PATIENCE:g} seconds"
                    )
                time.sleep(0.05)
            yield
        finally:
            os.close(file)


def trials(path: str | os.PathLike[str]) -> TrialLedger:
    """Open a ledger of trials, which counts what was tried on the same data in any session.

    Give it to `omega.sweep` with `trials=`, or set the environment variable OMEGA_TRIALS to its
    path. Where it is on, the deflated Sharpe ratio counts its trials on the same data. It is off by
    default: nothing is written down that was not requested.

    Args:
        path: The file; it is made with the first trial.

    Returns:
        The ledger.

    Raises:
        ConfigError: The path is none, or that of a folder.
        TrialsChanged: A row was changed or removed; the error names it.

    Example:
        >>> trials("/nowhere/trials")
        TrialLedger('/nowhere/trials')
    """
    given: object = path  # whatever it is
    if not isinstance(given, (str, os.PathLike)) or given == "":
        raise ConfigError(f"trials: given {path!r}, expected the path of a file")
    try:
        place = Path(os.fsdecode(path)).expanduser()
        is_folder = place.is_dir()
    except (OSError, ValueError, RuntimeError) as problem:
        raise ConfigError(f"trials: given {path!r}, expected the path of a file") from problem
    if is_folder:
        raise ConfigError(f"trials: {str(place)!r} is a folder, expected the path of a file")
    ledger = TrialLedger(place)
    len(ledger)
    return ledger


class Book:
    """The ledger of a sweep, and what its rows have in common."""

    def __init__(self, ledger: TrialLedger, spec: SweepSpec, version: str | None) -> None:
        self._ledger, self._spec = ledger, spec
        key = key_of(None, spec.strategy, {}, version=version)
        self._strategy = _digest([key["strategy"], key["version"]])
        self._data: dict[object, str] = {}

    def written(
        self, table: pl.DataFrame, names: Sequence[str], trials: Trials
    ) -> dict[str, float]:
        """Write runs down; give the ratios of all that was ever tried on their data."""
        rows = {row["run"]: row for row in table.select("run", *names).iter_rows(named=True)}
        entries: list[Entry] = []
        for trial in trials.all:
            parameters = {name: rows[trial.run][name] for name in names}
            entries.append(
                {
                    "data": self._data_of(parameters),
                    "strategy": self._strategy,
                    "parameters": json.dumps(parameters, sort_keys=True, default=str),
                    "fingerprint": trial.key,
                    "sharpe": trial.sharpe,
                    "days": trial.days,
                }
            )
        self._ledger.add(entries)
        found: dict[str, float] = {}
        least = _COMPARABLE * min((entry["days"] for entry in entries if entry["days"]), default=0)
        for data in sorted({entry["data"] for entry in entries}):
            found |= self._ledger.of_data(data, days=least)
        return found

    def _data_of(self, parameters: Mapping[str, Any]) -> str:
        named = parameters.get("data")
        if named not in self._data:
            self._data[named] = data_identity(self._spec.data_of({"data": named} if named else {}))
        return self._data[named]


def opened(given: GivenLedger, spec: SweepSpec, version: str | None) -> Book | None:
    """Open the ledger of a sweep, where there is one.

    Raises:
        ConfigError: It is no ledger and no path, or runs have no fingerprints to count.
        TrialsChanged: A row was changed or removed.
    """
    chosen = given if given is not None else os.environ.get(VARIABLE) or None
    if chosen is None or chosen is False:
        return None
    ledger = chosen if isinstance(chosen, TrialLedger) else trials(chosen)
    if not spec.fingerprint:
        raise ConfigError(
            "trials: given with fingerprint=False, expected fingerprint=True: trials are counted "
            "by their fingerprints"
        )
    return Book(ledger, spec, version)


def _read(line: str) -> Entry | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(found, dict) and {*_SCHEMA, "previous", "hash"} <= set(found)
    return found if whole else None


def _content(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry[name]) for name in _CONTENT)


def _hash(entry: Mapping[str, Any]) -> str:
    return _digest({name: value for name, value in entry.items() if name != "hash"})


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
