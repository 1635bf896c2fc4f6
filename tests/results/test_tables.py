"""Result tables: the columns of the contract, in the engine's own memory."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from polars.testing import assert_frame_equal

from omega._core import RunTables
from omega.errors import ConfigError
from omega.reference.results import SCHEMAS, PlainTables
from omega.results.files import TABLES
from omega.results.result import ResultTables, example_result, tables_from_columns
from tests.support import run_columns as runs

TYPES = {
    "u32": pl.UInt32(),
    "f64": pl.Float64(),
    "bool": pl.Boolean(),
    "cat": pl.Categorical(),
    "str": pl.String(),
    "list[str]": pl.List(pl.String),
}

ORDER_TYPES = ["market", "limit", "stop", "stop_limit", "modify", "cancel", "close"]
ORDER_TYPES += ["limit_if_touched"]


def arrow_table(tables: ResultTables, name: str) -> pa.Table:
    return pa.table(getattr(tables, name)())


def built(columns: runs.Run, **shape: object) -> RunTables:
    shape = {"symbols": runs.SYMBOLS, "contract_sizes": runs.CONTRACT_SIZES, "unit": "ms"} | shape
    tables = tables_from_columns(columns, **shape)  # type: ignore[arg-type]  # of many kinds
    assert isinstance(tables, RunTables)
    return tables


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("timezone", [None, "UTC", "America/New_York"])
@pytest.mark.parametrize("name", TABLES)
def test_columns_have_the_names_and_types_of_the_contract(
    name: str, unit: str, timezone: str | None
) -> None:
    frame = pl.DataFrame(getattr(built({}, unit=unit, timezone=timezone), name)())
    time = pl.Datetime(unit, timezone)  # type: ignore[arg-type]  # one of three
    kinds = {column: kind.rstrip("?") for column, kind in SCHEMAS[name].items()}
    assert frame.schema == {column: TYPES.get(kind, time) for column, kind in kinds.items()}


@pytest.mark.parametrize("name", TABLES)
def test_only_columns_that_may_lack_a_value_are_nullable(name: str) -> None:
    schema = arrow_table(built({}), name).schema
    assert {field.name: field.nullable for field in schema} == {
        column: kind.endswith("?") for column, kind in SCHEMAS[name].items()
    }


@pytest.mark.parametrize(
    ("table", "column", "names"),
    [
        ("trades", "symbol", runs.SYMBOLS),
        ("trades", "direction", ["long", "short"]),
        ("trades", "exit_reason", runs.EXIT_REASONS),
        ("orders", "symbol", runs.SYMBOLS),
        ("orders", "side", ["buy", "sell"]),
        ("orders", "type", ORDER_TYPES),
        ("orders", "status", ["filled", "cancelled", "expired", "rejected", "working"]),
        ("ledger", "kind", runs.LEDGER_KINDS),
        ("positions", "direction", ["long", "short"]),
    ],
)
def test_categories_are_dictionaries_in_a_fixed_order(
    table: str, column: str, names: list[str]
) -> None:
    for run in ({}, {"trades": runs.trades([1.0])}):
        dictionary = arrow_table(built(run), table).schema.field(column).type
        assert (dictionary.index_type, dictionary.value_type) == (pa.uint32(), pa.string())
    whole = arrow_table(built({"trades": runs.trades([1.0])}), table)[column].combine_chunks()
    assert whole.dictionary.to_pylist() == names


def test_seconds_are_shown_as_milliseconds() -> None:
    run = {"equity": runs.curve([1.0, 2.0], step=60)["equity"]}
    times = pl.DataFrame(built(run, unit="s").equity())["time"]
    assert times.dtype == pl.Datetime("ms")
    assert times.to_physical().to_list() == [0, 60_000]


@given(runs.whole_runs())
def test_native_and_plain_tables_are_equal(run: runs.Run) -> None:
    native = built(run)
    plain = PlainTables(run, symbols=runs.SYMBOLS, contract_sizes=runs.CONTRACT_SIZES, unit="ms")
    for name in TABLES:
        ours, theirs = (pl.DataFrame(getattr(tables, name)()) for tables in (native, plain))
        assert_frame_equal(ours, theirs, check_exact=True)


@pytest.mark.parametrize("column", ["time", "balance", "equity", "open_positions"])
def test_frames_lie_in_the_engines_buffers(column: str) -> None:
    result = example_result()
    engine = arrow_table(result.tables, "equity")[column].chunk(0).buffers()[1]
    frame = pa.chunked_array(result.equity[column]).chunk(0).buffers()[1]
    array = result.equity[column].to_physical().to_numpy(allow_copy=False)
    assert frame.address == engine.address == array.__array_interface__["data"][0]


def test_asking_again_gives_the_same_buffers() -> None:
    tables = example_result().tables
    first, second = (arrow_table(tables, "fills")["price"].chunk(0).buffers()[1] for _ in "ab")
    assert first.address == second.address


def test_frames_outlive_the_result() -> None:
    equity = example_result().equity
    assert equity["equity"][-1] == 10_150.0


def test_any_arrow_reader_takes_a_table() -> None:
    trades = example_result().tables.trades()
    assert len(trades) == pa.table(trades).num_rows == pa.record_batch(trades).num_rows == 3
    assert pa.schema(trades).names == list(SCHEMAS["trades"])


def test_foreign_types_and_chunks_are_brought_into_form() -> None:
    columns = runs.curve([100.0, 101.0, 99.0])
    frame = pl.DataFrame(columns["equity"]).with_columns(
        pl.col("time").cast(pl.Datetime("us", "Europe/Berlin")).dt.cast_time_unit("us"),
        pl.col("open_positions").cast(pl.Int64),
    )
    chunks = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert chunks.n_chunks() == 2
    tables = RunTables.from_tables(
        {"equity": pa.Table.from_batches(chunks.to_arrow().to_batches())},
        symbols=["X"],
        contract_sizes=[1.0],
        unit="ms",
    )
    equity = pl.DataFrame(tables.equity())
    assert equity["time"].to_physical().to_list() == [0, runs.DAY_MS // 1_000, runs.DAY_MS // 500]
    assert equity["equity"].to_list() == [100.0, 101.0, 99.0]


def broken(**changes: object) -> runs.Run:
    return {"trades": runs.trades([1.0]) | changes}  # type: ignore[dict-item]  # wrong on purpose


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({"deals": {}}, "given .'deals'., expected some of"),
        ({"equity": {"time": [0]}}, "missing .'balance', 'equity', 'open_positions'."),
        (broken(colour=["red"]), "unknown .'colour'."),
        (broken(lots=["many"]), "columns of 'trades'"),
        (broken(lots=[None]), "'lots': given no value in row 0, expected a value in each row"),
        (broken(direction=["up"]), "'direction': given 'up', expected one of long, short"),
        (broken(symbol=["DAX"]), "'symbol': given 'DAX', expected one of EURUSD, XAUUSD"),
        (broken(entry_time=[None]), "'entry_time': given a missing time"),
        (broken(symbol=[None]), "'symbol': given a missing name"),
    ],
)
def test_wrong_columns_are_refused_by_name(run: runs.Run, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        built(run)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"unit": "h"}, "unit: given 'h', expected 's', 'ms', 'us' or 'ns'"),
        ({"contract_sizes": [1.0]}, "contract_sizes: given 1 values, expected one for each of 2"),
    ],
)
def test_wrong_shapes_are_refused(shape: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        built({}, **shape)


def test_a_missing_interval_is_refused() -> None:
    run: runs.Run = {"trades": runs.trades([1.0])}
    run["intervals"] = {name: [] for name in SCHEMAS["intervals"]}
    del run["trades"]["net_pnl_worst"], run["trades"]["net_pnl_best"]
    with pytest.raises(ConfigError, match="given 0 of them, expected one for each of 1 trades"):
        built(run)


@given(runs.whole_runs())
def test_the_ledger_closes(run: runs.Run) -> None:
    assert built(run).first_broken_ledger_line() is None
    assert PlainTables(run, symbols=runs.SYMBOLS).first_broken_ledger_line() is None


def test_a_ledger_that_does_not_close_names_its_line() -> None:
    run = runs.curve([])
    for name, value in {
        "time": 1,
        "kind": "pnl",
        "trade_id": 0,
        "amount": 1.0,
        "balance": 101.00000000000001,
    }.items():
        run["ledger"][name].append(value)
    assert built(run).first_broken_ledger_line() == 1
    plain = PlainTables(run, symbols=runs.SYMBOLS, unit="ms")
    assert plain.first_broken_ledger_line() == 1
