"""The engines are the loop of `run_backtest`, for strategies of every older form."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.candles import rising, walk
from tests.support.plain_components import EveryTen, PlainExecutor, PlainPortfolio, on_bar

every_backend = pytest.mark.parametrize("backend", BACKENDS)


def engine(strategy: object, data: Any = None, **more: Any) -> omega.EventEngine:
    data = walk(700) if data is None else data
    executor = more.pop("executor", None) or omega.ExecutionSimulator()
    portfolio = more.pop("portfolio", None) or omega.Portfolio()
    return omega.EventEngine(data, None, strategy, executor, portfolio, **more)


def fingerprint(strategy: object, **more: Any) -> str:
    made = engine(strategy, **more)
    made.run()
    assert made.result is not None
    return made.result.fingerprint


class OnData:
    """The older form: dicts."""

    def on_data(self, slice_map: Any) -> Any:
        return as_dicts(EveryTen().evaluate(slice_map["SYMBOL"].index, slice_map))


class CheckEntry:
    """The oldest form: one slice."""

    def check_entry(self, symbol_slice: Any, *, index: int) -> Any:
        return as_dicts(EveryTen().evaluate(index, {"SYMBOL": symbol_slice}))


def as_dicts(action: Any) -> Any:
    if not isinstance(action, omega.Signal):
        return action
    return {
        "direction": {"long": "buy", "short": "sell"}[action.direction],
        "entry": None,
        "sl": action.stop_loss,
        "tp": action.take_profit,
        "type": "market",
    }


@every_backend
@pytest.mark.parametrize("strategy", [EveryTen(), EveryTen, OnData(), CheckEntry(), on_bar])
def test_every_form_gets_the_run_of_the_one_call(backend: str, strategy: object) -> None:
    expected = omega.run_backtest(walk(700), on_bar, backend=backend)
    assert fingerprint(strategy, backend=backend) == expected.fingerprint
    assert len(expected.trades) > 50


@every_backend
def test_a_class_of_omega_declares_and_asks_as_ever(backend: str) -> None:
    class Crosses(omega.Strategy):
        def init(self) -> None:
            self.mean = self.sma(20)

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.close > self.mean[-1] and self.position is None:
                self.buy(stop_loss=bar.close - 0.001)

    expected = omega.run_backtest(walk(700), Crosses, backend=backend)
    assert fingerprint(Crosses, backend=backend) == expected.fingerprint

    # Beside components of one's own its state is theirs.
    portfolio = PlainPortfolio()
    executor = PlainExecutor(portfolio)
    made = engine(Crosses, backend=backend, executor=executor, portfolio=portfolio)
    stats = made.run()
    assert stats.exits_triggered == len(executor.trades) == len(expected.trades)


@every_backend
def test_forms_without_a_callback_run_with_the_native_executor(backend: str) -> None:
    signals = omega.Signals(entry=pl.col("close") > pl.col("open"), direction="long")
    expected = omega.run_backtest(walk(200), signals, backend=backend)
    assert fingerprint(signals, data=walk(200), backend=backend) == expected.fingerprint
    portfolio = PlainPortfolio()
    made = engine(signals, executor=PlainExecutor(portfolio), portfolio=portfolio, backend=backend)
    with pytest.raises(omega.ConfigError, match="Signals runs with Omega's own executor alone"):
        made.run()


@every_backend
def test_two_sides_as_two_tables_are_one_symbol(backend: str) -> None:
    data = walk(300)
    sides: Any = [
        data.select("time", **{n: f"{side}_{n}" for n in ("open", "high", "low", "close")})
        for side in ("bid", "ask")
    ]
    made = omega.EventEngine(
        sides[0], sides[1], EveryTen(), omega.ExecutionSimulator(), omega.Portfolio(),
        symbol="EURUSD", backend=backend,
    )  # fmt: skip
    made.run()
    assert made.result is not None
    expected = omega.run_backtest(data, on_bar, symbol="EURUSD", backend=backend)
    assert made.result.fingerprint == expected.fingerprint


@every_backend
def test_components_are_called_in_the_order_of_a_bar(backend: str) -> None:
    log: list[tuple[str, Any]] = []

    class Asks:
        def evaluate(self, index: int, slice_map: Any) -> Any:
            log.append(("strategy", index))
            return omega.Signal("long") if index == 1 else None

    class Executes(PlainExecutor):
        def process_signal(self, signal: Any) -> bool:
            log.append(("signal", signal.direction))
            return super().process_signal(signal)

        def evaluate_exits(self, bid: Any, ask: Any) -> Any:
            log.append(("exits", bid.index))
            return super().evaluate_exits(bid, ask)

    class Manages:
        def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> None:
            log.append(("manager", bid.index))

    class Keeps(PlainPortfolio):
        def update(self, time: int) -> None:
            log.append(("portfolio", (time - first) // 60_000_000))
            super().update(time)

        def rewrite_last_row(self) -> None:
            log.append(("again", None))

    data = rising(4)
    first = data["time"].to_physical()[0]
    portfolio, strategy = Keeps(), Asks()
    strategy.position_manager = Manages()  # type: ignore[attr-defined]  # an optional attribute
    told: list[tuple[int, int]] = []
    made = engine(
        strategy, data, executor=Executes(portfolio), portfolio=portfolio, backend=backend,
        on_progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    made.run()
    assert log == [
        ("strategy", 0), ("portfolio", 1),
        ("strategy", 1), ("signal", "long"), ("exits", 2), ("manager", 2), ("portfolio", 2),
        ("strategy", 2), ("exits", 3), ("manager", 3), ("portfolio", 3),
        ("again", None),
    ]  # fmt: skip
    assert told == [(3, 3)]


@every_backend
def test_progress_counts_from_the_first_bar_walked(backend: str) -> None:
    told: list[tuple[int, int]] = []
    data = walk(3000)
    start = data["time"][1000]
    made = engine(
        EveryTen(), data, backend=backend, original_start_dt=start,
        on_progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert made.run().bars_processed == 2000
    assert told == [(1024, 2000), (2000, 2000)]


COOLDOWNS = [
    ({"cooldown_bars": 4}, [0, 1, 5, 6, 10, 11, 15, 16]),
    ({"cooldown_minutes": 6}, [0, 1, 7, 8, 14, 15]),
    ({"cooldown_after_exit_minutes": 3}, [0, 1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 15, 16]),
]


@every_backend
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(("words", "asked"), COOLDOWNS)
def test_a_strategy_is_not_asked_while_it_rests(
    backend: str, own: bool, words: dict[str, Any], asked: list[int]
) -> None:
    class Enters:
        """Enters where it can, and leaves two bars later where it is asked."""

        def __init__(self) -> None:
            self.asked: list[int] = []
            self.entered = -1

        def evaluate(self, index: int, slice_map: Any) -> Any:
            self.asked.append(index)
            if self.entered >= 0 and index >= self.entered + 3:
                self.entered = -1
                return omega.Close()
            if self.entered < 0 and index >= 1:
                self.entered = index
                return omega.Signal("long")
            return None

    strategy, limits = Enters(), omega.Limits(**words)
    portfolio: Any = PlainPortfolio() if own else omega.Portfolio()
    executor: Any = omega.ExecutionSimulator(limits=limits)
    if own:
        executor = PlainExecutor(portfolio, limits=limits)
    made = engine(strategy, rising(19), executor=executor, portfolio=portfolio, backend=backend)
    made.run()
    assert strategy.asked == asked


@every_backend
@pytest.mark.parametrize("own", [False, True])
def test_only_an_accepted_entry_starts_a_cooldown(backend: str, own: bool) -> None:
    strategy = EveryTen(size=-1.0)  # refused: no size
    limits = omega.Limits(cooldown_bars=30)
    portfolio: Any = PlainPortfolio() if own else omega.Portfolio()
    executor: Any = omega.ExecutionSimulator(limits=limits)
    if own:
        executor = PlainExecutor(portfolio, limits=limits)
        executor.accepts = False
    made = engine(strategy, walk(60), executor=executor, portfolio=portfolio, backend=backend)
    stats = made.run()
    assert strategy.asked == list(range(59))
    assert stats.signals_generated == 6
    assert stats.exits_triggered == 0


@every_backend
def test_the_primary_symbol_is_the_strategys_own(backend: str) -> None:
    class Second:
        primary_symbol = "BBB"
        cross_symbol = True
        seen: list[str] = []  # noqa: RUF012 - of one test

        def check_entry(self, symbol_slice: Any, *, index: int) -> Any:
            self.seen.append(symbol_slice.symbol)
            return {"direction": "long", "scenario": 3} if index == 2 else None

    data = {"AAA": walk(20, seed=3), "BBB": walk(20, seed=4)}
    made = omega.CrossSymbolEventEngine(
        data, Second(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    made.run()
    assert made.result is not None
    assert made.result.trades.select("symbol", "reason").rows() == [("BBB", "3")]
    assert set(Second.seen) == {"BBB"}

    class Third(Second):
        primary_symbol = "CCC"

    with pytest.raises(omega.ConfigError, match="primary_symbol: given 'CCC'"):
        omega.CrossSymbolEventEngine(
            data, Third(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
        )


@every_backend
def test_the_cross_symbol_engine_is_the_run_over_several_symbols(backend: str) -> None:
    class Both:
        def evaluate(self, index: int, slice_map: Any) -> Any:
            return [
                omega.Signal("long", symbol=name, stop_loss=own.latest(None, "bid").close - 0.001)
                for name, own in slice_map.items()
                if own.index >= 0 and own.index % 25 == 0
            ]

    def the_same(bar: Any) -> Any:
        asked = []
        for name in bar.symbols:
            try:
                own = bar[name]
            except IndexError:
                continue
            if own.index % 25 == 0:
                asked.append(omega.Signal("long", symbol=name, stop_loss=own.close - 0.001))
        return asked

    data = {"AAA": walk(300, seed=3), "BBB": walk(500, seed=4)[1::2]}
    made = omega.CrossSymbolEventEngine(
        data, Both(), omega.ExecutionSimulator(), omega.Portfolio(), backend=backend
    )
    made.run()
    assert made.result is not None
    expected = omega.run_backtest(data, the_same, backend=backend)
    assert made.result.fingerprint == expected.fingerprint
    assert len(expected.trades) > 20


@every_backend
def test_a_batch_gives_the_signals_of_a_stretch_and_executes_nothing(backend: str) -> None:
    made = engine(EveryTen(), backend=backend)
    table = made.process_batch(95, 141)
    assert table["index"].to_list() == [100, 110, 120, 130, 140]
    assert table["type"].to_list() == ["market", "market", "market", "close", "market"]
    assert table.columns == [
        "index", "time", "symbol", "direction", "type", "entry_price", "stop_loss", "take_profit",
        "size", "reason", "tags",
    ]  # fmt: skip
    data = walk(700)
    assert table["time"].to_list() == [data["time"][k] for k in table["index"]]
    by_time = made.process_batch(data["time"][95], data["time"][140])
    assert by_time["index"].to_list() == [100, 110, 120, 130]
    assert made.result is None


@every_backend
def test_what_an_engine_gives_can_be_run_again(backend: str) -> None:
    made = engine(EveryTen(), walk(200), backend=backend)
    first = made.run()
    assert made.result is not None
    print_of_first = made.result.fingerprint
    again = made.run()
    assert made.result.fingerprint == print_of_first
    assert (first.signals_generated, first.exits_triggered) == (
        again.signals_generated,
        again.exits_triggered,
    )


@every_backend
def test_signals_for_a_batch_are_played_over_candles_at_once(backend: str) -> None:
    data = rising(12)
    simulator = omega.ExecutionSimulator()
    simulator.process_signal(omega.Signal("long", take_profit=106.25))
    simulator.process_signal(omega.Signal("long"))
    trades = simulator.evaluate_exits_batch(data, backend=backend)
    assert trades.select("entry_index", "exit_index", "exit_price").rows() == [(1, 6, 106.25)]
    assert [p.trade_id for p in simulator.active_positions] == [1]
    assert len(simulator.evaluate_exits_batch(data, backend=backend)) == 0


@every_backend
def test_a_strategy_of_no_form_and_a_dict_of_no_sense_are_refused(backend: str) -> None:
    with pytest.raises(omega.ConfigError, match="expected an object with evaluate"):
        engine(42, backend=backend)

    class Wrong:
        def __init__(self, answer: object) -> None:
            self.answer = answer

        def on_data(self, slice_map: Any) -> Any:
            return self.answer

    from omega.errors import CallbackFailed  # noqa: PLC0415 - of this test alone

    for answer, message in (
        ({"direction": "long", "stoploss": 1.0}, "a signal with 'stoploss'"),
        ({"sl": 1.0}, "which has no direction"),
        ("long", "returned 'long', expected None, a dict"),
    ):
        with pytest.raises(CallbackFailed, match=message):
            engine(Wrong(answer), backend=backend).run()


@every_backend
def test_indices_and_times_of_warmup_and_start_are_those_of_the_one_call(backend: str) -> None:
    strategy = EveryTen()
    data = walk(100)
    made = engine(strategy, data, backend=backend, original_start_dt=data["time"][40])
    made.run()
    assert strategy.asked[0] == 39


def test_a_symbol_beside_a_store_is_one_of_its_own() -> None:
    store = omega.CandleStore({"AAA": walk(60), "BBB": walk(80)})
    made = engine(omega.native("buy_and_hold"), store, symbol="BBB")
    assert made.run().bars_processed == len(store.symbol("BBB")) - 1
    with pytest.raises(omega.ConfigError, match=r"^symbol: given 'EURUSD' for candles of AAA, BBB"):
        engine(EveryTen(), store, symbol="EURUSD")
    with pytest.raises(omega.ConfigError, match=r"^symbol: given 'EURUSD'"):
        omega.ExecutionSimulator().evaluate_exits_batch(store, symbol="EURUSD")
