"""Rolled futures (rules R1 to R5), with numbers computed by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from omega.errors import ConfigError
from omega.examples.rolled_future import Breakout
from tests.support.backends import BACKENDS
from tests.support.dated_runs import START, Script, booked, days, run

each_backend = pytest.mark.parametrize("backend", BACKENDS)

OLD = days([100.0, 101.0, 102.0, 103.0], [100.0, 100.5, 101.5, 102.5], volume=[9.0, 9.0, 5.0, 1.0])
NEW = days(
    [110.0, 111.0, 112.0, 113.0, 114.0],
    [110.0, 110.5, 111.5, 112.5, 113.5],
    volume=[1.0, 10.0, 9.0, 9.0, 9.0],
)
CONTRACTS = {"H4": OLD, "M4": NEW}
KEEP = omega.Execution(close_at_end=False)


def chain(**settings: Any) -> omega.Continuous:  # noqa: ANN401 - of the class
    return omega.Continuous(CONTRACTS, **{"roll": "days:1", **settings})


@each_backend
def test_money_is_that_of_the_contract_held(backend: str) -> None:
    """Bought at 100.5, rolled on the third day from 101.5 into 111.5, closed at 114."""
    result = run(backend, chain(adjust="difference"), {0: omega.Signal("long", size=2)})
    assert result.trades.select(
        "entry_price", "exit_price", "exit_reason", "gross_pnl", "chain_id", "lots"
    ).rows() == [
        (100.5, 101.5, "roll", 2.0, 0, 2.0),
        (111.5, 114.0, "end_of_data", 5.0, 0, 2.0),
    ]
    assert result.metrics["net_profit"] == 2 * (1.0 + 2.5)
    assert result.fills["price"].to_list() == [100.5, 101.5, 111.5, 114.0]
    rolled = result.events.row(0, named=True)
    assert (rolled["kind"], rolled["price"], rolled["amount"]) == ("roll", 101.5, 10.0)


@each_backend
def test_bars_since_the_first_entry_are_counted_on_under_another_symbol(backend: str) -> None:
    """Entered at bar 1, rolled at 2, renamed at 8 of the series; the new symbol has six bars."""
    contracts = {"H4": days([100.0] * 4), "M4": days([110.0 + i for i in range(8)])}
    series = omega.Continuous(contracts, roll="days:1")
    start = START + timedelta(days=8)
    data = {"ES": series, "B": days([117.0] * 6, start=start)}
    events = omega.Events(symbols=[{"old": "ES", "new": "B", "date": start.date()}])
    script: Script = {0: omega.Signal("long", size=2, symbol="ES")}
    manager = omega.TimeExit(bars=9)
    result = run(backend, data, script, events=events, position_manager=manager)
    assert result.trades["exit_reason"].to_list() == ["roll", "end_of_data"]


@each_backend
def test_both_sides_of_a_roll_cost(backend: str) -> None:
    """A lot costs 1 at each of four fills, and each slips by 0.5."""
    costs = omega.Costs(fee_per_lot=1.0, slippage_pips=0.5)
    instrument = omega.Instrument(volume_step=1, pip_size=1.0, tick_size=0.5)
    orders = {0: omega.Signal("long", size=2)}
    result = run(backend, chain(), orders, costs=costs, instruments=instrument)
    assert result.fills["price"].to_list() == [101.0, 101.0, 112.0, 113.5]
    assert result.fills["fee"].to_list() == [2.0] * 4
    assert booked(result) == [
        ("fee", -2.0), ("pnl", 0.0), ("fee", -2.0), ("fee", -2.0), ("pnl", 3.0), ("fee", -2.0),
    ]  # fmt: skip


@each_backend
def test_a_roll_takes_each_contract_at_its_side(backend: str) -> None:
    """A short buys back at the ask of the old one and sells the new one at its bid."""

    def sided(frame: pl.DataFrame, spread: float) -> pl.DataFrame:
        names = ["open", "high", "low", "close"]
        bids = [pl.col(name).alias(f"bid_{name}") for name in names]
        asks = [(pl.col(name) + spread).alias(f"ask_{name}") for name in names]
        return frame.select("time", *bids, *asks)

    data = omega.Continuous({"H4": sided(OLD, 0.25), "M4": sided(NEW, 0.5)}, roll="days:1")
    result = run(backend, data, {0: omega.Signal("short", size=1)})
    assert result.fills["price"].to_list() == [100.5, 101.75, 111.5, 114.5]


@each_backend
def test_by_volume_the_switch_is_known_the_bar_before(backend: str) -> None:
    """The new contract has more volume on the second day: the roll is on the third."""
    rolled = chain(roll="volume")
    assert rolled.map["contract"].to_list() == ["H4", "H4", "M4", "M4", "M4"]
    result = run(backend, rolled, {0: omega.Signal("long", size=1)})
    assert result.trades["exit_time"][0] == START + timedelta(days=2)
    assert rolled.rolls.select("old", "new", "bid", "new_bid").row(0) == ("H4", "M4", 101.5, 111.5)


@each_backend
def test_by_a_table(backend: str) -> None:
    table = {"time": ["2024-01-01", "2024-01-02"], "contract": ["H4", "M4"]}
    rolled = chain(roll=table)
    assert rolled.candles["close"].to_list() == [100.0, 111.0, 112.0, 113.0, 114.0]
    result = run(backend, rolled, {0: omega.Signal("long", size=1)})
    assert result.trades["exit_reason"].to_list() == ["end_of_data"]  # bought after the roll


@each_backend
def test_levels_follow_a_roll(backend: str) -> None:
    """A stop 4 below the entry stays 4 below it in the new contract; by ratio in proportion."""
    stops = {}
    for adjust in ("none", "difference", "ratio"):
        order = omega.Signal("long", size=1, stop_loss=96.5, take_profit=200.0)
        result = run(backend, chain(adjust=adjust), {0: order}, execution=KEEP)
        stops[adjust] = result.positions.select("stop_loss", "take_profit").row(0)
    assert stops["none"] == stops["difference"] == (106.5, 210.0)
    assert stops["ratio"] == pytest.approx((96.5 * 111.5 / 101.5, 200.0 * 111.5 / 101.5))


@each_backend
def test_the_view_of_a_position_follows_a_roll_at_its_own_price(backend: str) -> None:
    """Bought at 100.5, and rolled on the next day into 100.5."""
    seen: list[tuple[int, float, int]] = []

    class Holds(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy(size=2)
            elif self.position is not None:
                held = self.position
                seen.append((held.entry_index, held.entry_price, held.bars_held))

    prices = ["open", "high", "low", "close"]
    contracts = {"H4": OLD, "M4": NEW.with_columns(pl.col(*prices) - 11.0)}
    omega.run_backtest(omega.Continuous(contracts, roll="days:1"), Holds(), backend=backend)
    assert seen == [(1, 100.5, 0), (2, 100.5, 0), (2, 100.5, 1)]


@each_backend
def test_orders_that_wait_follow_a_roll(backend: str) -> None:
    """Decided on the bar before, or waiting: 99 in the old contract is 109 in the new one."""
    for index in (0, 1):
        order = omega.Signal("long", "limit", entry_price=99.0, size=1)
        result = run(backend, chain(), {index: order}, execution=KEEP)
        assert result.orders["price"].to_list() == [109.0]


@each_backend
def test_the_same_notional(backend: str) -> None:
    """100 contracts at 101.5 are worth what 91 at 111.5 are, in whole contracts."""
    rolled = chain(size="notional")
    result = run(backend, rolled, {0: omega.Signal("long", size=100)})
    assert result.trades["lots"].to_list() == [100.0, 91.0]
    gone = run(backend, rolled, {0: omega.Signal("long", size=1)})
    assert gone.trades.select("lots", "exit_reason").rows() == [(1.0, "roll")]


@each_backend
def test_a_close_that_was_decided_before_a_roll_finds_its_position(backend: str) -> None:
    script: Script = {0: omega.Signal("long", size=1), 1: omega.Close(trade_id=0)}
    result = run(backend, chain(), script)
    assert result.trades.select("exit_price", "exit_reason").rows() == [
        (101.5, "roll"), (111.5, "signal"),
    ]  # fmt: skip


@each_backend
def test_managers_count_from_the_first_entry(backend: str) -> None:
    """After three bars it is closed at the open of the next one, although it was rolled."""
    script = {0: omega.Signal("long", size=1)}
    result = run(backend, chain(), script, position_manager=omega.TimeExit(bars=2))
    assert result.trades["exit_reason"].to_list() == ["roll", "time"]
    far = omega.BreakEven(trigger=2.5, offset=0.0)
    result = run(backend, chain(), script, position_manager=far, execution=KEEP)
    assert result.positions["stop_loss"].to_list() == [110.5]  # 100.5 in the new contract


@each_backend
def test_views_are_as_of_now(backend: str) -> None:
    seen: dict[int, Any] = {}

    class Looks(omega.Strategy):
        def init(self) -> None:
            self.mean, self.range = self.sma(2), self.atr(2)

        def on_bar(self, bar: omega.Bar) -> None:
            window = bar.close_window(2).tolist() if bar.index else None
            seen[bar.index] = (window, bar.close, self.mean[-1], self.mean.ago(1))

    omega.run_backtest(chain(adjust="difference"), Looks(), backend=backend)
    assert seen[2] == ([111.0, 112.0], 112.0, 111.5, 110.5)
    omega.run_backtest(chain(), Looks(), backend=backend)
    assert seen[2][:3] == ([101.0, 112.0], 112.0, 106.5)
    omega.run_backtest(chain(adjust="ratio"), Looks(), backend=backend)
    assert seen[2][0] == pytest.approx([101.0 * 111.5 / 101.5, 112.0])


@each_backend
def test_columns_and_levels_of_indicators(backend: str) -> None:
    """What is made of levels moves with them; a distance does not."""
    seen: list[Any] = []

    class Looks(omega.Strategy):
        def init(self) -> None:
            self.lower = self.sma(2) - self.atr(2)
            self.gap = self.sma(1) - self.sma(2)
            self.step = self.column(pl.col("adjusted_close").diff(), "step")

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 3:
                seen.append((self.lower.ago(1), self.gap.ago(1), self.step[-1]))

    omega.run_backtest(chain(adjust="difference"), Looks(), backend=backend)
    assert seen == [(111.5 - 1.0, 0.5, 1.0)]
    with pytest.raises(ConfigError, match="roc"):
        omega.run_backtest(chain(adjust="difference"), _of("roc"), backend=backend)


def _of(name: str) -> type[omega.Strategy]:
    class Declares(omega.Strategy):
        def init(self) -> None:
            getattr(self, name)(2)

    return Declares


@each_backend
def test_every_form_runs_over_a_chain(backend: str) -> None:
    """Signals and weights trade as a class does; those of the core where no price moves."""
    entry = pl.col("adjusted_close") > pl.col("adjusted_close").shift(1)
    by_columns = omega.Signals(entry=entry, exit=entry.not_(), direction="long", size=1)
    result = omega.run_backtest(chain(adjust="difference"), by_columns, backend=backend)
    assert result.trades["exit_reason"].to_list()[-1] == "end_of_data"
    weights = omega.Weights({"time": [START], "symbol": ["ES"], "weight": [0.5]})
    result = omega.run_backtest({"ES": chain()}, weights, cash=10_000, backend=backend)
    assert result.trades["chain_id"].n_unique() == 1
    held = omega.run_backtest(chain(adjust="ratio"), omega.native("buy_and_hold"), backend=backend)
    assert held.trades["exit_reason"].to_list() == ["roll", "end_of_data"]
    with pytest.raises(ConfigError, match="adjusted"):
        omega.run_backtest(chain(adjust="ratio"), omega.native("sma_cross"), backend=backend)


@each_backend
def test_the_series(backend: str) -> None:
    """Adjusted back, it may be below 0; as of a time it holds no later roll."""
    assert backend
    assert chain(adjust="difference").series["close"].to_list() == [110.0, 111.0, 112.0, 113.0, 114]
    assert chain(adjust="none").series["close"].to_list() == [100.0, 101.0, 112.0, 113.0, 114.0]
    known = chain(adjust="difference").as_of(START + timedelta(days=1))
    assert known["close"].to_list() == [100.0, 101.0]


CLOSES = st.lists(st.integers(-64, 64), min_size=12, max_size=12)


TIMES = st.tuples(st.integers(1, 4), st.integers(5, 9), st.integers(0, 3))


@each_backend
@given(st.tuples(CLOSES, CLOSES, CLOSES), TIMES)
def test_profit_is_that_of_the_series(
    backend: str, closes: tuple[list[int], ...], at: tuple[int, int, int]
) -> None:
    """One contract without costs: to the last bit on multiples of a power of two (R5)."""
    roll, again, entry = at
    contracts = {
        name: days([p / 8 for p in own[1:]], [p / 8 for p in own[:-1]])
        for name, own in zip("ABC", closes, strict=True)
    }
    times = contracts["A"]["time"]
    table = {"time": [times[0], times[roll], times[again]], "contract": ["A", "B", "C"]}
    rolled = omega.Continuous(contracts, roll=table, adjust="difference")
    negative = omega.Instrument(volume_step=1, allow_negative=True)
    free = omega.Account(kind="margin", leverage=float("inf"), ruin="allow")
    script = {entry: omega.Signal("long", size=1)}
    result = run(backend, rolled, script, instruments=negative, account=free)
    series = rolled.series
    assert result.metrics["net_profit"] == series["close"][-1] - series["open"][entry + 1]
    assert result.metrics["net_profit"] == result.trades["gross_pnl"].sum()


@each_backend
def test_what_is_refused(backend: str) -> None:
    entry = {0: omega.Signal("long", size=1)}
    with pytest.raises(ConfigError, match="margin"):
        run(backend, chain(), entry, account="cash")
    with pytest.raises(ConfigError, match="rolls beside"):
        run(backend, chain(), entry, events=chain().events())
    with pytest.raises(ConfigError, match="bar of the same time"):
        omega.Continuous({"H4": OLD.head(2), "M4": NEW.tail(2)}, roll="days:0")
    with pytest.raises(ConfigError, match="volume"):
        omega.Continuous({n: c.drop("volume") for n, c in CONTRACTS.items()}, roll="volume")
    below = OLD.with_columns(pl.col("open", "high", "low", "close") - 200.0)
    with pytest.raises(ConfigError, match="ratio"):
        omega.Continuous({"H4": below, "M4": NEW}, roll="days:1", adjust="ratio")
    for wrong in ({"roll": "weekly"}, {"adjust": "back"}, {"size": "risk"}, {"expiries": {"Z": 1}}):
        with pytest.raises(ConfigError):
            chain(**wrong)


@each_backend
def test_expiries_say_when_the_last_contract_ends(backend: str) -> None:
    """Without its last day a contract that ends with the data is not rolled."""
    assert backend
    cut = {"H4": OLD, "M4": NEW.head(4)}
    assert omega.Continuous(cut, roll="days:1").map["contract"].unique().to_list() == ["H4"]
    known = omega.Continuous(cut, roll="days:1", expiries={"H4": "2024-01-04", "M4": "2024-06-01"})
    assert known.map["contract"].to_list() == ["H4", "H4", "M4", "M4"]


def test_a_chain_goes_through_sweeps_and_windows() -> None:
    """In other processes, on threads of the core, and in the windows of a walk-forward."""
    rolled = omega.Continuous(omega.sample("FUTURE"), roll="volume", adjust="difference")
    words: dict[str, Any] = {"account": omega.Account(leverage=10), "cash": 1e5, "symbol": "FUT"}
    plain = omega.run_backtest(rolled, Breakout(bars=30), **words)
    for workers in (None, 2):
        swept = omega.sweep(rolled, Breakout, {"bars": [30, 40]}, workers=workers, **words)
        assert swept.to_polars()["fingerprint"][0] == plain.fingerprint
    held = omega.sweep(rolled, omega.native("buy_and_hold"), {"seed": [1, 2]}, **words)
    assert held.failures.height == 0
    forward = omega.walk_forward(rolled, Breakout, {"bars": [30]}, train="1y", test="1y", **words)
    assert "roll" in forward.oos.trades["exit_reason"]


def test_a_saved_result_knows_its_rolls(tmp_path: Path) -> None:
    result = omega.run_backtest(chain(), omega.native("buy_and_hold"))
    result.save(tmp_path / "kept")
    loaded = omega.BacktestResult.load(tmp_path / "kept")
    assert loaded.trades.equals(result.trades)
    assert loaded.events.equals(result.events)
    assert loaded.metrics_of(loaded.trades)["trades"] == 2


def test_a_contract_that_ends_on_the_first_day_of_1970_comes_first() -> None:
    old = days([100.0] * 2, start=datetime.fromisoformat("1969-12-31"))
    new = days([110.0] * 6, start=datetime.fromisoformat("1969-12-31"))
    series = omega.Continuous({"new": new, "old": old}, roll="days:0")
    assert series.map["contract"].unique(maintain_order=True).to_list() == ["old", "new"]
