"""What ends a run early: exceptions, wrong returns, interrupts; and that life goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

import omega
from omega.errors import CallbackFailed, OmegaError
from tests.support import candles

INTERRUPTED = """
import sys, time
import omega
from tests.support import candles

def on_bar(bar):
    if bar.index == 100:
        print("running", flush=True)
    {body}

data = candles.walk(3_000_000)
try:
    omega.run_backtest(data, on_bar, backend={backend!r})
except KeyboardInterrupt:
    ended = time.monotonic()
    again = omega.run_backtest(data[:1_000], lambda bar: None, backend={backend!r})
    print(ended, again.stats.bars_processed, flush=True)
    sys.exit(0)
sys.exit("the run was over before the interrupt")
"""


class Odd(Exception):
    """An exception that takes two arguments, so that it cannot be made anew from a message."""

    def __init__(self, first: int, second: object) -> None:
        super().__init__(first, second)


def still_works(backend: str) -> None:
    """The same process can run again, and gives what it gave before."""
    plan = candles.told({0: omega.Signal("long")})
    result = omega.run_backtest(candles.rising(4), plan, backend=backend)
    assert result.trades["net_pnl"].to_list() == [2.5]


ERRORS: list[Callable[[], BaseException]] = [
    lambda: ValueError("mine"),
    lambda: Odd(1, [2]),
    lambda: KeyError("k"),
    lambda: SystemExit(3),
    KeyboardInterrupt,
    lambda: OSError(5),
]


def raising(error: BaseException) -> Callable[..., None]:
    def on_bar(bar: omega.Bar) -> None:
        if bar.index == 3:
            raise error

    return on_bar


@pytest.mark.parametrize("make", ERRORS, ids=lambda make: type(make()).__name__)
def test_an_exception_arrives_as_it_was_raised_with_a_note(
    backend: str, make: Callable[[], BaseException]
) -> None:
    error = make()
    data = candles.rising(10)
    vars(error).pop("__notes__", None)  # of the backend before: the exception is one object
    with pytest.raises(type(error)) as caught:
        omega.run_backtest(data, raising(error), symbol="EURUSD", backend=backend)
    assert caught.value is error
    (note,) = error.__notes__
    assert "bar 3 " in note
    assert "2024-01-01 00:03:00+00:00" in note
    assert "EURUSD" in note
    assert caught.traceback[-1].name == "on_bar"
    still_works(backend)


def test_exceptions_of_every_callback_arrive(backend: str) -> None:
    class Fragile(omega.Strategy):
        where: str = ""

        def fail_in(self, place: str) -> None:
            if self.where == place:
                raise RuntimeError(place)

        def init(self) -> None:
            self.fail_in("init")

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 0:
                self.buy()
            if bar.index == 2:
                self.close()

        def on_fill(self, fill: omega.Fill) -> None:
            self.fail_in("on_fill")

        def on_exit(self, trade: omega.Trade) -> None:
            self.fail_in("on_exit")

    for place in ("init", "on_fill", "on_exit"):
        strategy = Fragile(where=place)
        with pytest.raises(RuntimeError, match=place):
            omega.run_backtest(candles.rising(6), strategy, backend=backend)
        strategy.where = ""
        result = omega.run_backtest(candles.rising(6), strategy, backend=backend)
        assert result.trades.height == 1


@pytest.mark.parametrize(
    "returned",
    [
        *(5, "long", 1.5, True, {"direction": "long"}, [omega.Signal("long"), 5], (None,)),
        pytest.param(object(), id="object"),
    ],
    ids=repr,
)
def test_what_is_no_action_is_refused(backend: str, returned: object) -> None:
    with pytest.raises(CallbackFailed, match="expected None, a Signal, Close") as caught:
        omega.run_backtest(
            candles.rising(5),
            lambda bar: returned,  # type: ignore[arg-type]  # on purpose
            backend=backend,
        )
    assert "bar 0 " in caught.value.__notes__[-1]
    assert isinstance(caught.value, TypeError)
    still_works(backend)


def test_an_action_for_another_symbol_is_refused(backend: str) -> None:
    plan = candles.told({1: omega.Signal("long", symbol="USDJPY")})
    with pytest.raises(CallbackFailed, match="USDJPY"):
        omega.run_backtest(candles.rising(5), plan, symbol="EURUSD", backend=backend)


def test_a_strict_run_ends_with_the_first_refused_order(backend: str) -> None:
    plan = candles.told({1: omega.Signal("long", size=-1)})
    with pytest.raises(OmegaError, match="order 0 at bar 2 was rejected: size"):
        omega.run_backtest(candles.rising(5), plan, strict=True, backend=backend)
    still_works(backend)


def test_a_failing_progress_display_ends_the_run(backend: str) -> None:
    def progress(done: int, total: int) -> None:
        raise BrokenPipeError(done, total)

    with pytest.raises(BrokenPipeError):
        omega.run_backtest(
            candles.rising(5_000), lambda bar: None, progress=progress, backend=backend
        )
    still_works(backend)


def test_progress_counts_up_to_the_end(backend: str) -> None:
    told: list[tuple[int, int]] = []
    omega.run_backtest(
        candles.rising(10_001),
        lambda bar: None,
        progress=lambda done, total: told.append((done, total)),
        backend=backend,
    )
    assert told[-1] == (10_000, 10_000)
    assert told == sorted(set(told))
    assert len(told) <= 101


@pytest.mark.parametrize("body", ["pass", "bar.close_window(50).mean() if bar.index > 50 else 0"])
def test_an_interrupt_ends_a_run_within_a_fifth_of_a_second(backend: str, body: str) -> None:
    program = INTERRUPTED.format(body=body, backend=backend)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "running\n"
        asked = time.monotonic()
        run.send_signal(signal.SIGINT)
        ended, bars = run.stdout.readline().split()
        assert run.wait(timeout=60) == 0
    assert float(ended) - asked < 0.2
    assert int(bars) == 999
