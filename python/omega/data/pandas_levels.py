"""pandas columns with two levels, such as the field and the symbol of a download."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from omega.errors import ConfigError


def one_level(levels: Sequence[Sequence[str]]) -> tuple[list[str], str | None]:
    """Return each column one name; of two levels, one holds the only symbol.

    Raises:
        ConfigError: Both levels have several values.

    Example:
        >>> one_level([["Open", "Close"], ["SPY", "SPY"]])
        (['Open', 'Close'], 'SPY')
    """
    several = [names for names in levels if len(set(names)) > 1]
    if len(several) > 1:
        symbols = next((k for k, names in enumerate(levels) if "close" not in
                        {name.lower() for name in names}), len(levels) - 1)  # fmt: skip
        listed = ", ".join(sorted(set(levels[symbols]))[:4])
        first = tuple(names[0] for names in levels)
        raise ConfigError(
            f"data: the columns have {len(levels)} levels, as {first!r}, and "
            "more than one of them varies. Give each symbol's columns on their own, "
            f"{{symbol: frame.xs(symbol, axis=1, level={symbols})}}, for {listed}"
        )
    names = several[0] if several else levels[0]
    alone = [level[0] for level in levels if level is not names and level]
    return list(names), alone[0] if alone else None


def written_out(names: Sequence[str]) -> tuple[dict[str, str], str | None]:
    """Return one name for each column of a file that has levels written as tuples, and the symbol.

    Example:
        >>> written_out(["Date", "('Open', 'SPY')", "('Close', 'SPY')"])
        ({"('Open', 'SPY')": 'Open', "('Close', 'SPY')": 'Close'}, 'SPY')
    """
    found = {name: parts for name in names if (parts := _parts(name))}
    if not found or len({len(parts) for parts in found.values()}) > 1:
        return {}, None
    single, symbol = one_level([list(level) for level in zip(*found.values(), strict=True)])
    return dict(zip(found, single, strict=True)), symbol


def _parts(name: str) -> tuple[str, ...]:
    if not (name.startswith("('") and name.endswith("')")):
        return ()
    try:
        parts = ast.literal_eval(name)
    except (ValueError, SyntaxError):
        return ()
    return parts if all(isinstance(part, str) for part in parts) else ()
