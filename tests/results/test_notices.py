"""Notices, each by a run whose numbers are known by hand."""

from __future__ import annotations

import copy
import json
import math
import pickle
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import omega
from omega.notices import Notice, divided, in_order
from omega.results.example import EXAMPLE
from omega.results.result import BacktestResult, example_result, tables_from_columns
from tests.support import candles
from tests.support import run_columns as runs
from tests.support.notices import FLAT, long, run

SHARES = omega.Instrument()
DAILY = [1440 * k for k in range(6)]


def changed(table: str, **columns: list[Any]) -> BacktestResult:
    """Give the example with other columns in a table."""
    tables = {**EXAMPLE, table: {**EXAMPLE[table], **columns}}
    return BacktestResult(tables_from_columns(tables, symbols=["EURUSD"], unit="ms"))


def test_a_run_with_nothing_to_tell_has_no_notice(backend: str) -> None:
    days = candles.quoted(*[(100,)] * 400, minutes=[1440 * k for k in range(400)])
    settings = {"sizer": omega.EquityPercent(50), "instruments": SHARES, "symbol": "ACME"}
    assert run(backend, {0: long()}, days, **settings) == {}


def test_refused_entries_are_counted_by_reason_and_other_actions_apart(
    backend: str,
) -> None:
    """60 at 100 leave 4,000: another 60 do not fit, and half a lot is below the least size."""
    plan: dict[int, Any] = {0: [long(size=size) for size in (60, 60, 60, 0.5)]}
    plan[1] = [omega.Close(trade_id=99), omega.Cancel(98)]
    found = run(backend, plan, instruments=omega.Instrument(volume_min=1))
    text = "3 of 4 entries refused: margin 2, size 1"
    assert found.pop("refused_orders") == Notice("warning", "refused_orders", text)
    text = "2 of the closes and changes refused: not_found 2"
    assert found.pop("refused_actions") == Notice("warning", "refused_actions", text)
    assert found == {}


def test_a_close_that_finds_nothing_is_no_warning(backend: str) -> None:
    found = run(backend, {1: omega.Close(), 2: omega.Close(trade_id=99)})
    text = "2 of the closes and changes refused: not_found 2"
    assert found == {"refused_actions": Notice("info", "refused_actions", text)}


def test_where_all_entries_are_refused_that_is_an_error(backend: str) -> None:
    found = run(backend, {0: long(size=101)})
    text = "1 of 1 entry refused: margin 1"
    assert found == {"refused_orders": Notice("error", "refused_orders", text)}


@pytest.mark.parametrize(
    ("time", "side", "lots", "kind"),
    [
        (3, "sell", 0.0, "refused_actions"),  # the long of day 3 is open
        (4, "sell", 0.0, "refused_orders"),  # it closed on day 4
        (3, "buy", 0.0, "refused_orders"),
        (3, "sell", 0.5, "refused_orders"),  # an entry that named its size
    ],
)
def test_a_close_that_was_too_small_is_no_entry(
    time: int, side: str, lots: float, kind: str
) -> None:
    orders = EXAMPLE["orders"]
    times = [*orders["submitted_time"][:3], EXAMPLE["equity"]["time"][time]]
    result = changed(
        "orders",
        side=[*orders["side"][:3], side],
        lots=[*orders["lots"][:3], lots],
        submitted_time=times,
    )
    kinds = [one.kind for one in result.notices if one.kind.startswith("refused")]
    assert kinds == [kind]


def test_closes_do_not_count_as_entries(backend: str) -> None:
    plan = {0: long(size=60), 1: [omega.Close(), long(size=200)]}
    found = run(backend, plan)
    assert str(found["refused_orders"]) == "1 of 2 entries refused: margin 1"


def test_entries_that_were_made_smaller_are_counted(backend: str) -> None:
    """100 lots at 100, and an open at 110."""
    data = candles.quoted((100,), (110,), (110,))
    found = run(backend, {0: long()}, data, sizer=omega.EquityPercent(100))
    text = "1 of 1 entry made smaller to fit the free margin"
    assert found == {"scaled_orders": Notice("info", "scaled_orders", text)}


