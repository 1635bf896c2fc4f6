"""Goal: compiled callbacks do what the same source does in Python, to the last bit."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import omega
from omega.errors import ConfigError
from omega.examples.buy_and_hold import BuyAndHold
from omega.examples.donchian_breakout import DonchianBreakout
from omega.examples.grid import Grid, GridByTheHour
from omega.examples.rsi_reversion import RsiReversion
from omega.examples.session_range import SessionRange, SessionRangeAtItsHours
from omega.examples.sma_cross import SmaCross, SmaCrossOnCrossings
from omega.examples.zscore_reversion import ZScoreReversion
from tests.support import refused_callbacks
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import rising, walk
from tests.support.compiled_strategies import ALL, ManySymbols, compiled_copy, copied

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")

CANDLES = {chunks: walk(1_500, chunks=chunks) for chunks in (1, 7)}
EXAMPLES = [
    *(BuyAndHold, DonchianBreakout, Grid, GridByTheHour, RsiReversion, SessionRange),
    *(SessionRangeAtItsHours, SmaCross, SmaCrossOnCrossings, ZScoreReversion),
]


def state(strategy: object) -> dict[str, object]:
    """What the run made of the strategy's own numbers, texts and arrays."""
    kept: dict[str, object] = {}
    for name, given in vars(strategy).items():
        if isinstance(given, np.ndarray):
            kept[name] = given.tolist()
        elif isinstance(given, np.generic):
            kept[name] = given.item()
        elif isinstance(given, (bool, int, float, str, type(None))) and not name.startswith("_"):
            kept[name] = given
    return kept


def compare(
    data: object, strategy: omega.Strategy, settings: Mapping[str, object] | None = None
) -> omega.BacktestResult:
    """Run compiled, uncompiled and in the reference; all must be one."""
    run: Any = omega.run_backtest
    ran: omega.BacktestResult = run(data, strategy, **settings or {})
    plain = run(data, strategy, compiled=False, **settings or {})
    assert (ran.stats.callbacks, plain.stats.callbacks) == ("compiled", "python")
    assert state(ran.strategy) == state(plain.strategy)
    assert ran.fingerprint == plain.fingerprint
    reference = run(data, strategy, backend="python", **settings or {})
    assert reference.fingerprint == plain.fingerprint
    assert reference.stats.callbacks == "python"
    return ran


@pytest.mark.parametrize("chunks", [1, 7])
@pytest.mark.parametrize("mode", ["hedging", "netting"])
@pytest.mark.parametrize("kind", ALL)
def test_each_is_itself(kind: type[omega.Strategy], mode: str, chunks: int) -> None:
    settings = {"execution": omega.Execution(position_mode=mode), "cash": 100_000.0}
    ran = compare(CANDLES[chunks], kind(), settings)
    assert ran.orders.height > 10


@pytest.mark.parametrize("mode", ["hedging", "netting"])
@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_example_is_itself(kind: type[omega.Strategy], mode: str) -> None:
    execution = omega.Execution(position_mode=mode)
    ran = omega.run_backtest(CANDLES[7], compiled_copy(kind)(), execution=execution)
    plain = omega.run_backtest(CANDLES[7], kind(), execution=execution)
    assert ran.stats.callbacks == "compiled"
    assert ran.fingerprint == plain.fingerprint
    assert ran.trades.height > 0


@pytest.mark.parametrize("mode", ["hedging", "netting"])
def test_several_symbols(mode: str) -> None:
    data = {name: walk(900, seed=seed, chunks=seed) for seed, name in ((1, "AAA"), (2, "BBB"))}
    data["CCC"] = walk(900, seed=3)[300:]
    execution = omega.Execution(position_mode=mode)
    settings = {"timeframes": ("H1",), "execution": execution, "cash": 100_000.0}
    ran = compare(data, ManySymbols(), settings)
    assert set(ran.trades["symbol"]) == {"AAA", "BBB", "CCC"}


def test_accounts_that_convert() -> None:
    """Profits in another currency, at a rate that moves, of a margin and of a cash account."""

    class Watches(omega.Strategy):
        def init(self) -> None:
            self.seen = 0.0

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            for position in self.positions:
                self.seen += position.open_profit + 2.0 * position.profit + self.equity
            if bar.index % 50 == 0:
                self.buy(3.0)
            elif bar.index % 75 == 0:
                self.close()

    share = omega.Instrument(quote_currency="EUR")
    for account in ("cash", omega.Account(leverage=30)):
        settings = {
            "instruments": share,
            "account": account,
            "cash": 100_000.0,
            "conversion": {"EURUSD": walk(700, seed=9)},
        }
        assert compare(walk(700, chunks=3), Watches(), settings).strategy.seen > 0


