"""The universe of a run: members by date, and since when that was known."""

from __future__ import annotations

from omega.config.tables import AnyTable, Column, require_order, rows_of
from omega.config.values import check, one_of, value

_COLUMNS = (
    Column("symbol", ("ticker",), kind="text"),
    Column("from", ("start",), kind="date"),
    Column("to", ("end",), None, "date"),
    Column("known", ("announced",), None, "date"),
)


@value
class Universe:
    """The members of a universe (rule U1).

    Attributes:
        members: A table with columns symbol, from and to, and known where it was announced later
            than it began: from is the first day, to the first day without it, null for still in.
            An order for a symbol that is no member, or not known to be one yet, is refused
            `not_member`.
        leave: When what is held of a symbol that leaves is sold: "once" at its next open;
            "rebalance" at the next rebalance; a strategy without any sells it when it likes.

    Example:
        >>> universe = Universe([{"symbol": "ACME", "from": "2020-01-01", "to": "2021-01-01"}])
        >>> universe.leave
        'rebalance'
    """

    members: AnyTable
    leave: str = "rebalance"

    def __post_init__(self) -> None:
        """Take the table."""
        object.__setattr__(self, "members", rows_of("Universe.members", self.members, _COLUMNS))
        check(self, one_of("rebalance", "once"), "leave")
        for row, (symbol, begin, end, _) in enumerate(self.members):
            require_order("Universe.members", row, symbol, (begin, end))

    @classmethod
    def of(cls, given: Universe | AnyTable) -> Universe:
        """Take a universe, or its table.

        Example:
            >>> Universe.of({"symbol": ["ACME"], "from": ["2020-01-01"]}).members[0][0]
            'ACME'
        """
        return given if isinstance(given, cls) else cls(given)