def test_ruin_comes_first_with_its_time_and_what_was_closed(backend: str) -> None:
    """100 short at 100 and an open at 300: 20,000 are lost of 10,000."""
    days = candles.quoted((100,), (100,), (300,), (55,), (55,), minutes=DAILY[:5])
    waiting = omega.Signal("long", size=1, type="limit", entry_price=20)
    plan = {0: [omega.Signal("short", size=100), waiting], 2: long(size=1)}
    found = run(backend, plan, days)
    text = (
        "ruin on 2024-01-03 00:00: equity fell to -10,000.00; 1 position was closed (SYMBOL) for "
        "-20,000.00, and later orders were refused"
    )
    assert next(iter(found.values())) == Notice("error", "ruin", text)
    assert str(found["refused_orders"]) == "1 of 3 entries refused: ruin 1"
    text = "1 order cancelled by the engine: ruin 1"
    assert found["cancelled_orders"] == Notice("info", "cancelled_orders", text)


def test_a_ruin_that_is_allowed_is_an_error_as_well(backend: str) -> None:
    account = omega.Account(leverage=math.inf, ruin="allow")
    data = candles.quoted((100,), (100,), (300,), (55,))
    found = run(backend, {0: omega.Signal("short", size=100)}, data, account=account)
    text = "equity fell below 0, to -10,000.00, and trading went on"
    assert found["ruin"] == Notice("error", "ruin", text)


def test_stop_outs_are_counted(backend: str) -> None:
    """200 long at 100: equity, 200 p - 10,000, is half of the margin, 100 p, at 66.67."""
    account = omega.Account(leverage=2, stop_out_level=0.5)
    data = candles.quoted((100,), (100,), (100, 101, 60, 70), (70,))
    found = run(backend, {0: long(size=200)}, data, account=account)
    text = "1 position was closed by stop-out for -6,666.67, the first on 2024-01-01 00:02"
    assert found["stop_out"] == Notice("warning", "stop_out", text)


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({"account": omega.Account(leverage=2)}, "info"),
        ({"instruments": omega.Instrument(margin_rate=0.5)}, "info"),
        ({"instruments": omega.Instrument(usual_margin_rate=0.5)}, "warning"),
    ],
)
def test_exposure_above_equity_is_a_warning_unless_it_was_chosen(
    backend: str, settings: dict[str, Any], level: str
) -> None:
    """150 at 100 are 1.5 times 10,000; at 90 they are 13,500 over 8,500."""
    data = candles.quoted((100,), (100,), (90,), (95,))
    found = run(backend, {0: long(size=150)}, data, **settings)
    text = "positions were worth up to 1.59 times the equity, on 2024-01-01 00:02"
    assert found == {"exposure": Notice(level, "exposure", text)}


@pytest.mark.parametrize(
    ("direction", "prices", "text"),
    [
        ("long", (100, 90, 80), None),  # what is paid in full stays within the equity
        ("long", (100, 120, 90), None),
        ("short", (100, 90, 80), None),
        ("short", (100, 110, 80), "positions were worth up to 1.22 times the equity"),
    ],
)
def test_positions_are_worth_what_the_market_pays(
    backend: str, direction: str, prices: tuple[float, ...], text: str | None
) -> None:
    """100 short at 100 and at 110: 11,000 over 9,000."""
    data = candles.quoted((100,), *((price,) for price in prices), (80,))
    found = run(backend, {0: omega.Signal(direction, size=100)}, data)
    assert found.keys() == ({"exposure"} if text else set())
    assert str(found.get("exposure", "")).startswith(text or "")


