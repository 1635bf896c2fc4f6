"""The identity of a result, which a resumed run compares with its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from omega.config.times import to_units
from omega.data.content import data_of
from omega.errors import ConfigError
from omega.results.resumed import Identity

if TYPE_CHECKING:
    from omega.contract import ResultTables
    from omega.data.store import CandleStore
    from omega.report._reported import Reported

_UNKNOWN = (
    "the earlier result has no record of what it ran over: it was made by an engine, pickled or "
    "copied, or saved by an older version. Give the result itself, or one that `save` wrote"
)


class Resumable:
    """The part of a result that a later run goes on from."""

    candles: CandleStore | None
    tables: ResultTables

    def identify_by(self, given: Identity | Mapping[str, Any] | None) -> None:
        """Take what gives the key of the run, or what was saved of it.

        Example:
            >>> from omega.results.result import example_result
            >>> result = example_result()
            >>> result.identify_by({"run": {}, "data": {}})
            >>> result.identity
            {'run': {}, 'data': {}}
        """
        self._identity = given

    @property
    def walked_until(self) -> tuple[int, str] | None:
        """The time of the last row of the equity, and its unit; None where there is no row.

        Example:
            >>> from omega.results.result import example_result
            >>> example_result().walked_until[1]
            'ms'
        """
        result = cast("Reported", self)
        if not result.equity.height:
            return None
        unit = self.tables.unit
        return to_units(result.equity["time"][-1], unit), unit

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The key of the run, and rows and hash of its candles; else why there is none.

        Example:
            >>> from omega.results.result import example_result
            >>> list(example_result().identity)
            ['refused']
        """
        given = getattr(self, "_identity", None)
        if isinstance(given, Mapping):
            return dict(given)
        if given is None or self.candles is None:
            return {"refused": _UNKNOWN}
        try:
            return {"run": given(self.walked_until), "data": data_of(self.candles)}
        except ConfigError as problem:
            return {"refused": str(problem)}