def test_a_class_is_compiled_once_for_all_parameters() -> None:
    from omega.compiling import program  # noqa: PLC0415 - not there without the extra

    kind = ALL[0]
    omega.run_backtest(CANDLES[1], kind())
    before = list(program._programs[kind])  # noqa: SLF001 - whether it is used again
    for fast in (3, 8):
        ran = omega.run_backtest(CANDLES[1], kind(fast=fast))
        plain = omega.run_backtest(CANDLES[1], kind(fast=fast), compiled=False)
        assert ran.fingerprint == plain.fingerprint
    assert program._programs[kind] == before  # noqa: SLF001 - as above


def test_what_a_name_stands_for_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LEVEL", 1)

    class Levels(omega.Strategy):
        def init(self) -> None:
            self.seen = 0

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            self.seen += LEVEL

    assert omega.run_backtest(rising(10), Levels()).strategy.seen == 9
    monkeypatch.setitem(globals(), "LEVEL", 3)
    assert omega.run_backtest(rising(10), Levels()).strategy.seen == 27


LEVEL = 0


def test_a_product_is_rounded_before_it_is_added() -> None:
    """One rounding for both, as of `fma`, would leave the part that the product has lost."""

    class Rest(omega.Strategy):
        factor: float = 1.0000001

        def init(self) -> None:
            self.square, self.rest, self.calls = self.factor * self.factor, 1.0, 0.0

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            self.calls += 1
            self.rest = self.factor * self.factor - self.square
            self.rest += abs(self.factor * -self.factor + self.square)

    own = compare(rising(10), Rest()).strategy
    assert (own.rest, own.calls) == (0.0, 9.0)


def test_powers_and_sums_round_as_in_python() -> None:
    """A product in place of `pow`, and a plain sum, differ in their last bits."""

    class Sums(omega.Strategy):
        def init(self) -> None:
            self.values = np.random.default_rng(7).normal(size=3_000)
            self.square, self.sums = 0.0, np.zeros(3_000)

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            x = self.values[bar.index]
            self.square += x**2 + abs(x) ** 3 + abs(x) ** 0.5
            part = self.values[: 1 + bar.index]
            self.sums[bar.index] = np.sum(part) + np.mean(part) + np.var(part) + part.std()

    compare(walk(1_200), Sums())


def test_an_exception_is_the_one_of_python() -> None:
    class Divides(omega.Strategy):
        def init(self) -> None:
            self.left, self.calls = 5, 0

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            self.calls += 1
            self.left -= 1
            if 10 / self.left > 100:
                self.buy()

    with pytest.raises(ZeroDivisionError) as caught:
        omega.run_backtest(rising(20), Divides())
    assert "bar 4 " in caught.value.__notes__[0]
    with pytest.raises(ZeroDivisionError) as plain:
        omega.run_backtest(rising(20), Divides(), compiled=False)
    assert plain.value.__notes__ == caught.value.__notes__


def test_what_python_alone_can_do_is_told() -> None:
    class Grows(omega.Strategy):
        def init(self) -> None:
            self.number = 1

        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            self.number *= 1_000

    with pytest.raises(ConfigError, match=r"stopped in line \d+ on bar 6, where Python goes on"):
        omega.run_backtest(rising(20), Grows())
    assert omega.run_backtest(rising(20), Grows(), compiled=False).strategy.number == 1_000**19


SAYS = (
    ("prints", r"'print\(bar\.close\)': print is not compiled; keep numbers on self"),
    ("returns", r"Signal makes an object; call self\.buy"),
    ("lists", "a list of the moment is not compiled; append to a list"),
    ("formats", "texts are not put together"),
    ("times", r"time has no compiled method 'date' of 0 arguments"),
    ("hours", "a time is compared with another time; compare its hour"),
    ("spans", r"times are compared.*use bar\.timestamp"),
    (
        "replaced",
        r"self\.kept is a list and cannot be replaced; empty it with self\.kept\.clear\(\)",
    ),
    ("cubes", "is compiled as a square"),
    ("counted", r"arithmetic of array of bool is not compiled; count with np\.sum"),
    ("added", r"is changed in its place here; write a\[:\] = a \+ b"),
    ("parts", "self.mine is set to part of a list, which lasts until the callback returns"),
    ("repeated", r"of lists \+ alone is compiled; write a loop over their items"),
    ("summed", r"sum\(\) of a list that has whole numbers and floats.*append\(float\(x\)\)"),
    ("paired", r"tuple stands where a list is needed; write \[a, b\] for one"),
    ("deleted", "del is compiled for items and parts of a list"),
    ("unset", r"self\.later is neither a parameter nor set in init\(\); set it there"),
    ("mixes", "it is int in one place and text in another; use two names"),
    ("whole", r"an indicator is about all bars; write \[-1\]"),
    ("keeps", r"self\.mine is set to bar, which lasts until the callback returns"),
    ("tries", "try is not compiled; test before, with if"),
    ("listed", r"a list has no compiled 'sort'; it has append\(x\)"),
    ("loops", "zip is not compiled"),
    ("numbers", r"numpy.*exp.* is not compiled; there are functions of math"),
)