def test_a_lot_that_nobody_chose_and_that_is_small_is_a_warning(backend: str) -> None:
    """One unit of 100 is 1 % of 10,000."""
    found = run(backend, {0: long()})
    text = (
        "no sizer was given, so that an order is one lot: the largest position was 1 % of the "
        "equity; give one, such as sizer=omega.EquityPercent(50)"
    )
    assert found == {"small_positions": Notice("warning", "small_positions", text)}
    assert run(backend, {0: long()}, cash=2_000) == {}  # 5 %
    assert run(backend, {0: long()}, sizer=omega.FixedLots(1)) == {}
    assert run(backend, {0: long(size=2)}) == {}


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"instruments": omega.Instrument(base_currency="EUR")}, 3),
        ({"account": omega.Account(leverage=2)}, 3),
        ({}, None),
        (
            {
                "instruments": omega.Instrument(base_currency="EUR", tick_size=0.01),
                "costs": omega.Costs(swap_short=-1),
            },
            None,
        ),
    ],
)
def test_nights_without_swap_are_counted(
    backend: str, settings: dict[str, Any], count: int | None
) -> None:
    """From Tuesday to Thursday: two nights. From Wednesday to Thursday: one."""
    data = candles.quoted(*[(100,)] * 6, minutes=DAILY)
    plan = {0: long(size=20), 1: long(size=20), 2: omega.Close()}
    found = run(backend, plan, data, **settings)
    expected = "3 position-nights without swap in SYMBOL; give "
    assert found.keys() == (set() if count is None else {"no_swap"})
    assert str(found.get("no_swap", expected)).startswith(expected)


def test_nights_of_open_positions_go_to_the_end(backend: str) -> None:
    """From Tuesday to Saturday."""
    data = candles.quoted(*[(100,)] * 6, minutes=DAILY)
    settings = {"execution": omega.Execution(close_at_end=False)}
    account = omega.Account(leverage=2)
    found = run(backend, {0: long(size=20)}, data, account=account, **settings)
    assert str(found["no_swap"]).startswith("4 position-nights without swap")


def test_what_shares_cost_to_hold_is_carry() -> None:
    """Of shares alone, and beside a currency pair."""
    days = candles.quoted(*[(100,)] * 6, minutes=DAILY)
    settings: dict[str, Any] = {"account": omega.Account(leverage=2), "cash": 1e5}
    carry, swap = "carry=omega.Carry(debit=..., borrow=...)", "omega.Costs(swap_long="
    plan = {0: [long(size=1, symbol=name) for name in ("A", "EURUSD")]}
    found = run("rust", {0: long(size=1, symbol="A")}, {"A": days}, **settings)
    assert str(found["no_swap"]).endswith(f"in A; give {carry}")
    found = run("rust", plan, {"A": days, "EURUSD": days}, **settings)
    assert str(found["no_swap"]).endswith(f"{swap}..., swap_short=...), for shares {carry}")


@pytest.mark.parametrize(
    ("data", "settings", "is_free"),
    [
        ({}, {}, True),
        ({}, {"costs": omega.Costs()}, False),
        ({"spread": [0.0] * 8}, {}, False),
        ({"ask": [200.0] * 8}, {}, False),
    ],
)
def test_a_run_whose_trades_are_free_is_a_notice(
    backend: str, data: dict[str, Any], settings: dict[str, Any], is_free: bool
) -> None:
    frame = candles.rising(8).with_columns(**{name: pl.Series(v) for name, v in data.items()})
    if "ask" in data:
        frame = frame.rename({"close": "bid"}).drop("open", "high", "low")
    text = "every trade was free; give omega.Costs(...), or candles with a column spread"
    found = run(backend, {0: long(size=60)}, frame, **settings)
    assert found.get("no_costs") == (Notice("info", "no_costs", text) if is_free else None)
    assert "no_costs" not in run(backend, {}, frame, **settings)


def test_entries_that_the_user_wanted_refused_are_no_warning(backend: str) -> None:
    data = candles.quoted(*[(100,)] * 6, minutes=[0, 30, 60, 90, 120, 150])
    plan: dict[int, Any] = {k: long(size=20) for k in range(5)}
    limits = omega.Limits(sessions=[("00:00", "01:15")])
    found = run(backend, plan, data, limits=limits)["refused_orders"]
    assert found == Notice("info", "refused_orders", "3 of 5 entries refused: session_closed 3")
    plan[0] = long(size=101)
    assert run(backend, plan, data, limits=limits)["refused_orders"].level == "warning"
    plan = {3: long(size=20)}
    assert run(backend, plan, data, limits=limits)["refused_orders"].level == "error"


