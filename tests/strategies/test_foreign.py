"""Goal: a C function over omega.h does what a strategy in Python does, to the last bit."""

from __future__ import annotations

import copy
import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from examples.c_strategy import run as example
from omega.errors import ConfigError, StrategyFailed
from omega.examples.sma_cross import SmaCross
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import rising, walk

pytestmark = [
    pytest.mark.skipif(WITHOUT_CORE, reason="functions of other languages run in the core"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler, cc"),
]

SOURCE = r"""
#include <omega.h>

typedef struct { int64_t calls, fills, number; double seen[8]; int64_t ints[8]; } state;

/* Buys with all words on the first call, looks at its position, and closes it. */
int32_t whole(const omega_frame *frame, void *context) {
    state *own = context;
    omega_action action;
    own->calls++;
    if (own->calls == 1) {
        static const char *const tags[] = {"one", "two"};
        action = omega_open(0, 1, 2.0);
        action.stop_loss = 3.0;
        action.stop_loss_is = OMEGA_DISTANCE;
        action.take_profit = 50.0;
        action.take_profit_is = OMEGA_PERCENT;
        action.reason = "a dip";
        action.tags = tags;
        action.tag_count = 2;
        own->number = omega_push(frame, &action);
        action = omega_open(0, -1, 1.0);
        action.order_type = OMEGA_LIMIT;
        action.price = 1000.0;
        own->ints[0] = omega_push(frame, &action);
    }
    if (own->calls == 3) {
        own->ints[1] = frame->position_count;
        own->ints[2] = frame->order_count;
        own->ints[3] = frame->positions[0].id;
        own->ints[4] = frame->orders[0].order_type;
        own->seen[0] = frame->positions[0].stop_loss;
        own->seen[1] = omega_open_profit(frame, &frame->positions[0]);
        own->seen[2] = frame->equity;
        own->seen[3] = frame->orders[0].price;
        action = omega_modify(own->number);
        action.stop_loss_is = OMEGA_REMOVED;
        omega_push(frame, &action);
        memset(&action, 0, sizeof action);
        action.kind = OMEGA_CANCEL;
        action.id = own->ints[0];
        omega_push(frame, &action);
    }
    if (own->calls == 5) {
        action = omega_close(own->number);
        action.fraction = 0.5;
        action.exit_reason = 1;
        own->ints[5] = omega_push(frame, &action);
    }
    return 0;
}

int32_t hears(const omega_frame *frame, const omega_event *event, void *context) {
    state *own = context;
    (void)frame;
    own->fills++;
    own->seen[4] += event->closes ? event->net_pnl : event->price;
    own->ints[6] = event->exit_reason;
    return 0;
}

/* Adds up closes, asks and volumes over chunks, and times. */
int32_t sums(const omega_frame *frame, void *context) {
    state *own = context;
    const omega_track *track = &frame->tracks[0];
    const omega_chunk *chunk = omega_chunk_of(track, 0);
    own->seen[0] += omega_bid_close(track, 0);
    own->seen[1] += omega_ask_close(track, track->bars > 3 ? 3 : 0);
    if (chunk->volume) own->seen[2] += chunk->volume[track->bars - 1 - chunk->first];
    own->ints[0] += chunk->time[track->bars - 1 - chunk->first] % 1000003;
    own->ints[1] += isnan(omega_bid_close(track, track->bars));
    return 0;
}

int32_t fails(const omega_frame *frame, void *context) {
    (void)context;
    return frame->tracks[0].bars == 7 ? 42 : 0;
}

int32_t strange(const omega_frame *frame, void *context) {
    omega_action action = omega_open(0, 2, 1.0);
    (void)context;
    return omega_push(frame, &action) == -1 ? 0 : 9;
}

int32_t follows(const omega_frame *frame, void *context) {
    int64_t track;
    (void)context;
    for (track = 0; track < frame->symbol_count; track++) {
        const omega_track *own = &frame->tracks[track];
        omega_action action;
        int64_t held = 0, place;
        if (!own->ready || own->bars < 2) continue;
        for (place = 0; place < frame->position_count; place++)
            held += frame->positions[place].symbol == track;
        if (omega_bid_close(own, 0) > omega_bid_close(own, 1)) {
            if (held) continue;
            action = omega_open((int32_t)track, 1, 0.0);
        } else if (held) {
            action = omega_close(-1);
            action.symbol = (int32_t)track;
        } else continue;
        omega_push(frame, &action);
    }
    return 0;
}
"""


class State(ctypes.Structure):
    _fields_ = (
        ("calls", ctypes.c_int64),
        ("fills", ctypes.c_int64),
        ("number", ctypes.c_int64),
        ("seen", ctypes.c_double * 8),
        ("ints", ctypes.c_int64 * 8),
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("c")
    source = folder / "strategies.c"
    source.write_text(SOURCE, encoding="utf-8")
    return example.library(source, folder)


def test_the_example_is_its_twin_in_python(tmp_path: Path) -> None:
    loaded = example.library(example.SOURCE, tmp_path)
    candles = walk(3_000, chunks=5)
    for mode in ("hedging", "netting"):
        execution = omega.Execution(position_mode=mode)
        given: Any = example.strategy(loaded, fast=5, slow=12)
        ran = omega.run_backtest(candles, given, execution=execution)
        plain = omega.run_backtest(candles, SmaCross(fast=5, slow=12), execution=execution)
        assert ran.fingerprint == plain.fingerprint
        assert ran.strategy.context.crossings > 100
        assert given.context.crossings == 0, "a run works on a copy (D4)"


def test_each_word_of_an_order_arrives(library: ctypes.CDLL) -> None:
    given = omega.foreign(library.whole, context=State(), on_fill=library.hears)
    result = omega.run_backtest(rising(20), given)
    own = result.strategy.context
    trade = result.trades.row(0, named=True)
    assert (trade["reason"], trade["tags"]) == ("a dip", ["one", "two"])
    assert (own.number, own.ints[0], own.ints[5]) == (0, 1, 4), "orders are numbered in order"
    # Bought at 101 on bar 1; seen at the close of bar 2, 102.5: two lots gained 1.5 each.
    assert list(own.ints)[1:5] == [1, 1, 0, 1]
    assert list(own.seen)[:4] == [98.0, 3.0, 10_003.0, 1000.0]
    assert result.orders["status"].to_list()[1] == "cancelled"
    closed = result.trades.filter(pl.col("exit_reason").cast(pl.String) == "time")
    assert closed["lots"].to_list() == [1.0]
    # The fills of the entry at 101, of the half at 105, and of the rest at the end, 119.5.
    assert own.fills == 3
    assert own.seen[4] == 101.0 + 4.0 + 18.5
    assert own.ints[6] == 6, "the data ended"


def test_columns_are_read_where_they_lie(library: ctypes.CDLL) -> None:
    candles = walk(500, chunks=7)
    own = omega.run_backtest(candles, omega.foreign(library.sums, context=State())).strategy.context
    seen = {"close": 0.0, "ask": 0.0, "time": 0, "calls": 0}

    def sums(bar: omega.Bar) -> None:
        seen["close"] += bar.close
        seen["ask"] += bar.ago(3 if bar.index > 2 else 0).ask.close
        seen["time"] += bar.timestamp % 1000003
        seen["calls"] += 1

    omega.run_backtest(candles, sums)
    assert (own.seen[0], own.seen[1], own.ints[0]) == (seen["close"], seen["ask"], seen["time"])
    assert own.ints[1] == seen["calls"], "before the first bar there is none"


def test_several_symbols_and_conditions(library: ctypes.CDLL) -> None:
    both = {"AAA": walk(400, seed=1), "BBB": walk(400, seed=2)}

    class Follows(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            for symbol in bar.symbols:
                own = bar[symbol]
                if own.index < 1:
                    continue
                held = self.positions_in(symbol)
                if own.close > own.ago(1).close:
                    if not held:
                        self.buy(symbol=symbol)
                elif held:
                    self.close(symbol=symbol)

    ran = omega.run_backtest(both, omega.foreign(library.follows))
    assert ran.fingerprint == omega.run_backtest(both, Follows()).fingerprint
    assert ran.trades.height > 100
    known = pl.col("close") > pl.col("close").shift(1)
    counted = omega.foreign(library.sums, context=State())
    seen = omega.run_backtest(walk(400), counted, when=known).strategy.context.seen[0]
    closes: list[float] = []
    omega.run_backtest(walk(400), lambda bar: closes.append(bar.close), when=known)
    assert seen == sum(closes)


def test_a_failure_ends_the_run_with_its_bar(library: ctypes.CDLL) -> None:
    with pytest.raises(StrategyFailed, match="returned 42 on bar 6") as caught:
        omega.run_backtest(rising(20), omega.foreign(library.fails))
    assert (caught.value.code, caught.value.bar) == (42, 6)
    with pytest.raises(ConfigError, match=r"omega_action\.direction: given 2, expected 1"):
        omega.run_backtest(rising(20), omega.foreign(library.strange))


def test_addresses_capsules_and_contexts(library: ctypes.CDLL) -> None:
    address = ctypes.cast(library.sums, ctypes.c_void_p).value
    make = ctypes.pythonapi.PyCapsule_New
    make.argtypes, make.restype = (
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
        (ctypes.py_object),
    )
    capsule = make(address, b"omega_callback", None)
    for function in (address, capsule, library.sums):
        size = ctypes.sizeof(State)
        for context in (bytearray(size), np.zeros(size // 8, np.int64), State(), State().seen):
            if context is not None and not isinstance(context, ctypes.Array):
                given = omega.foreign(function, context=context)
                made = omega.run_backtest(rising(20), given).strategy.context
                assert bytes(made) != bytes(size)
    shared = State()
    omega.run_backtest(rising(20), omega.foreign(address, context=ctypes.addressof(shared)))
    assert shared.seen[0] > 0, "an address is the user's own memory"


@pytest.mark.parametrize("function", [0, None, "on_bar", True, lambda frame, context: 0])
def test_what_is_no_function_is_refused(function: object) -> None:
    with pytest.raises(ConfigError, match="expected the address of a C function"):
        omega.foreign(function)


def test_what_has_no_memory_is_refused(library: ctypes.CDLL) -> None:
    for context in ("text", [1, 2], 0, np.zeros((4, 4))[:, 1]):
        with pytest.raises(ConfigError, match="foreign: context: given"):
            omega.foreign(library.sums, context=context)
    wrong: Any = lambda declares: [1.0]  # noqa: E731 - no indicators
    given = omega.foreign(library.sums, indicators=wrong, context=State())
    with pytest.raises(ConfigError, match="expected a list of indicators"):
        omega.run_backtest(rising(20), given)
    with pytest.raises(ConfigError, match=r"functions over omega\.h run in the core"):
        omega.run_backtest(
            rising(20), omega.foreign(library.sums, context=State()), backend="python"
        )
    assert copy.deepcopy(given).on_bar == given.on_bar


def test_the_header_is_the_structs_of_the_core(tmp_path: Path) -> None:
    """Every size and every offset."""
    from omega import _core  # noqa: PLC0415 - not there in a run without the core

    lines = ["#include <omega.h>", "#include <stdio.h>", "int main(void) {"]
    expected = []
    for struct, size, fields in _core.foreign_layout():
        lines.append(f'printf("%d\\n", (int)sizeof({struct}));')
        expected.append(size)
        for field, offset in fields:
            lines.append(f'printf("%d\\n", (int)offsetof({struct}, {field}));')
            expected.append(offset)
    lines.append('printf("%d\\n", OMEGA_VERSION); return 0; }')
    expected.append(_core.foreign_version())
    source, program = tmp_path / "layout.c", tmp_path / "layout"
    source.write_text("\n".join(lines), encoding="utf-8")
    command = ["cc", "-I", omega.get_include(), str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    assert [int(line) for line in printed.split()] == expected
