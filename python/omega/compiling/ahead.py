"""The loop around `on_bar`: decides step after step until a step has a request.

The core gives the steps after one as `Steps` of `memory/calls.rs`: how many there are, at how many
it decided, their times, open profits at the closes before them, and the balance.
"""

from __future__ import annotations

from typing import Any

from omega.compiling import ir
from omega.compiling.emitter import REAL, SMALL, WHOLE, Emitter
from omega.compiling.writer import REQUESTED

_COUNT, _TAKEN, _TIMES, _PROFITS, _BALANCE = range(0, 40, 8)


def write_loop(emit: Emitter, body: ir.Function, read: frozenset[str] | None) -> None:
    """Write what the core calls, around what decides at one step and reads so much of the frame.

    Without that, the body is given how many bars there are, ends where it reads the account, and
    requests nothing.
    """
    builder = emit.builder
    frame, _, context = emit.function.args
    code, taken = emit.alloca(SMALL), emit.alloca(WHOLE)
    builder.store(WHOLE(0), taken)
    if read is not None:
        emit.store_at(emit.context, WHOLE(0), REQUESTED)
    count = emit.load_at(emit.event, WHOLE, _COUNT)
    # Counted from where they begin: a sum over what the step before wrote would wait for it.
    first = emit.of_frame("tracks")
    bars = emit.field(first, "omega_track", "bars")
    with emit.loop() as (_, after):
        now = builder.load(taken)
        own = [] if read is not None else [builder.add(bars, now)]
        builder.store(builder.call(body, [frame, context, *own]), code)
        ends = [builder.icmp_signed("!=", builder.load(code), SMALL(0))]
        if read is not None:
            requested = emit.load_at(emit.context, WHOLE, REQUESTED)
            ends.append(builder.icmp_signed("!=", requested, WHOLE(0)))
        for end in (*ends, builder.icmp_signed(">=", now, count)):
            goes_on = builder.append_basic_block("goes_on")
            builder.cbranch(end, after, goes_on)
            builder.position_at_end(goes_on)
        later = builder.add(now, WHOLE(1))
        if read is not None:
            emit.store_at(first, builder.add(bars, later), emit.layout["omega_track"]["bars"])
            _show(emit, first, now, read)
        builder.store(later, taken)
    emit.store_at(emit.event, builder.load(taken), _TAKEN)
    builder.ret(builder.load(code))


def _show(emit: Emitter, track: Any, now: Any, read: frozenset[str]) -> None:
    """Show a step as the core shows it: its time and the equity before it, where they are read."""
    builder, frame = emit.builder, emit.layout["omega_frame"]
    if "fresh" in read:
        emit.store_at(track, WHOLE(1), emit.layout["omega_track"]["fresh"])
    if "time" in read:
        time = emit.element(emit.load_at(emit.event, WHOLE, _TIMES), now)
        emit.store_at(emit.frame, emit.load_at(time, WHOLE), frame["time"])
    if "equity" in read:
        balance = emit.load_at(emit.event, REAL, _BALANCE)
        profits = emit.load_at(emit.event, WHOLE, _PROFITS)
        emit.store_at(emit.frame, balance, frame["equity"])
        with builder.if_then(builder.icmp_signed("!=", profits, WHOLE(0))):
            profit = emit.load_at(emit.element(profits, now), REAL)
            emit.store_at(emit.frame, builder.fadd(balance, profit), frame["equity"])
