"""Goal: steps of several symbols that are taken together give what each gives by itself.

The reference walks each step, and the core takes those in which nothing can happen a block at a
time: held positions, levels that are reached after a while, and equities that set new lows.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from tests.support.backends import WITHOUT_CORE

pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="there is only one backend")

DAYS = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(260)]


def prices(rng: np.random.Generator, *, drift: float, kind: int) -> pl.DataFrame:
    """Return daily candles: with gaps, with a spread column, in two chunks, by kind."""
    days = DAYS if kind != 1 else [day for day in DAYS if rng.random() > 0.05]
    close = 50 * np.exp(np.cumsum(rng.normal(drift, 0.02, len(days))))
    opened = np.concatenate([[50.0], close[:-1] * np.exp(rng.normal(0, 0.01, len(days) - 1))])
    above, below = (1 + sign * rng.random(len(days)) * 0.02 for sign in (1, -1))
    frame = pl.DataFrame(
        {
            "time": days,
            "open": opened,
            "high": np.maximum(opened, close) * above,
            "low": np.minimum(opened, close) * below,
            "close": close,
        }
    )
    if kind == 2:
        return frame.with_columns(spread=pl.Series(rng.random(len(days)) * 0.2))
    return pl.concat([frame[:90], frame[90:]], rechunk=False) if kind == 3 else frame


class Turns(omega.Strategy):
    """Buys and sells one symbol after the other, some with levels, and closes now and then."""

    pause: int = 9

    def init(self) -> None:
        """Begin with nothing."""
        self.calls = 0

    def on_bar(self, bar: omega.Bar) -> None:
        """Act once in so many bars."""
        self.calls += 1
        turn, rest = divmod(self.calls, self.pause)
        if rest:
            return
        name = bar.symbols[turn % len(bar.symbols)]
        try:
            price = bar[name].close
        except omega.OmegaError:
            return
        if turn % 4 == 3:
            self.close(symbol=name)
        elif turn % 4 == 2:
            self.sell(symbol=name, size=2.0, take_profit=price * 0.9)
        else:
            self.buy(symbol=name, size=3.0, stop_loss=price * 0.85 if turn % 2 else None)


def weights(rng: np.random.Generator, names: list[str], *, long_only: bool) -> omega.Weights:
    """Return targets for a few days."""
    rows = []
    for day in DAYS[5::37]:
        shares = rng.random(len(names))
        shares *= 0.95 / shares.sum() if long_only else rng.choice([-0.4, 0.4], len(names))
        rows += [
            {"time": day, "symbol": name, "weight": share}
            for name, share in zip(names, shares, strict=True)
        ]
    return omega.Weights(pl.DataFrame(rows))


@pytest.mark.parametrize("seed", range(12))
def test_steps_taken_together_are_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drift = (-0.004, 0.0, 0.003)[seed % 3]
    kinds = rng.choice([0, 0, 2, 3] if seed % 4 else [0, 1], 4)
    data = {f"S{k}": prices(rng, drift=drift, kind=int(kind)) for k, kind in enumerate(kinds)}
    account = ("cash", "margin")[seed % 2]
    words: dict[str, Any] = {"cash": 5_000.0, "costs": omega.Costs(fee_percent=0.05)}
    if account == "cash":
        words["account"] = "cash"
    targets = weights(rng, list(data), long_only=account == "cash")
    form = Turns if seed % 3 == 1 and account != "cash" else lambda: targets
    core, plain = (
        omega.run_backtest(data, form(), backend=backend, **words) for backend in ("rust", "python")
    )
    assert core.trades.height + core.positions.height > 0
    assert core.fingerprint == plain.fingerprint
    assert repr(dict(core.metrics)) == repr(dict(plain.metrics))


@pytest.mark.parametrize("seed", range(24))
def test_a_bar_of_one_symbol_where_others_wait(seed: int) -> None:
    """Most symbols have times of their own; levels, new lows and ruin are among the bars."""
    rng = np.random.default_rng(200 + seed)
    later = rng.choice(np.arange(6), 5)
    kinds = rng.choice(np.arange(4), 5)
    data = {
        f"S{k}": prices(rng, drift=(-0.004, 0.0, 0.003)[seed % 3], kind=int(kind)).with_columns(
            pl.col("time") + pl.duration(hours=int(hours))
        )
        for k, (kind, hours) in enumerate(zip(kinds, later, strict=True))
    }
    core, plain = (
        omega.run_backtest(
            data, Turns(pause=3 + seed), cash=(300.0, 5_000.0)[seed % 2], backend=backend
        )
        for backend in ("rust", "python")
    )
    assert core.fills.height > 5
    assert core.fingerprint == plain.fingerprint
    assert repr(dict(core.metrics)) == repr(dict(plain.metrics))


def test_interest_on_cash_is_booked_while_nothing_is_open() -> None:
    """Such a run is awake without a position, and its steps are walked one by one."""
    rng = np.random.default_rng(3)
    data = {name: prices(rng, drift=0.0, kind=0) for name in ("AAA", "BBB")}
    carry = omega.Carry(cash=0.04)
    runs = [
        omega.run_backtest(data, Turns(pause=40), carry=carry, backend=backend)
        for backend in ("rust", "python")
    ]
    assert runs[0].equity.height == len(DAYS)
    assert runs[0].ledger.filter(pl.col("kind") == "interest").height > 100
    assert runs[0].fingerprint == runs[1].fingerprint


def dates(rng: np.random.Generator, names: list[str], *, pays: bool) -> omega.Events:
    """Return splits and dividends, some on one bar, one symbol's end and its new name."""
    days = [day.date() for day in DAYS]

    def some(count: int) -> list[Any]:
        return [days[int(place)] for place in rng.choice(np.arange(3, 255), count, replace=False)]

    splits = [
        {"symbol": name, "date": day, "ratio": float(rng.choice([2.0, 0.5, 1.5]))}
        for name in names
        for day in some(3)
    ]
    splits += [{**one, "date": one["date"] + timedelta(days=1)} for one in splits[::4]]
    splits = list({(one["symbol"], one["date"]): one for one in splits}.values())
    dividends = [
        {
            "symbol": name,
            "date": day,
            "amount": round(float(rng.random()), 2),
            "pay": day + timedelta(days=int(rng.integers(0, 3))),
            "tax": float(rng.choice([0.0, 0.15])),
        }
        for name in names
        for day in some(25)
    ]
    return omega.Events(
        splits=splits,
        dividends=dividends,
        delistings=[{"symbol": names[-1], "date": days[200], "price": 20.0}],
        symbols=[{"old": names[1], "new": names[2], "date": days[150], "ratio": 0.5}],
        pay="date" if pays else "ex",
    )


