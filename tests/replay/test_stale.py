"""Symbols that others go on trading without are given up (F15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from tests.support import candles

DAYS = [date(2024, 5, 1) + timedelta(days=k) for k in range(22)]
SESSIONS = [day for day in DAYS if day.weekday() < 5]
"""Wednesday, 1 May to Wednesday, 22 May: the tenth after Monday, 6 May is Monday, 20 May."""
LAST, TENTH = date(2024, 5, 6), date(2024, 5, 20)
DAILY, HOURLY = (0,), (9, 10, 11)
BACK = date(2024, 5, 22)

BUY = omega.Signal("long", symbol="B", size=10)
BOTH = [omega.Signal("long", symbol="A", size=10), BUY]


def bars(
    days: Sequence[date], hours: Sequence[int], last: float, price: float = 50.0
) -> pl.DataFrame:
    """Give bars that do not move, but for the close of the last one."""
    times = [datetime.combine(day, time(hour), UTC) for day in days for hour in hours]
    closes = [float(price)] * (len(times) - 1) + [float(last)]
    return pl.DataFrame(
        {
            "time": pl.Series(times).cast(pl.Datetime("us", "UTC")),
            "open": [float(price)] * len(times),
            "high": [max(float(price), close) for close in closes],
            "low": [min(float(price), close) for close in closes],
            "close": closes,
        }
    )


def market(hours: Sequence[int] = DAILY, *, returns: bool = False) -> dict[str, pl.DataFrame]:
    """Give A of all sessions and B until 6 May, which may have a bar again at the end."""
    own = bars([day for day in SESSIONS if day <= LAST], hours, 52)
    if returns:
        own = pl.concat([own, bars([BACK], hours, 60, price=60)])
    return {"A": bars(SESSIONS, hours, 100, price=100), "B": own}


def run(
    backend: str,
    plan: dict[int, Any],
    data: dict[str, pl.DataFrame] | None = None,
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> omega.BacktestResult:
    return omega.run_backtest(
        data or market(), candles.told(plan), backend=backend, cash=10_000, **settings
    )


def of_b(result: omega.BacktestResult) -> dict[str, Any]:
    """Give the trade of B."""
    return result.trades.filter(pl.col("symbol") == "B").row(0, named=True)


def interval(result: omega.BacktestResult, trade: dict[str, Any]) -> tuple[float, float]:
    """Give the least and the most that a trade may have made."""
    rows: list[Any] = pl.DataFrame(result.tables.intervals()).rows()
    ((least, most),) = [row[1:] for row in rows if row[0] == trade["trade_id"]]
    return least, most


@pytest.mark.parametrize(("hours", "index"), [(DAILY, 3), (HOURLY, 11)], ids=["daily", "hourly"])
def test_it_is_closed_at_its_last_close_in_the_tenth_session(
    backend: str, hours: tuple[int, ...], index: int
) -> None:
    """Bought at 50, closed at 52: 20 are made; were it worth nothing, 500 would be lost."""
    result = run(backend, {0: BOTH}, market(hours))
    moment = datetime.combine(TENTH, time(hours[0]), UTC)
    trade = of_b(result)
    assert (trade["exit_price"], trade["exit_reason"]) == (52, "stale")
    assert (trade["exit_time"], trade["exit_index"]) == (moment, index)
    assert (trade["net_pnl"], trade["ambiguous"]) == (20, True)
    assert interval(result, trade) == (-500, 20)
    other = result.trades.filter(pl.col("symbol") == "A").row(0, named=True)
    assert (other["exit_reason"], other["ambiguous"]) == ("end_of_data", False)
    # It is booked at PORTFOLIO of that step, whose row does not have it any more.
    equity = result.equity
    row = equity.filter(pl.col("time") == moment).row(0, named=True)
    assert (row["balance"], row["equity"], row["open_positions"]) == (10_020, 10_020, 1)
    before = equity.filter(pl.col("time") < moment).row(-1, named=True)
    assert (before["balance"], before["equity"], before["open_positions"]) == (10_000, 10_020, 2)


@pytest.mark.parametrize("hours", [DAILY, HOURLY], ids=["daily", "hourly"])
def test_ledger_fills_and_exits_are_in_order_of_time(backend: str, hours: tuple[int, ...]) -> None:
    costs = omega.Costs(fee_per_lot=1, swap_long=-0.5)
    points = {name: omega.Instrument(name, tick_size=1.0) for name in "AB"}
    result = run(backend, {0: BOTH}, market(hours), costs=costs, instruments=points)
    assert of_b(result)["exit_reason"] == "stale"
    assert result.ledger.height > 5
    for table in (result.ledger, result.fills):
        assert table["time"].is_sorted()
    assert result.trades.sort("exit_time")["symbol"].to_list() == ["B", "A"]
    assert result.fills["trade_id"].to_list() == [0, 1, 1, 0]


def test_with_finer_bars_it_is_given_up_when_the_step_is_over(backend: str) -> None:
    """A is closed inside the bar at which B is given up, which happens at its end."""
    finer = bars(SESSIONS, (0, 12), 100, price=100)
    touch = (pl.col("time").dt.date() == TENTH) & (pl.col("time").dt.hour() == 12)
    finer = finer.with_columns(pl.when(touch).then(90.0).otherwise("low").alias("low"))
    data = market()
    coarse = data["A"].with_columns(
        pl.when(pl.col("time").dt.date() == TENTH).then(90.0).otherwise("low").alias("low")
    )
    result = run(
        backend,
        {0: [omega.Signal("long", symbol="A", size=10, stop_loss=95), BUY]},
        {**data, "A": coarse},
        execution=omega.Execution(intrabar="magnifier", magnifier={"A": finer}),
    )
    noon = datetime.combine(TENTH, time(12), UTC)
    assert result.trades["exit_time"].to_list() == [noon, noon]
    assert result.fills["trade_id"].to_list() == [0, 1, 0, 1]
    assert result.fills["time"].is_sorted()
    assert result.ledger["time"].is_sorted()


def test_other_counts_of_sessions(backend: str) -> None:
    for after, day in ((1, date(2024, 5, 7)), (4, date(2024, 5, 10)), (5, date(2024, 5, 13))):
        result = run(backend, {0: BOTH}, limits=omega.Limits(stale_after=after))
        assert of_b(result)["exit_time"].date() == day


def test_it_may_be_waited_for_without_an_end(backend: str) -> None:
    """At the end of the data it is closed at its last close, at the time of the run's last step."""
    result = run(backend, {0: BOTH}, limits=omega.Limits(stale_after=None))
    trade = of_b(result)
    assert (trade["exit_price"], trade["exit_reason"]) == (52, "end_of_data")
    assert (trade["exit_time"], trade["exit_index"]) == (datetime(2024, 5, 22, tzinfo=UTC), 3)
    assert trade["ambiguous"] is False
    assert set(result.trades["exit_time"]) == {datetime(2024, 5, 22, tzinfo=UTC)}


