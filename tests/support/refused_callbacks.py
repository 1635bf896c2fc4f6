"""Callbacks of which one line cannot be compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

import omega


def prints(self: Any, bar: omega.Bar) -> None:
    print(bar.close)


def returns(self: Any, bar: omega.Bar) -> object:
    return omega.Signal("long")


def lists(self: Any, bar: omega.Bar) -> None:
    self.found = [x for x in (1, 2)]


def formats(self: Any, bar: omega.Bar) -> None:
    self.buy(reason=f"at {bar.index}")


def times(self: Any, bar: omega.Bar) -> None:
    if bar.time.date() == self.mine:
        self.buy()


def hours(self: Any, bar: omega.Bar) -> None:
    if bar.time > 3:  # type: ignore[operator]  # it is refused
        self.buy()


def spans(self: Any, bar: omega.Bar) -> None:
    if bar.time - bar.ago(1).time:
        self.buy()


def replaced(self: Any, bar: omega.Bar) -> None:
    self.kept = []


def cubes(self: Any, bar: omega.Bar) -> None:
    self.mine = np.sum(bar.close_window(2) ** 3)


def counted(self: Any, bar: omega.Bar) -> None:
    self.mine = np.sum((self.counts > 1) + 1)


def added(self: Any, bar: omega.Bar) -> None:
    self.counts += 1


def parts(self: Any, bar: omega.Bar) -> None:
    self.mine = self.kept[1:]


def repeated(self: Any, bar: omega.Bar) -> None:
    self.mine = len(self.kept[1:] * 2)


def summed(self: Any, bar: omega.Bar) -> None:
    self.mine = sum(self.kept)
    self.kept.append(bar.index)


def paired(self: Any, bar: omega.Bar) -> None:
    if self.kept == (1.0, 2.0):
        self.buy()


def deleted(self: Any, bar: omega.Bar) -> None:
    del self.mine


def unset(self: Any, bar: omega.Bar) -> None:
    self.later = 1


def mixes(self: Any, bar: omega.Bar) -> None:
    x: object = 1
    if bar.close > 5:
        x = "one"
    self.buy(reason=x)


def whole(self: Any, bar: omega.Bar) -> None:
    if self.mean > 3:
        self.buy()


def keeps(self: Any, bar: omega.Bar) -> None:
    self.mine = bar


def tries(self: Any, bar: omega.Bar) -> None:
    try:
        self.buy()
    except ValueError:
        self.close()


def listed(self: Any, bar: omega.Bar) -> None:
    self.kept.sort()


def loops(self: Any, bar: omega.Bar) -> None:
    for _ in zip((1,), (2,), strict=True):
        self.buy()


def numbers(self: Any, bar: omega.Bar) -> None:
    self.buy(np.exp(bar.close))