@pytest.mark.parametrize("seed", range(24))
def test_dates_within_steps_taken_together(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    kinds = rng.choice([0, 0, 2, 3] if seed % 4 else [0, 1], 6)
    data = {
        f"S{k}": prices(rng, drift=(-0.001, 0.001)[k % 2], kind=int(kind))
        for k, kind in enumerate(kinds)
    }
    account = ("cash", "margin")[seed % 2]
    words: dict[str, Any] = {"cash": 50_000.0, "events": dates(rng, list(data), pays=seed % 5 == 4)}
    if seed % 3 == 2:
        whole = omega.Instrument(volume_step=1.0)
        words["instruments"] = {name: dataclasses.replace(whole, symbol=name) for name in data}
    if account == "cash":
        words["account"] = "cash"
    targets = weights(rng, list(data), long_only=account == "cash")
    form = Turns if seed % 6 == 1 else lambda: targets
    core, plain = (
        omega.run_backtest(data, form(), backend=backend, **words) for backend in ("rust", "python")
    )
    booked = set(core.ledger["kind"].unique().to_list())
    assert "dividend" in booked
    assert core.fingerprint == plain.fingerprint
    assert core.ledger.equals(plain.ledger)
    assert core.trades.equals(plain.trades)
    assert repr(dict(core.metrics)) == repr(dict(plain.metrics))