def of(name: str, *, fallback: bool = False) -> omega.Strategy:
    class Made(omega.Strategy):
        def init(self) -> None:
            self.mean, self.mine, self.kept = self.sma(3), 0, [1.0]
            self.counts = np.zeros(3, np.int64)

        on_bar = omega.compiled(fallback=fallback)(copied(getattr(refused_callbacks, name)))

    return Made()


@pytest.mark.parametrize(("name", "says"), SAYS)
def test_what_cannot_be_compiled_is_refused_with_its_line(name: str, says: str) -> None:
    place = rf"omega\.compiled: refused_callbacks\.py, line \d+, in {name}: "
    with pytest.raises(ConfigError, match=f"(?s){place}.*{says}"):
        omega.run_backtest(rising(20), of(name))


def test_a_fallback_is_told() -> None:
    result = omega.run_backtest(rising(20), of("formats", fallback=True))
    assert result.stats.callbacks == "python"
    assert result.trades["reason"].to_list()[0] == "at 2"
    (notice,) = (one for one in result.notices if one.kind == "uncompiled")
    assert "Made ran uncompiled: omega.compiled: refused_callbacks.py, line" in notice.text


def test_callbacks_that_do_not_go_together_are_refused() -> None:
    class Hears(omega.Strategy):
        @omega.compiled
        def on_bar(self, bar: omega.Bar) -> None:
            self.buy()

        def on_fill(self, fill: omega.Fill) -> None:
            pass

    with pytest.raises(ConfigError, match=r"Hears\.on_fill is called as well and is not"):
        omega.run_backtest(rising(20), Hears())

    class Half(omega.Strategy):
        @omega.when(lambda self: self.sma(3) > 0)
        @omega.compiled
        def up(self, bar: omega.Bar) -> None:
            self.buy()

        def on_bar(self, bar: omega.Bar) -> None:
            self.close()

    with pytest.raises(ConfigError, match=r"Half\.on_bar is called as well and is not compiled"):
        omega.run_backtest(rising(20), Half())
    wrong: Any = 3
    with pytest.raises(ConfigError, match="expected a method such as on_bar"):
        omega.compiled(wrong)
    with pytest.raises(ConfigError, match="compiled: given 3, expected True or False"):
        omega.run_backtest(rising(20), Half(), compiled=wrong)


def test_the_manifest_says_how_callbacks_ran() -> None:
    kind = ALL[0]
    ran = omega.run_backtest(CANDLES[1], kind())
    assert ran.config["callbacks"] == "compiled"
    assert omega.run_backtest(CANDLES[1], kind(), compiled=False).config["callbacks"] == "python"
    assert "callbacks" not in omega.run_backtest(CANDLES[1], SmaCross()).config
    assert omega.run_backtest(CANDLES[1], omega.native("sma_cross")).stats.callbacks == "core"


def test_programs_that_nobody_needs_any_more_are_freed_one_after_the_other() -> None:
    """Each has a machine of its own, which is freed with it."""
    for _ in range(6):

        class Once(omega.Strategy):
            @omega.compiled
            def on_bar(self, bar: omega.Bar) -> None:
                if bar.index == 3:
                    self.buy(1.0)

        assert omega.run_backtest(CANDLES[1], Once()).stats.callbacks == "compiled"
        del Once
        gc.collect()


def test_a_class_that_its_own_functions_see_is_freed_with_its_program() -> None:
    from tests.strategies.test_compiled_at_random import written  # noqa: PLC0415 - skips as this

    kind = written(["self.x = math.sqrt(bar.close)"])
    omega.run_backtest(CANDLES[1], kind())
    gone = weakref.ref(kind)
    del kind
    gc.collect()
    assert gone() is None
