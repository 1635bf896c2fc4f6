"""The role of each column, found by its name or given by the user.

Roles come in a fixed order. A name that could mean two roles is refused, not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from omega.config.values import closest, nearest
from omega.errors import ConfigError, InvalidCandleData

PLAIN = ("open", "high", "low", "close")
BID = ("bid_open", "bid_high", "bid_low", "bid_close")
ASK = ("ask_open", "ask_high", "ask_low", "ask_close")
QUOTE = ("bid", "ask")
ROLES = ("time", *PLAIN, *BID, *ASK, *QUOTE, "spread", "volume", "symbol")

ALIASES = {"time": ("time", "timestamp", "datetime", "date", "ts", "open_time")}

CLOSES_ALONE = (
    "Of closes alone take the close for all four prices: "
    "frame.assign(Open=close, High=close, Low=close), or with_columns(open='close', ...) in Polars."
)
"""What to do where there is no more than a close."""

INDEX = "__index_level_0__"
"""An index without a name, as files of pandas have it: the time where no other column is."""


def find(
    names: Sequence[str], mapping: Mapping[str, str], *, time: str | None = None
) -> dict[str, str]:
    """Return each role its column: time, one layout of prices, and what else there is.

    Args:
        names: The table's columns.
        mapping: Columns that the user names for single roles.
        time: The column to take as time where no name states it.
    """
    roles = _known(names, mapping)
    if "time" not in roles and time is not None:
        roles["time"] = time
    layout = _layout(roles, mapping)
    _require(("time", *layout), roles, names)
    extras = ["volume", "symbol"]
    if not {"ask", "ask_open"} & {*layout}:
        extras.append("spread")
    return {role: roles[role] for role in ROLES if role in {"time", *layout, *extras} & {*roles}}


def find_side(
    names: Sequence[str],
    side: tuple[str, ...],
    mapping: Mapping[str, str],
    *,
    time: str | None = None,
) -> dict[str, str]:
    """Return the roles of a frame that holds one side, with or without the side in its names."""
    roles = _known(names, {role: name for role, name in mapping.items() if name in names})
    if "time" not in roles and time is not None:
        roles["time"] = time
    given = side if any(role in roles for role in side) else PLAIN
    _require(("time", *given), roles, names)
    prices = {role: roles[name] for role, name in zip(side, given, strict=True)}
    found = {"time": roles["time"], **prices}
    return found | {role: roles[role] for role in ("spread", "volume") if role in roles}


def _known(names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Every role that a name or the user gives."""
    roles: dict[str, str] = {}
    for role, name in mapping.items():
        if role not in ROLES:
            raise ConfigError(f"columns: {role!r} is no role. {nearest(role, ROLES)}")
        if name not in names:
            raise ConfigError(f"columns[{role!r}]: no column {name!r}. {nearest(name, names)}")
        roles[role] = name
    for role in ROLES:
        if role not in roles:
            free = [name for name in names if name not in mapping.values()]
            _find_by_name(role, free, roles)
    return roles


def column_of(role: str, names: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    """Return the column of one role; None where there is none."""
    if role in mapping:
        name = mapping[role]
        if name not in names:
            raise ConfigError(f"columns[{role!r}]: no column {name!r}. {nearest(name, names)}")
        return name
    roles: dict[str, str] = {}
    _find_by_name(role, [name for name in names if name not in mapping.values()], roles)
    return roles.get(role)


def _find_by_name(role: str, names: Sequence[str], roles: dict[str, str]) -> None:
    aliases = ALIASES.get(role, (role,))
    if role in names:
        roles[role] = role
        return
    found = [name for name in names if name.lower() == role]
    found = found or [name for name in names if name.lower() in aliases]
    if len(found) > 1:
        listed = ", ".join(map(repr, found))
        raise ConfigError(
            f"data: {listed} could each be the {role} column. "
            f"Name one: columns={{{role!r}: {found[0]!r}}}"
        )
    if found:
        roles[role] = found[0]
    elif role == "time" and INDEX in names:
        roles[role] = INDEX


def _layout(roles: Mapping[str, str], mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The one layout of prices that the columns are complete for."""
    has_ask = any(role in roles for role in ASK)
    # An ask side without its bid side is a mistake, not plain data.
    layouts = [(*BID, *ASK), QUOTE] if has_ask else [BID, PLAIN, QUOTE]
    named = [layout for layout in layouts if any(role in mapping for role in layout)]
    complete = [layout for layout in layouts if all(role in roles for role in layout)]
    choice = named or complete
    if len(choice) > 1:
        listed = " or ".join("(" + ", ".join(layout) + ")" for layout in choice)
        raise ConfigError(
            f"data: the prices could be {listed}. Select the columns that are meant, or name one "
            f"with columns={{{choice[0][0]!r}: {roles.get(choice[0][0], '...')!r}}}"
        )
    if choice:
        return choice[0]
    return max(layouts, key=lambda layout: sum(role in roles for role in layout) / len(layout))


def _require(needed: Sequence[str], roles: Mapping[str, str], names: Sequence[str]) -> None:
    missing = next((role for role in needed if role not in roles), None)
    if missing is None:
        return
    if set(roles) <= {"time", "symbol", "volume"} and len(names) > len(roles):
        raise InvalidCandleData(
            f"column 'open' is missing; the columns are {', '.join(map(repr, names))}. Are they "
            "closes, a column for each symbol? Give {symbol: candles} with the close for all four "
            "prices: 'From a table of closes' in the guide to portfolios has the code. Else map "
            "columns: columns={'open': 'its name'}",
            column="open",
            rule="column",
        )
    close = closest(missing, [name for name in names if name not in roles.values()])
    hint = f"Add it, or map another one: columns={{{missing!r}: 'its name'}}"
    if close:
        hint = f"Did you mean columns={{{missing!r}: {close!r}}}?"
    elif "close" in roles and not {"open", "high", "low"} & set(roles):
        hint = f"{CLOSES_ALONE} Else map it: columns={{{missing!r}: 'its name'}}"
    raise InvalidCandleData(
        f"column {missing!r} is missing; the columns are {', '.join(map(repr, names))}. {hint}",
        column=missing,
        rule="column",
    )