def test_version_1_gives_nothing_up(backend: str) -> None:
    result = run(backend, {0: BOTH}, semantics=1)
    trade = of_b(result)
    assert trade["exit_reason"] == "end_of_data"
    assert trade["exit_time"].date() == LAST


def test_a_short_is_bought_back(backend: str) -> None:
    """Sold at 50, bought back at 52; were it worth nothing, 500 would be made."""
    result = run(backend, {0: omega.Signal("short", symbol="B", size=10)})
    trade = of_b(result)
    assert (trade["exit_price"], trade["net_pnl"]) == (52, -20)
    assert (trade["exit_reason"], trade["ambiguous"]) == ("stale", True)
    assert interval(result, trade) == (-20, 500)


def test_a_close_is_of_the_side_of_the_exit(backend: str) -> None:
    """With a spread of 1 a long bought at 51 is sold at 52, a short of 50 bought back at 53."""
    data: Any = {name: omega.Candles(bid=frame, spread=1.0) for name, frame in market().items()}
    plan = {0: [BUY, omega.Signal("short", symbol="B", size=10)]}
    result = run(backend, plan, data)
    assert result.trades.select("direction", "exit_price", "net_pnl").rows() == [
        ("long", 52, 10),
        ("short", 53, -30),
    ]
    assert result.trades["exit_reason"].to_list() == ["stale", "stale"]


def test_slippage_and_fee_are_those_of_the_end_of_the_data(backend: str) -> None:
    """Bought at 50.5 and sold at 51.48, less 10 of fee twice; of nothing, 505 and 20 are lost."""
    costs = omega.Costs(slippage_percent=1, fee_per_lot=1)
    result = run(backend, {0: BOTH}, costs=costs)
    trade = of_b(result)
    assert trade["entry_price"] == 50.5
    assert trade["exit_price"] == pytest.approx(51.48)
    assert trade["net_pnl"] == pytest.approx(9.8 - 20)
    assert interval(result, trade) == pytest.approx((-525, -10.2))
    never = run(backend, {0: BOTH}, costs=costs, limits=omega.Limits(stale_after=None))
    for name in ("exit_price", "net_pnl"):
        assert of_b(never)[name] == trade[name]


