"""Layout of the windows of a walk-forward."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from omega.errors import ConfigError
from omega.forward.timeline import Timeline
from omega.forward.window_lengths import Span, span_of

HOLDING = "holding"


@dataclasses.dataclass(frozen=True)
class Window:
    """A stretch to choose on, and the next one to trade; steps, the ends left out.

    Attributes:
        train: First step, and one past the last.
        test: The same; empty where the data ends with the train stretch.
    """

    train: tuple[int, int]
    test: tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Layout:
    """The lengths of all windows.

    Example:
        >>> layout = Layout.of(train=2, test=1, step=None, purge=1, gap=0, anchored=False)
        >>> layout.purge.bars, layout.step.bars
        (1, 1)
    """

    train: Span
    test: Span
    step: Span
    purge: Span
    gap: Span
    anchored: bool
    partial: bool = True
    by_holding: bool = False

    @classmethod
    def of(
        cls,
        *,
        train: object,
        test: object,
        step: object,
        purge: object,
        gap: object,
        anchored: bool,
        partial: bool = True,
    ) -> Layout:
        """Read lengths.

        Raises:
            ConfigError: One is none, or the step is shorter than the test stretch.
        """
        length = span_of("test", test)
        wide = length if step is None else span_of("step", step)
        by_holding = purge == HOLDING
        cut = Span() if by_holding else span_of("purge", purge, minimum=0)
        late = span_of("gap", gap, minimum=0)
        if wide.is_bars != length.is_bars:
            raise ConfigError(
                f"step: given {step!r} with test={test!r}, expected both in bars or both durations"
            )
        if (wide.bars, wide.rough) < (length.bars, length.rough):
            raise ConfigError(
                f"step: given {step!r} with test={test!r}, expected at least the length of the "
                "test stretch, since one account trades one window at a time"
            )
        return cls(span_of("train", train), length, wide, cut, late, anchored, partial, by_holding)

    def windows(self, timeline: Timeline, origin: int) -> list[Window]:
        """Lay windows from a step on, as long as their train stretch is complete.

        Raises:
            ConfigError: The data is too short for one test bar.
        """
        found = list(self._windows(timeline, origin))
        if not any(window.test[0] < window.test[1] for window in found):
            raise ConfigError(
                f"walk_forward: {len(timeline) - origin} bars from "
                f"{timeline.shown(origin)} on are too few for one train stretch and a test bar "
                "after it; choose shorter ones, or more data"
            )
        return found

    def _windows(self, timeline: Timeline, origin: int) -> Iterator[Window]:
        number = 0
        while True:
            shift = self.step * number
            begin = origin if self.anchored else timeline.after(origin, shift).step
            end = timeline.after(origin, shift + self.train)
            if not end.is_reached or begin >= end.step:
                return
            before = shift + self.train + self.purge + self.gap
            first = timeline.after(origin, before)
            last = timeline.after(origin, before + self.test)
            test = (first.step, last.step)
            if not first.is_reached or (not self.partial and not last.is_reached):
                test = (len(timeline), len(timeline))
            yield Window((begin, end.step), test)
            number += 1