class Averaged(omega.Strategy):
    """Needs five bars."""

    def init(self) -> None:
        self.sma(5)

    def on_bar(self, bar: omega.Bar) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("bars", "start", "level"),
    [
        (20, "2024-01-01 00:02", "warning"),
        (20, "2024-01-01 00:05", None),
        (20, None, "info"),  # 4 of 18 minutes
        (200, None, None),  # 4 of 198
    ],
)
def test_a_start_that_warm_up_moved_has_both_dates(
    backend: str, bars: int, start: str | None, level: str | None
) -> None:
    found = run(backend, Averaged(), candles.quoted(*[(100,)] * bars), start=start)
    first = "00:01" if start is None else "00:02"
    text = f"the warm-up moved the start from 2024-01-01 {first} to 2024-01-01 00:05"
    expected = {} if level is None else {"start_moved": Notice(level, "start_moved", text)}
    assert found == expected


def test_the_start_of_several_symbols_is_a_step_of_all_in_an_intersection(
    backend: str,
) -> None:
    """Their common minutes are 2 to 19: the second of them is the first to decide on."""
    both = {"A": candles.quoted(*[(100,)] * 20), "B": candles.quoted(*[(100,)] * 20)[2:]}
    nothing = candles.told({})
    settings: dict[str, Any] = {"instruments": SHARES, "align": "intersection"}
    for start in ("2024-01-01 00:01", "2024-01-01 00:03"):
        result = omega.run_backtest(both, nothing, start=start, backend=backend, **settings)
        assert [one.kind for one in result.notices] == ["short_period"]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"symbol": "ACME"}, "ACME has no preset: a lot is one unit"),
        ({"symbol": "ACME", "semantics": 1}, None),
        ({"symbol": "ACME", "instruments": SHARES}, None),
        ({"symbol": "EURUSD"}, None),
        ({}, None),  # nobody named it
    ],
)
def test_a_symbol_without_a_preset_is_a_notice(
    backend: str, settings: dict[str, Any], text: str | None
) -> None:
    found = run(backend, {}, **settings)
    assert found == ({} if text is None else {"no_preset": Notice("info", "no_preset", text)})


@pytest.mark.parametrize(
    ("instrument", "account", "is_told"),
    [
        (omega.Instrument(quote_currency="EUR"), None, True),
        (omega.Instrument(quote_currency="EUR"), "cash", False),
        (omega.Instrument(quote_currency="USD"), None, False),
        (omega.Instrument(quote_currency="EUR", contract_size=100), None, False),
        (omega.Instrument(quote_currency="EUR", base_currency="BTC"), None, False),
    ],
)
def test_an_equity_in_a_borrowed_currency_is_a_notice(
    backend: str, instrument: omega.Instrument, account: str | None, is_told: bool
) -> None:
    rates = {"conversion": {"EUR": 1.1}} if instrument.quote_currency == "EUR" else {}
    settings: dict[str, Any] = {"instruments": instrument, "account": account, **rates}
    found = run(backend, {}, symbol="ACME", **settings)
    assert found.keys() == ({"borrowed_currency"} if is_told else set())
    text = "ACME is quoted in EUR and the account in USD: "
    assert str(found.get("borrowed_currency", text)).startswith(text)


def test_notices_of_the_data_are_those_of_the_run(backend: str) -> None:
    crossed = FLAT.with_columns(ask_low=pl.lit(99.0), ask_close=pl.lit(99.0))
    text = "SYMBOL: the ask is below the bid in 5 rows; fills use each side as it stands"
    found = run(backend, {}, crossed, validate={"crossed": "allow"})
    assert found == {"crossed_rows": Notice("warning", "crossed_rows", text)}
    single = FLAT.cast({"bid_open": pl.Float32, "ask_open": pl.Float32})
    store = omega.CandleStore(single, cast=True)
    text = "80 bytes were copied by a cast: bid_open (Float32), ask_open (Float32)"
    assert run(backend, {}, store) == {"cast": Notice("info", "cast", text)}


