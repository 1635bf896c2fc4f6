"""Which worker made which run, and how often it was sent."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable

import polars as pl


class Placement:
    """Counts what a driver sends and gets, in a few bytes a run."""

    def __init__(self) -> None:
        self._workers: dict[str, int] = {}
        self._runs, self._by = array("Q"), array("Q")
        self._again: Counter[int] = Counter()

    def made(self, worker: str, runs: Iterable[int]) -> None:
        """Note who has made runs."""
        by = self._workers.setdefault(worker, len(self._workers))
        for run in runs:
            self._runs.append(run)
            self._by.append(by)

    def sent_again(self, runs: Iterable[int]) -> None:
        """Note that runs were sent once more."""
        self._again.update(runs)

    def frame(self) -> pl.DataFrame:
        """Return a row for each run: number, the worker whose row counts, how often it was sent.

        Example:
            >>> placement = Placement()
            >>> placement.made("host:17", [1, 0])
            >>> placement.sent_again([1])
            >>> placement.frame().rows()
            [(0, 'host:17', 1), (1, 'host:17', 2)]
        """
        names = list(self._workers)
        by = pl.Series("worker", self._by, dtype=pl.UInt32)
        table = pl.DataFrame(
            {
                "run": pl.Series(self._runs, dtype=pl.UInt32),
                "worker": pl.Series(names, dtype=pl.String).gather(by) if names else [],
                "executions": pl.Series(
                    [1 + self._again[run] for run in self._runs], dtype=pl.UInt32
                ),
            },
            schema_overrides={"worker": pl.String},
        )
        return table.sort("run", maintain_order=True)


def in_words(placement: pl.DataFrame) -> str:
    """Return how the runs were spread.

    Example:
        >>> rows = {"run": [0, 1, 2], "worker": ["a:1", "a:2", "b:1"], "executions": [1, 1, 2]}
        >>> in_words(pl.DataFrame(rows))
        'made by 3 workers on 2 machines; 1 run was sent again'
    """
    workers = placement["worker"].drop_nulls().unique().to_list()
    machines = {name.rpartition(":")[0] for name in workers}
    again = int((placement["executions"] > 1).sum())
    words = f"made by {_many(len(workers), 'worker')} on {_many(len(machines), 'machine')}"
    if not again:
        return words
    return f"{words}; {_many(again, 'run')} {'was' if again == 1 else 'were'} sent again"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
