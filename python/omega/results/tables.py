"""Result tables from plain columns: for documentation and tests, and for foreign results."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from omega._native import core
from omega.errors import ConfigError
from omega.results.files import TABLES, shape_of

if TYPE_CHECKING:
    from omega.contract import ResultTables


def tables_from_columns(
    columns: Mapping[str, Mapping[str, Sequence[object]]],
    *,
    symbols: Sequence[str],
    contract_sizes: Sequence[float] | None = None,
    unit: str = "ns",
    timezone: str | None = None,
) -> ResultTables:
    """Build result tables from plain Python columns.

    Args:
        columns: For each table its columns, under the names of the result tables; a table that is
            missing is empty. Times are integers in the unit, categories are names. The profit
            intervals are either a table or two more columns of the trades, ``net_pnl_worst`` and
            ``net_pnl_best``.
        symbols: Names of the symbols, in store order.
        contract_sizes: Units in one lot, by symbol; 1 where not given.
        unit: "s", "ms", "us" or "ns".
        timezone: Time zone in which times are shown.

    Raises:
        ConfigError: A table or a column is unknown or missing, or has values of another type.

    Example:
        >>> equity = {"time": [0, 1], "balance": [5.0, 5.0], "equity": [5.0, 6.0],
        ...           "open_positions": [1, 1]}
        >>> tables = tables_from_columns({"equity": equity}, symbols=["X"], unit="s")
        >>> pl.DataFrame(tables.equity())["equity"].to_list()
        [5.0, 6.0]
    """
    shape: dict[str, Any] = {
        "symbols": list(symbols),
        "contract_sizes": [1.0] * len(symbols) if contract_sizes is None else list(contract_sizes),
        "unit": unit,
        "timezone": timezone,
    }
    if unknown := set(columns) - set(TABLES):
        raise ConfigError(f"columns: given {sorted(unknown)}, expected some of {list(TABLES)}")
    given = {name: dict(table) for name, table in columns.items()}
    if "trades" in given and "intervals" not in given:
        trades = given["trades"]
        given["intervals"] = {"trade_id": trades.get("trade_id", ())} | {
            bound: trades.pop(bound)
            for bound in ("net_pnl_worst", "net_pnl_best")
            if bound in trades
        }
    empty = core.RunTables.from_tables({}, **shape | {"timezone": None})
    frames = {
        name: _frame(name, table, pl.DataFrame(getattr(empty, name)()).schema)
        for name, table in given.items()
    }
    return core.RunTables.from_tables(frames, **shape)


Packed = tuple[dict[str, bytes], dict[str, Any]]
"""Tables as Arrow IPC by name, and what is not in a table."""


def packed(tables: ResultTables) -> Packed:
    """Return result tables as bytes.

    Example:
        >>> empty = tables_from_columns({}, symbols=["X"])
        >>> unpacked(packed(empty)).fingerprint() == empty.fingerprint()
        True
    """
    written = {}
    for name in TABLES:
        target = io.BytesIO()
        pl.DataFrame(getattr(tables, name)()).write_ipc(target)
        written[name] = target.getvalue()
    return written, shape_of(tables)


def unpacked(given: Packed) -> ResultTables:
    """Make result tables of bytes."""
    written, shape = given
    frames = {name: pl.read_ipc(content) for name, content in written.items()}
    return core.RunTables.from_tables(frames, **shape)


def _frame(name: str, columns: Mapping[str, Sequence[object]], schema: pl.Schema) -> pl.DataFrame:
    """Columns in plain types: integers for times, text for categories; notes may be left out."""
    if "note" in schema and "note" not in columns:
        columns = {**columns, "note": [None] * len(next(iter(columns.values()), ()))}
    if set(columns) != set(schema):
        missing, unknown = set(schema) - set(columns), set(columns) - set(schema)
        raise ConfigError(
            f"columns of '{name}': missing {sorted(missing)}, unknown {sorted(unknown)}; "
            f"expected {list(schema)}"
        )
    plain: dict[type[pl.DataType], pl.DataType] = {
        pl.Datetime: pl.Int64(),
        pl.Categorical: pl.String(),
    }
    types = {column: plain.get(kind.base_type(), kind) for column, kind in schema.items()}
    try:
        return pl.DataFrame({column: columns[column] for column in types}, schema=types)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise ConfigError(f"columns of '{name}': {error}") from error