@pytest.mark.parametrize(("count", "is_told"), [(20, False), (19, True)])
def test_ambiguous_trades_above_a_twentieth_are_a_warning(count: int, is_told: bool) -> None:
    trades = runs.trades([0.0] * count)
    trades["ambiguous"][3] = True
    tables = {**runs.curve([100.0]), "trades": trades}
    result = BacktestResult(tables_from_columns(tables, symbols=["EURUSD"], unit="ms"))
    assert any(one.kind == "ambiguous" for one in result.notices) is is_told


@pytest.mark.parametrize(("days", "is_told"), [(359, True), (360, False)])
def test_a_growth_rate_of_less_than_a_year_is_marked(days: int, is_told: bool) -> None:
    columns = runs.curve([100.0, 110.0], step=(days - 1) * runs.DAY_MS)
    result = BacktestResult(tables_from_columns(columns, symbols=["EURUSD"], unit="ms"))
    assert [one.kind for one in result.notices] == (["short_period"] if is_told else [])
    assert ("CAGR, extrapolated" in result.summary()) is is_told
    assert ("color:gray" in result._repr_html_()) is is_told


def test_three_notices_at_most_stand_above_a_summary() -> None:
    kinds = ("stop_out", "refused_orders", "refused_actions", "exposure")
    given = [Notice("warning", kind, kind) for kind in kinds]
    given += [Notice("info", "cast", "cast"), Notice("error", "ruin", "ruin")]
    above, below = divided(in_order(given))
    assert [str(one) for one in above] == ["ruin", "stop_out", "refused_orders"]
    assert [str(one) for one in below] == ["refused_actions", "exposure", "cast"]
    result = BacktestResult(example_result().tables, notices=in_order(given))
    lines = [" ".join(line.split()) for line in result.summary().splitlines()]
    assert lines[:3] == ["Error ruin", "Warning stop_out", "Warning refused_orders"]
    assert lines[-4:-1] == ["Warning refused_actions", "Warning exposure", "Notice cast"]
    named = "ruin stop_out refused_orders refused_actions exposure cast"
    assert lines[-1] == f"What to do omega explain {named}"


def test_every_notice_is_on_the_pages(tmp_path: Path) -> None:
    result = example_result()
    report = result.report(tmp_path / "run.html").read_text("utf-8")
    for page in (report, result._repr_html_()):
        places = [page.index(str(one).removesuffix(" 00:00")) for one in result.notices]
        assert places == sorted(places)
    assert "data-short" in report
    assert "CAGR, extrapolated" in report
    assert report.index(str(result.notices[2])) < report.index('<dl class="figures">')
    assert report.index(str(result.notices[3])) > report.index("<h2>Ambiguity</h2>")


def test_notices_are_kept(tmp_path: Path, backend: str) -> None:
    result = omega.run_backtest(
        FLAT, candles.told({0: [long(), long(size=101)]}), symbol="ACME", backend=backend
    )
    assert "notices" not in vars(result)  # found when they are read
    kinds = [one.kind for one in result.notices]
    assert kinds == ["refused_orders", "small_positions", "no_preset", "short_period"]
    folder = result.save(tmp_path / "run")
    for other in (
        BacktestResult.load(folder),
        pickle.loads(pickle.dumps(result)),  # noqa: S301 - our own
        copy.deepcopy(result),
    ):
        assert other.notices == result.notices
    saved = json.loads((folder / "manifest.json").read_text())["notices"]
    assert saved[0] == {
        "level": "warning",
        "kind": "refused_orders",
        "text": "1 of 2 entries refused: margin 1",
    }


def test_an_engine_gives_what_it_knows(backend: str) -> None:
    class First:
        def evaluate(self, index: int, slice_map: object) -> object:
            return long() if index == 0 else None

    parts = (omega.ExecutionSimulator(), omega.Portfolio())
    engine = omega.EventEngine(FLAT, None, First(), *parts, symbol="ACME", backend=backend)
    engine.run()
    assert engine.result is not None
    kinds = [one.kind for one in engine.result.notices]
    assert kinds == ["small_positions", "no_preset", "short_period"]
