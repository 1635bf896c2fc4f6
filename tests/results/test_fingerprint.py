"""The fingerprint: equal for equal runs, another for any other (rule D1)."""

from __future__ import annotations

import copy
import hashlib
import struct
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omega._core import RunTables
from omega.reference.results import SCHEMAS, PlainTables
from omega.results.files import TABLES
from omega.results.result import example_result, tables_from_columns
from tests.support import run_columns as runs

SHAPE: dict[str, Any] = {
    "symbols": runs.SYMBOLS,
    "contract_sizes": runs.CONTRACT_SIZES,
    "unit": "ms",
}
GOLDEN = "5756d6f3f3bd3ad0f6bf759ced03436f76d81bd58ce98938537ac4964dddf547"


def fingerprint(run: runs.Run, **changes: Any) -> str:  # noqa: ANN401 - what tables are built from
    return tables_from_columns(run, **SHAPE | changes).fingerprint()


def a_run() -> runs.Run:
    run = runs.curve([100.0, 110.0]) | {"trades": runs.trades([10.0, -2.0], [None, 1.0])}
    run["trades"]["tags"] = [["a", "bc"], []]
    run["orders"] = {
        "order_id": [0],
        "symbol": ["XAUUSD"],
        "side": ["buy"],
        "type": ["limit"],
        "lots": [1.0],
        "price": [1.0],
        "stop_loss": [None],
        "take_profit": [None],
        "submitted_time": [5],
        "status": ["filled"],
        "reject_reason": [None],
    }
    return run


def test_the_fingerprint_of_a_known_result_never_changes() -> None:
    # A change here is a change of what every recorded fingerprint means: another version of it.
    assert example_result().fingerprint == GOLDEN


@given(runs.whole_runs())
def test_native_and_plain_fingerprints_are_equal(run: runs.Run) -> None:
    assert fingerprint(run) == PlainTables(run, **SHAPE).fingerprint()


@given(runs.whole_runs(), st.integers(1, 7))
def test_chunks_leave_no_trace(run: runs.Run, rows: int) -> None:
    whole = tables_from_columns(run, **SHAPE)
    chunked = {}
    for name in TABLES:
        table = pa.table(getattr(whole, name)())
        cut = [table.slice(k, rows) for k in range(0, table.num_rows, rows)]
        chunked[name] = pa.concat_tables(cut) if cut else table
    assert RunTables.from_tables(chunked, **SHAPE).fingerprint() == whole.fingerprint()


def test_a_time_zone_leaves_no_trace() -> None:
    assert fingerprint(a_run()) == fingerprint(a_run(), timezone="Asia/Tokyo")


def test_dictionaries_leave_no_trace() -> None:
    swapped = SHAPE | {"symbols": runs.SYMBOLS[::-1], "contract_sizes": [1.0, 2.0]}
    assert fingerprint(a_run()) == fingerprint(a_run(), **swapped)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("trades", "trade_id", 7),
        ("trades", "symbol", "XAUUSD"),
        ("trades", "direction", "short"),
        ("trades", "exit_time", 0),
        ("trades", "exit_reason", "time"),
        ("trades", "ambiguous", True),
        ("trades", "net_pnl", -2.0000000000000004),
        ("trades", "r_multiple", None),
        ("trades", "stop_loss", 0.0),
        ("trades", "reason", ""),
        ("trades", "tags", [""]),
        ("orders", "type", "stop"),
        ("orders", "price", None),
        ("orders", "reject_reason", "margin"),
        ("equity", "time", 1),
        ("equity", "equity", 110.00000000000001),
        ("equity", "balance", -0.0),
        ("equity", "open_positions", 9),
    ],
)
def test_any_other_value_gives_another_fingerprint(table: str, column: str, value: object) -> None:
    run = a_run()
    run[table][column] = copy.copy(run[table][column])
    run[table][column][-1] = value
    assert fingerprint(run) != fingerprint(a_run())


def test_texts_cannot_run_into_each_other() -> None:
    one, other = a_run(), a_run()
    one["trades"]["tags"] = [["ab", "c"], []]
    other["trades"]["tags"] = [["a", "bc"], []]
    moved = a_run()
    moved["trades"]["tags"] = [["ab"], ["c"]]
    assert len({fingerprint(run) for run in (one, other, moved)}) == 3


def test_the_unit_of_time_counts() -> None:
    assert fingerprint(a_run()) != fingerprint(a_run(), unit="us")


def test_one_row_less_gives_another_fingerprint() -> None:
    tables = example_result().tables
    frames = {name: pl.DataFrame(getattr(tables, name)()) for name in TABLES}
    shape: dict[str, Any] = {"symbols": ["EURUSD"], "contract_sizes": [1.0], "unit": "ms"}
    shorter = frames | {"equity": frames["equity"][:-1]}
    assert RunTables.from_tables(frames, **shape).fingerprint() == tables.fingerprint()
    assert RunTables.from_tables(shorter, **shape).fingerprint() != tables.fingerprint()


def count(number: int) -> bytes:
    return struct.pack("<Q", number)


def text(word: str) -> bytes:
    return count(len(word)) + word.encode()


def _empty(table: str) -> bytes:
    """Give the logical bytes of a table without rows: names, kinds and counts."""
    kinds = {name: kind.rstrip("?") for name, kind in SCHEMAS[table].items() if name != "note"}
    words = [text(name) + text("time[s]" if k == "time" else k) for name, k in kinds.items()]
    return text(table) + count(len(kinds)) + count(0) + b"".join(words)


def test_a_column_is_its_changes() -> None:
    # Nothing but the equity curve: three rows a second apart, of which the last has another equity.
    run: runs.Run = {
        "equity": {
            "time": [10, 11, 12],
            "balance": [5.0, 5.0, 5.0],
            "equity": [5.0, 5.0, -0.0],
            "open_positions": [0, 1, 1],
        }
    }
    columns = [
        text("time") + text("time[s]") + b"\3" + struct.pack("<2q", 10, 1),
        text("balance") + text("f64") + b"\1" + struct.pack("<d", 5.0),
        text("equity") + text("f64") + b"\5" + struct.pack("<2d", 5.0, -0.0),
        text("open_positions") + text("u32") + b"\3" + struct.pack("<2I", 0, 1),
    ]
    logical = b"".join(_empty(table) for table in ("trades", "orders"))
    logical += text("equity") + count(4) + count(3) + b"".join(columns)
    expected = hashlib.sha256(logical).hexdigest()
    shape: dict[str, Any] = {"symbols": ["X"], "contract_sizes": [1.0], "unit": "s"}
    assert tables_from_columns(run, **shape).fingerprint() == expected
    assert PlainTables(run, **shape).fingerprint() == expected
