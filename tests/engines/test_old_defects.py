"""What the system before Omega got wrong; each test names one defect that must not come back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import CallbackFailed
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk

every_backend = pytest.mark.parametrize("backend", BACKENDS)


class Plan:
    """Does what a plan has for a bar."""

    def __init__(self, plan: dict[int, Any]) -> None:
        self.plan = plan

    def evaluate(self, index: int, slice_map: Any) -> Any:
        return self.plan.get(index)


def played(
    plan: dict[int, Any], data: pl.DataFrame, *, backend: str, **settings: Any
) -> omega.BacktestResult:
    executor = omega.ExecutionSimulator(**settings)
    made = omega.EventEngine(data, None, Plan(plan), executor, omega.Portfolio(), backend=backend)
    made.run()
    assert made.result is not None
    return made.result


@every_backend
@pytest.mark.parametrize("direction", ["long", "short"])
def test_slippage_is_against_the_trader_on_entries_and_exits(backend: str, direction: str) -> None:
    instrument = omega.Instrument("SYMBOL", pip_size=0.01)
    stop = 101.0 if direction == "long" else 112.0
    plan = {3: omega.Signal(direction, stop_loss=stop), 6: omega.Close()}
    for costs, slipped in ((omega.Costs(), 0.0), (omega.Costs(slippage_pips=10), 0.1)):
        result = played(plan, rising(20), backend=backend, instruments=instrument, costs=costs)
        entry, leaving = result.trades.select("entry_price", "exit_price").row(0)
        sign = 1.0 if direction == "long" else -1.0
        assert (entry, leaving) == (104.0 + sign * slipped, 107.0 - sign * slipped)


@every_backend
def test_slippage_is_against_the_trader_where_a_stop_closes(backend: str) -> None:
    instrument = omega.Instrument("SYMBOL", pip_size=0.01)
    plan = {3: omega.Signal("short", stop_loss=107.5)}
    result = played(
        plan, rising(20), backend=backend, instruments=instrument,
        costs=omega.Costs(slippage_pips=10),
    )  # fmt: skip
    row = result.trades.select("entry_price", "exit_price", "exit_reason").row(0)
    assert row == (104.0 - 0.1, 107.5 + 0.1, "stop_loss")


@every_backend
def test_no_limit_is_filled_worse_than_its_limit(backend: str) -> None:
    limits = [97.0, 99.5, 100.5, 103.5, 106.5, 108.25]
    plan = {
        k: omega.Signal(direction, type="limit", entry_price=level)
        for k, (direction, level) in enumerate(
            (direction, level) for direction in ("long", "short") for level in limits
        )
    }
    costs = omega.Costs(slippage_pips=10)
    instrument = omega.Instrument("SYMBOL", pip_size=0.01)
    both_ways = rising(40).with_columns(
        pl.concat([pl.col(name).head(20), pl.col(name).head(20).reverse()]).alias(name)
        for name in ("open", "high", "low", "close")
    )
    result = played(plan, both_ways, backend=backend, costs=costs, instruments=instrument)
    entered = result.fills.group_by("trade_id", maintain_order=True).first()
    filled = entered.join(result.orders, on="order_id").select("side", "price", "price_right")
    assert len(filled) > 8
    for side, price, limit in filled.iter_rows():
        assert price <= limit if side == "buy" else price >= limit


@every_backend
def test_profit_is_price_times_size_and_not_r_times_a_fixed_risk(backend: str) -> None:
    instrument = omega.Instrument("SYMBOL", contract_size=10.0)
    profits = []
    for size in (1.0, 3.0):
        plan = {3: omega.Signal("long", size=size, stop_loss=90.0), 6: omega.Close()}
        result = played(plan, rising(20), backend=backend, instruments=instrument)
        profits.append(result.trades["gross_pnl"][0])
    assert profits == [(107.0 - 104.0) * 10.0, (107.0 - 104.0) * 3.0 * 10.0]


@every_backend
def test_what_is_open_is_marked_to_market_at_each_close(backend: str) -> None:
    result = played({3: omega.Signal("long", size=2.0)}, rising(10), backend=backend)
    equity = result.equity["equity"].to_list()
    assert equity[:4] == [10_000.0] * 4
    assert equity[4:] == [10_000.0 + 2.0 * (100.5 + k - 104.0) for k in range(4, 10)]
    assert result.equity["balance"].to_list()[:-1] == [10_000.0] * 9


@every_backend
def test_no_bar_of_a_higher_timeframe_is_visible_while_it_forms(backend: str) -> None:
    data = walk(300)
    whole = data.group_by_dynamic("time", every="7m").agg(
        pl.col("bid_high").max(), pl.col("bid_close").last()
    )
    seen = []

    class Looks:
        def evaluate(self, index: int, slice_map: Any) -> None:
            higher = slice_map["SYMBOL"].series("M7", "bid")
            now = data["time"][index] + timedelta(minutes=1)
            closed = whole.filter(pl.col("time") + timedelta(minutes=7) <= now)
            assert len(higher) == len(closed)
            if len(higher):
                seen.append((higher[-1].high, higher[-1].close))
                assert seen[-1] == closed.select("bid_high", "bid_close").row(-1)

    omega.EventEngine(
        data, None, Looks(), omega.ExecutionSimulator(), omega.Portfolio(), ("M7",), backend=backend
    ).run()
    assert len(set(seen)) == 42


@every_backend
def test_positions_open_at_the_end_are_counted(backend: str) -> None:
    plan = {3: omega.Signal("long"), 5: omega.Signal("short")}
    result = played(plan, rising(10), backend=backend)
    assert result.trades["exit_reason"].to_list() == ["end_of_data"] * 2
    assert result.metrics["trades"] == result.stats.exits_triggered == 2
    left = played(plan, rising(10), backend=backend, execution=omega.Execution(close_at_end=False))
    assert len(left.positions) == 2
    assert left.equity["equity"][-1] == result.equity["equity"][-1]


@pytest.mark.skipif(len(BACKENDS) == 1, reason="there is no other backend to compare with")
def test_an_indicator_has_the_same_numbers_in_rust_and_in_python() -> None:
    def values(backend: str) -> list[tuple[str, ...]]:
        seen = []

        class Looks:
            def evaluate(self, _index: int, slice_map: Any) -> None:
                own = slice_map["SYMBOL"].indicators
                bands = own.bollinger(20)
                one = (own.ema(10)[-1], own.atr(14)[-1], own.rsi(14)[-1], bands.upper[-1])
                seen.append(tuple(map(repr, one)))

        omega.EventEngine(
            walk(300), None, Looks(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
        ).run()
        return seen

    assert values("rust") == values("python")


def test_the_flag_and_the_argument_have_an_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    def backend(**argument: Any) -> str:
        made = omega.EventEngine(
            walk(20), None, Plan({}), omega.ExecutionSimulator(), omega.Portfolio(), **argument
        )
        made.run()
        assert made.result is not None
        return made.result.backend

    monkeypatch.setenv("OMEGA_USE_RUST_EVENT_ENGINE", "0")
    assert backend() == "python"
    if "rust" in BACKENDS:
        assert backend(backend="rust") == "rust"
        monkeypatch.setenv("OMEGA_USE_RUST_EVENT_ENGINE", "1")
        assert backend() == "rust"
    assert backend(backend="python") == "python"
    monkeypatch.setenv("OMEGA_USE_RUST_EVENT_ENGINE", "perhaps")
    with pytest.raises(omega.ConfigError, match="perhaps"):
        backend()


@every_backend
def test_unknown_words_of_a_configuration_are_refused(backend: str) -> None:
    with pytest.raises(omega.ConfigError, match="Did you mean 'fee_per_lot'"):
        omega.Costs(fee_per_lots=1.0)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(omega.ConfigError, match="Did you mean 'cooldown_bars'"):
        omega.Limits(cooldown_bar=1)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError, match="cost"):
        omega.ExecutionSimulator(cost=None)  # type: ignore[call-arg]  # what is tested

    class Older:
        def on_data(self, slice_map: Any) -> Any:
            return {"direction": "long", "take": 3.0}

    engine = omega.EventEngine(
        walk(20), None, Older(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    with pytest.raises(CallbackFailed, match="a signal with 'take'"):
        engine.run()


@every_backend
def test_ratios_that_are_not_defined_are_none(backend: str) -> None:
    metrics = played({}, walk(50), backend=backend).metrics
    undefined = ("sharpe", "sortino", "calmar", "win_rate", "profit_factor", "expectancy")
    assert [metrics[name] for name in undefined] == [None] * len(undefined)


@every_backend
def test_the_seed_is_no_clock_and_is_recorded(backend: str) -> None:
    instrument = omega.Instrument("SYMBOL", pip_size=0.0001)
    plan = {k: omega.Signal("long" if k % 20 else "short") for k in range(10, 200, 10)}

    def once(**seed: int) -> omega.BacktestResult:
        costs = omega.Costs(slippage_random_pips=5)
        return played(plan, walk(300), backend=backend, instruments=instrument, costs=costs, **seed)

    first, again, other = once(), once(), once(seed=7)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    seeds = [result.manifest["configuration"]["seed"] for result in (first, other)]
    assert seeds == [0, 7]
    assert first.fills["slippage"].n_unique() > 10


@every_backend
def test_exits_pay_their_fee_and_their_slippage(backend: str) -> None:
    """A stop, a target, a close and the end: each leg 0.5 a lot, and 0.1 where it is no limit."""
    instrument = omega.Instrument("SYMBOL", pip_size=0.01)
    costs = omega.Costs(slippage_pips=10, fee_per_lot=0.5)
    plan = {
        1: omega.Signal("short", stop_loss=105.25),
        2: omega.Signal("long", take_profit=107.25),
        3: omega.Signal("long"),
        6: omega.Close(trade_id=2),
        8: omega.Signal("long"),
    }
    result = played(plan, rising(12), backend=backend, costs=costs, instruments=instrument)
    names = ("entry_price", "exit_price", "exit_reason", "fees")
    assert result.trades.select(names).rows() == [
        (102.0 - 0.1, 105.25 + 0.1, "stop_loss", 1.0),
        (103.0 + 0.1, 107.25, "take_profit", 1.0),
        (104.0 + 0.1, 107.0 - 0.1, "signal", 1.0),
        (109.0 + 0.1, 111.5 - 0.1, "end_of_data", 1.0),
    ]


@every_backend
def test_no_price_of_another_symbol_touches_a_position(backend: str) -> None:
    """The other symbol falls through the stop and rises through the target; nothing happens."""
    wild = rising(20).with_columns(low=pl.lit(1.0), high=pl.lit(1_000.0))

    class Both(Plan):
        cross_symbol = "WILD"

    plan = Both({3: omega.Signal("long", symbol="CALM", stop_loss=50.0, take_profit=500.0)})
    engine = omega.CrossSymbolEventEngine(
        {"WILD": wild, "CALM": rising(20)}, plan, omega.ExecutionSimulator(), omega.Portfolio(),
        backend=backend,
    )  # fmt: skip
    engine.run()
    assert engine.result is not None
    names = ("symbol", "entry_price", "exit_price", "exit_reason")
    assert engine.result.trades.select(names).rows() == [("CALM", 104.0, 119.5, "end_of_data")]


@every_backend
def test_signals_are_not_counted_as_trades(backend: str) -> None:
    plan = {3: omega.Signal("long"), 5: omega.Signal("long", size=0.0), 7: omega.Close()}
    result = played(plan, rising(20), backend=backend)
    assert (result.stats.signals_generated, result.stats.exits_triggered) == (3, 1)
    assert result.metrics["trades"] == len(result.trades) == 1


@every_backend
def test_no_error_is_swallowed_and_no_call_is_repeated_after_one(backend: str) -> None:
    asked = []

    class Breaks:
        def evaluate(self, index: int, slice_map: Any) -> None:
            asked.append(index)
            if index == 4:
                raise KeyError("my own mistake")

    engine = omega.EventEngine(
        rising(20), None, Breaks(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    with pytest.raises(KeyError, match="my own mistake"):
        engine.run()
    assert asked == [0, 1, 2, 3, 4]
    assert engine.result is None


@every_backend
def test_no_slice_hands_out_the_future(backend: str) -> None:
    class Looks:
        def evaluate(self, index: int, slice_map: Any) -> None:
            own = slice_map["SYMBOL"]
            assert len(own.series(None, "bid")) == len(own.series(None, "bid").close) == index + 1
            with pytest.raises(IndexError, match="the future is not there"):
                own.series(None, "bid")[index + 1]
            with pytest.raises(IndexError, match="the future is not there"):
                own.set_index(index + 1)

    omega.EventEngine(
        rising(20), None, Looks(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    ).run()


@every_backend
@pytest.mark.parametrize("words", ["flags", "classes"])
def test_no_flag_of_an_engine_is_without_effect(backend: str, words: str) -> None:
    """Those of the settings are in tests/config/test_effects.py."""

    class Every:
        def evaluate(self, index: int, slice_map: Any) -> Any:
            return omega.Signal("long") if index % 3 == 0 else None

    def fingerprint(**changed: Any) -> str:
        executor = omega.ExecutionSimulator(**changed.pop("executor", {}))
        portfolio = omega.Portfolio(**changed.pop("portfolio", {}))
        engine = omega.EventEngine(
            rising(30), None, Every(), executor, portfolio, backend=backend, **changed
        )
        engine.run()
        assert engine.result is not None
        return engine.result.fingerprint

    flags = [{"original_start_dt": rising(30)["time"][9]}, {"symbol": "EURUSD"}]
    classes: list[dict[str, Any]] = [
        {"portfolio": {"cash": 500.0}},
        {"executor": {"sizer": omega.FixedLots(2.0)}},
        {"executor": {"limits": omega.Limits(max_positions=1)}},
        {"executor": {"account": "cash"}, "portfolio": {"cash": 150.0}},
        {"executor": {"execution": omega.Execution(market_fill="last_close")}},
        {"executor": {"instruments": omega.Instrument("SYMBOL", contract_size=3.0)}},
        {"executor": {"costs": omega.Costs(fee_per_lot=1.0)}},
    ]
    plain = fingerprint()
    for changed in flags if words == "flags" else classes:
        shown = str(changed)
        assert fingerprint(**changed) != plain, shown
    with pytest.raises(omega.OmegaError, match="was rejected"):
        fingerprint(executor={"strict": True, "limits": omega.Limits(max_positions=1)})
