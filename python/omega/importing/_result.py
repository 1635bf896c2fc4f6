"""The result of an import: rows for the engine, findings, and sources."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from omega.config.values import shown
from omega.data import ipc
from omega.data.files import replaced
from omega.errors import ConfigError, printable
from omega.importing import _findings_summary, _ticks

_SHOWN_FILES = 3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Imported:
    """Rows that were read, and what is known about them.

    Attributes:
        frame: The rows: `time` in UTC, then prices.
        findings: One row a defect, the worst first: kind, row in the file, time, value, file,
            what was done, of what (candles or ticks), and a note.
        source: The format, as `omega.import_sources` names it.
        symbol: The symbol, where the files or the user state it.
        time_zone: The clock that the times were read from.
        files: The files, in the order of their rows.
        notes: What was found out on the way, as sentences.
    """

    frame: pl.DataFrame
    findings: pl.DataFrame
    source: str
    symbol: str | None
    time_zone: str
    files: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    def metadata(self) -> dict[str, Any]:
        """Return what names this import, as plain values.

        Example:
            >>> from omega.importing._example import ticks
            >>> ticks().metadata()["rows"]
            2
        """
        counts = _findings_summary.counted(self.findings)
        return {
            "source": self.source,
            "symbol": self.symbol,
            "time_zone": self.time_zone,
            "files": [Path(name).name for name in self.files],
            "rows": self.frame.height,
            "findings": [{"kind": kind, "done": done, "rows": n} for kind, done, n in counts],
            "notes": list(self.notes),
        }

    def summary(self) -> str:
        """Summarise what was read and what was found, in a few lines.

        Example:
            >>> from omega.importing._example import candles
            >>> print(candles().summary())
            EURUSD: 2 candles of M1, 2024-01-02 05:00:00 to 2024-01-02 05:01:00 UTC
            files: DAT_ASCII_EURUSD_M1_2024.csv (histdata)
            clock: America/New_York; the time of a bar in the files is its open
            note: times: written %Y%m%d %H%M%S
        """
        times = self.frame["time"].drop_nulls()
        span = f", {times[0]:%Y-%m-%d %H:%M:%S} to {times[-1]:%Y-%m-%d %H:%M:%S} UTC" \
            if len(times) else ""  # fmt: skip
        more = f" and {len(self.files) - _SHOWN_FILES:,} more" \
            if self.files[_SHOWN_FILES:] else ""  # fmt: skip
        listed = ", ".join(Path(name).name for name in self.files[:_SHOWN_FILES])
        lines = [
            f"{self.symbol or 'no symbol stated'}: {self.frame.height:,} {self._rows()}{span}",
            f"files: {listed}{more} ({self.source})",
            f"clock: {self.time_zone}{self._clock()}",
            *(f"note: {note}" for note in self.notes),
            *_findings_summary.summary_lines(self.findings),
        ]
        return printable("\n".join(lines))

    def overview(self) -> pl.DataFrame:
        """Return the worst findings, and kinds that come often as one line with their count.

        Returns:
            `kind`, `of`, `done`, `rows` that a line stands for, and of the worst of them the name
            of its `file`, `row` there, `time`, `value` and `note`.

        Example:
            >>> from omega.importing._example import candles
            >>> candles().overview().height
            0
        """
        return _findings_summary.overview(self.findings)

    def write_arrow(self, path: str | Path) -> None:
        """Write the rows as uncompressed Arrow IPC, which a run maps without reading it.

        Args:
            path: The file; ``.arrow`` by custom.

        Example:
            >>> import omega, tempfile
            >>> from omega.importing._example import candles
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     candles().write_arrow(f"{folder}/eurusd.arrow")
            ...     len(omega.CandleStore(f"{folder}/eurusd.arrow"))
            2
        """
        with replaced(_file(path)) as part:
            ipc.write(self.frame, part, ".arrow", self.metadata())

    def write_parquet(self, path: str | Path) -> None:
        """Write the rows as Parquet.

        Args:
            path: The file; ``.parquet`` by custom.

        Example:
            >>> import omega, tempfile
            >>> from omega.importing._example import candles
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     candles().write_parquet(f"{folder}/eurusd.parquet")
            ...     omega.read_candles(f"{folder}/eurusd.parquet").symbol
            'EURUSD'
        """
        with replaced(_file(path)) as part:
            ipc.write(self.frame, part, ".parquet", self.metadata())

    def _rows(self) -> str:
        return "rows"

    def _clock(self) -> str:
        return ""

    def __len__(self) -> int:
        """Number of rows."""
        return self.frame.height

    def __repr__(self) -> str:
        """The first line of the summary."""
        return f"{type(self).__name__}({self.summary().partition(chr(10))[0]})"

    def __str__(self) -> str:
        """The summary."""
        return self.summary()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Export the rows as Arrow: an import goes straight to `run_backtest`."""
        return self.frame.__arrow_c_stream__(requested_schema)


def _file(path: object) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise ConfigError(f"path: given {shown(path)}, expected the path of a file")
    return Path(path)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImportedCandles(Imported):
    r"""Candles that were read; `omega.run_backtest` takes them as they are.

    Attributes:
        bar_time: What the files mean by the time of a bar; in `frame` it is always the open.
        timeframe: The usual distance between bars, such as ``"M1"``; None where there is one bar.

    Example:
        >>> import omega, tempfile
        >>> from pathlib import Path
        >>> text = "timestamp,open,high,low,close\n2024-01-02 00:00+00:00,1,2,1,2\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "bars.csv").write_text(text)
        ...     bars = omega.read_candles(Path(folder, "bars.csv"), bar_time="open")
        >>> len(bars), bars.source, bars.time_zone, bars.findings.height
        (1, 'csv', 'offsets in the file', 0)
    """

    bar_time: str
    timeframe: str | None

    def metadata(self) -> dict[str, Any]:
        """Return what names this import, as plain values.

        Example:
            >>> from omega.importing._example import candles
            >>> found = candles().metadata()
            >>> found["source"], found["timeframe"], found["time_zone"]
            ('histdata', 'M1', 'America/New_York')
        """
        own = {"bar_time": "open", "read_from": self.bar_time, "timeframe": self.timeframe}
        return {**Imported.metadata(self), **own}

    def _rows(self) -> str:
        return f"candles of {self.timeframe or 'unknown length'}"

    def _clock(self) -> str:
        return f"; the time of a bar in the files is its {self.bar_time}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImportedTicks(Imported):
    r"""Ticks that were read: quotes with bid and ask, or trades with a price.

    Example:
        >>> import omega, tempfile
        >>> from pathlib import Path
        >>> text = "timestamp,bid,ask\n2024-01-02 00:00:01+00:00,1.0,1.1\n"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "ticks.csv").write_text(text)
        ...     ticks = omega.read_ticks(Path(folder, "ticks.csv"))
        >>> ticks.candles("M1")["bid_close"].to_list()
        [1.0]
    """

    def candles(self, timeframe: str) -> pl.DataFrame:
        """Make candles of the ticks, as `omega.ticks_to_candles` does.

        Args:
            timeframe: Such as ``"M1"``.

        Example:
            >>> from omega.importing._example import ticks
            >>> ticks().candles("M1").select("bid_open", "ask_close", "volume").row(0)
            (1.1, 1.13, 4.0)
        """
        return _ticks.ticks_to_candles(self.frame, timeframe)

    def _rows(self) -> str:
        return "ticks"
