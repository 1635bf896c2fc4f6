"""No setting is without effect: each changes a run, or the run is refused.

A new setting belongs into the table: the last test finds those that are missing.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

import omega
from tests.support.backends import BACKENDS
from tests.support.candles import walk

FINE = walk(30_000)
"""Three weeks of minutes."""
EVERY = "45m"


def coarse() -> pl.DataFrame:
    """Give bars of the minutes."""
    sides = []
    for side in ("bid", "ask"):
        first, high, low, last = (pl.col(f"{side}_{p}") for p in ("open", "high", "low", "close"))
        sides += [first.first(), high.max(), low.min(), last.last()]
    return FINE.group_by_dynamic("time", every=EVERY).agg(*sides)


BARS = coarse()
INSTRUMENT = omega.Instrument("SYMBOL", pip_size=0.0001, tick_size=1e-6, contract_size=100.0)


def trades(bar: omega.Bar) -> omega.Signal | None:
    """Trade both ways by market and limit, with exits that one bar may both reach."""
    number, price = bar.index, bar.close
    if number % 5:
        return None
    long = number % 2 == 0
    sign = 1.0 if long else -1.0
    waits = number % 3 == 0
    # Some limits are passed by the open, and some pairs of exits by one bar.
    away = 0.0002 if number % 7 else -0.0003
    reach = (0.0002, 0.0009, 0.004)[number // 5 % 3]
    return omega.Signal(
        "long" if long else "short",
        type="limit" if waits else "market",
        entry_price=price - sign * away if waits else None,
        stop_loss=price - sign * (reach + 0.0003),
        take_profit=price + sign * (reach + 0.0003),
        expires="day",
    )


def fingerprint(kind: str, values: dict[str, Any]) -> str:
    """Run with some settings of one class; give what came out."""
    settings: dict[str, Any] = {"instruments": INSTRUMENT, "cash": 100_000.0}
    made = {"execution": omega.Execution, "limits": omega.Limits, "costs": omega.Costs}
    if kind == "account":
        settings |= {"account": omega.Account(**{"cash": 100_000.0, **values}), "cash": None}
    elif kind in made:
        settings[kind] = made[kind](**values)
    else:
        settings |= values
    return omega.run_backtest(BARS, trades, backend=BACKENDS[0], **settings).fingerprint


NIGHTS = {"swap_long": -3.0, "swap_short": -2.0}
EFFECTS: dict[tuple[str, str], tuple[dict[str, Any], Any]] = {
    ("execution", "intrabar"): ({}, "optimistic"),
    ("execution", "market_fill"): ({}, "last_close"),
    ("execution", "position_mode"): ({}, "netting"),
    ("execution", "close_at_end"): ({}, False),
    ("execution", "magnifier"): ({}, FINE),
    ("execution", "limit_improvement"): ({}, False),
    ("limits", "max_positions"): ({}, 1),
    ("limits", "max_positions_per_symbol"): ({}, 1),
    ("limits", "cooldown_bars"): ({}, 7),
    ("limits", "cooldown_minutes"): ({}, 400.0),
    ("limits", "cooldown_after_exit_minutes"): ({}, 200.0),
    ("limits", "sessions"): ({}, [("08:00", "12:00")]),
    ("limits", "blackouts"): ({}, [("2024-01-03", "2024-01-04")]),
    ("account", "kind"): ({}, "cash"),
    ("account", "cash"): ({}, 1_000.0),
    ("account", "leverage"): ({"cash": 200.0}, 5.0),
    ("account", "stop_out_level"): ({"cash": 8.0, "leverage": 50.0}, 1.0),
    ("account", "ruin"): ({"cash": 1.0, "leverage": 5_000.0}, "allow"),
    ("costs", "slippage_pips"): ({}, 0.5),
    ("costs", "slippage_random_pips"): ({}, 0.5),
    ("costs", "slippage_percent"): ({}, 0.01),
    ("costs", "fee_fixed"): ({}, 0.5),
    ("costs", "fee_per_million"): ({}, 30.0),
    ("costs", "fee_per_lot"): ({}, 0.5),
    ("costs", "fee_percent"): ({}, 0.01),
    ("costs", "fee_maker"): ({}, 0.01),
    ("costs", "fee_taker"): ({}, 0.01),
    ("costs", "fee"): ({}, lambda fill: 0.25 * fill.lots),
    ("costs", "fee_min"): ({"fee_per_lot": 0.01}, 0.5),
    ("costs", "side"): ({"fee_per_lot": 0.5}, "entry"),
    ("costs", "swap_long"): ({}, -3.0),
    ("costs", "swap_short"): ({}, -3.0),
    ("costs", "swap_long_percent"): ({}, -3.0),
    ("costs", "swap_short_percent"): ({}, -3.0),
    ("costs", "swap_triple_day"): (NIGHTS, "FRI"),
    ("run", "sizer"): ({}, omega.RiskPercent(0.01)),
    ("run", "seed"): ({"costs": omega.Costs(slippage_random_pips=1)}, 7),
    ("run", "start"): ({}, "2024-01-05"),
    ("run", "end"): ({}, "2024-01-09"),
    ("run", "events"): ({}, omega.Events(splits=[{"date": "2024-01-08", "ratio": 2}])),
    ("run", "carry"): ({}, omega.Carry(cash=0.05)),
    ("run", "universe"): ({}, [{"symbol": "SYMBOL", "from": "2024-01-08"}]),
    ("run", "position_manager"): ({}, omega.TimeExit(bars=2)),
}
"""By class and name: the other settings that it needs, and the value that changes a run."""


@pytest.mark.parametrize(("kind", "name"), EFFECTS)
def test_each_setting_changes_a_run(kind: str, name: str) -> None:
    others, value = EFFECTS[kind, name]
    changed = {**others, name: value}
    if name == "magnifier":
        others, changed = {"intrabar": "pessimistic"}, {**changed, "intrabar": "magnifier"}
    assert fingerprint(kind, changed) != fingerprint(kind, others)


def test_a_currency_without_a_rate_is_refused() -> None:
    """The currency of an account changes a run by a conversion, or is refused without one."""
    instrument = dataclasses.replace(INSTRUMENT, quote_currency="USD")
    for words in ({"account": omega.Account(currency="JPY")}, {"account_currency": "JPY"}):
        with pytest.raises(omega.ConfigError, match="JPY"):
            omega.run_backtest(BARS, trades, instruments=instrument, backend=BACKENDS[0], **words)


BESIDE = {
    ("account", "currency"),
    ("limits", "stale_after"),
    *(("execution", name) for name in ("participation", "participation_lagged", "carry_over")),
    *(("costs", name) for name in ("impact", "impact_window")),
}
"""In tests/replay/test_stale.py, and in test_participation.py and test_impact.py beside it."""


def test_the_table_has_every_setting() -> None:
    """Those of an account's currency and of several symbols are tested beside it."""
    kinds = {
        "execution": omega.Execution,
        "limits": omega.Limits,
        "account": omega.Account,
        "costs": omega.Costs,
    }
    known = {
        (kind, field.name) for kind, made in kinds.items() for field in dataclasses.fields(made)
    }
    tested = {pair for pair in EFFECTS if pair[0] != "run"} | BESIDE
    assert known == tested


def test_the_bars_reach_what_the_settings_are_about() -> None:
    """Nights, and bars that reach both exits: without them nothing would show."""
    assert BARS["time"][-1] - BARS["time"][0] > timedelta(days=15)
    result = omega.run_backtest(
        BARS, trades, instruments=INSTRUMENT, cash=100_000.0, backend=BACKENDS[0]
    )
    assert len(result.trades) > 80
    assert result.trades["ambiguous"].sum() > 3
    assert {*result.trades["exit_reason"]} >= {"stop_loss", "take_profit"}