def test_what_waits_is_cancelled_and_new_orders_are_refused(backend: str) -> None:
    """The tenth session is A's bar 13, which a strategy that saw bar 12 acts in."""
    limit = omega.Signal("long", symbol="B", type="limit", entry_price=40, size=1)
    result = run(backend, {0: limit, 11: limit, 12: BUY, 13: [BUY, limit]})
    assert result.orders.select("status", "reject_reason").rows() == [
        ("cancelled", "stale"),
        ("cancelled", "stale"),
        ("rejected", "stale"),
        ("rejected", "stale"),
        ("rejected", "stale"),
    ]
    assert result.trades.height == 0


def test_an_order_whose_time_ran_out_by_then_has_expired(backend: str) -> None:
    """One was good for the day, one until the 8th, one is good until it is cancelled (F5)."""
    low: dict[str, Any] = {"type": "limit", "entry_price": 1.0, "symbol": "B", "size": 1}
    expiries: list[Any] = [
        "day",
        datetime(2024, 5, 8, tzinfo=UTC),
        datetime(2024, 5, 21, tzinfo=UTC),
        None,
    ]
    result = run(backend, {2: [omega.Signal("long", expires=one, **low) for one in expiries]})
    assert result.orders["status"].to_list() == ["expired"] * 2 + ["cancelled"] * 2
    assert result.orders["reject_reason"].to_list() == [None, None, "stale", "stale"]


def test_it_takes_orders_when_it_has_a_bar_again(backend: str) -> None:
    """The order before waits for no bar: it is refused. The next one fills at the open of 60."""
    data = market(returns=True)
    result = run(backend, {13: BUY, 14: BUY}, data)
    assert result.orders["status"].to_list() == ["rejected", "filled"]
    assert result.orders["reject_reason"].to_list() == ["stale", None]
    trade = of_b(result)
    assert (trade["entry_price"], trade["entry_time"]) == (60, datetime(2024, 5, 22, tzinfo=UTC))


def test_what_was_closed_stays_closed_when_it_has_a_bar_again(backend: str) -> None:
    trade = of_b(run(backend, {0: BOTH}, market(returns=True)))
    assert (trade["exit_price"], trade["exit_reason"]) == (52, "stale")
    assert trade["exit_time"] == datetime(2024, 5, 20, tzinfo=UTC)


def test_a_notice_says_how_it_came_back_although_it_is_given_up_again(backend: str) -> None:
    """Given up at 52 on the 9th, back at 60 on the 10th, 80 made by ten; given up on the 15th."""
    first = [day for day in SESSIONS if day <= LAST]
    second = [date(2024, 5, 10), date(2024, 5, 13)]
    own = pl.concat([bars(first, DAILY, 52), bars(second, DAILY, 60, price=60)])
    data = {"A": bars(SESSIONS, DAILY, 100, price=100), "B": own}
    result = run(backend, {0: BUY, 7: BUY}, data, limits=omega.Limits(stale_after=3))
    assert result.trades["exit_reason"].to_list() == ["stale", "stale"]
    (notice,) = [one.text for one in result.notices if one.kind == "stale"]
    assert notice == (
        "B stopped trading: 2 positions closed at its last close (52), the first on "
        "2024-05-09 00:00; it came back on 2024-05-10 00:00 at 60, a difference of 80.00"
    )


def test_nine_sessions_are_not_enough(backend: str) -> None:
    """It has a bar again in what would be the tenth."""
    data = market()
    data["B"] = pl.concat([data["B"], bars([TENTH], DAILY, 60, price=60)])
    trade = of_b(run(backend, {0: BOTH}, data))
    assert (trade["exit_price"], trade["exit_reason"]) == (60, "end_of_data")
    assert trade["ambiguous"] is False


@pytest.mark.parametrize("given", [0, -1, 2.5, "ten"])
def test_a_count_is_a_whole_number_above_0(given: Any) -> None:  # noqa: ANN401 - what is wrong
    with pytest.raises(ConfigError, match="stale_after"):
        omega.Limits(stale_after=given)


def test_a_notice_reads_ticks(backend: str) -> None:
    """They have no open."""
    data = {
        name: own.select("time", pl.col("close").alias("bid"), pl.col("close").alias("ask"))
        for name, own in market(returns=True).items()
    }
    result = run(backend, {0: BOTH}, data)
    (notice,) = [one.text for one in result.notices if one.kind == "stale"]
    assert "it came back on 2024-05-22 00:00 at" in notice
