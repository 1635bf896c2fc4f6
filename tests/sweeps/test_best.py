"""The best run of a sweep, where a metric is undefined and where runs are equal."""

from __future__ import annotations

import math
import re
from typing import Any

import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.results.limits import with_limits
from tests.support.backends import BACKENDS
from tests.support.candles import rising

CANDLES = rising(2_900)
"""Two days of minutes that rise by 1 each."""


class Side(omega.Strategy):
    """Long or short from the second bar on, or not at all."""

    side: str = "none"

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index == 0 and self.side != "none":
            (self.buy if self.side == "long" else self.sell)()
        elif bar.index == 1_000 and self.side == "both":
            self.close()
            self.buy()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_that_never_loses_is_the_best(backend: str) -> None:
    grid = {"side": ["short", "none", "both", "long"]}
    result = omega.sweep(CANDLES, Side, grid, workers=1, cash=1e6, backend=backend)
    best = result.best("profit_factor")
    assert (best["side"], best["profit_factor"]) == ("long", math.inf)
    # Nothing won and nothing lost has no limit; "both" loses 1,000 and wins 1,899.
    factors = result.to_polars()["profit_factor"].to_list()
    assert factors[:2] == [0.0, None]
    assert factors[2] == pytest.approx(1899.5 / 999.5, rel=1e-2)
    assert ">∞</td>" in result._repr_html_()
    assert result.best("calmar")["side"] == "long"
    assert result.best("sortino")["sortino"] == math.inf


def test_what_a_run_was_chosen_by_is_printed_before_other_metrics() -> None:
    result = omega.sweep(CANDLES, Side, {"side": ["short", "long"]}, workers=1, cash=1e6)
    printed = str(result.best("net_profit")).splitlines()
    assert [line.split()[0] for line in printed[:4]] == [
        "run",
        "side",
        "net_profit",
        "total_return",
    ]
    assert sum(line.startswith("net_profit ") for line in printed) == 1


def test_a_sweep_whose_runs_all_fail_by_one_error_shows_it() -> None:
    failing: dict[str, Any] = {"sizer": omega.FixedLots(1), "instruments": "auto"}
    result = omega.sweep(CANDLES, Side, {"side": ["short", "long"]}, symbol="NONE", **failing)
    assert re.fullmatch(r"SweepResult\(2 of 2 runs, 2 failed: .*NONE.*\)", repr(result))
    assert repr(omega.sweep(CANDLES, Side, {"side": ["long"]})).endswith("0 failed)")


def test_a_sweep_of_the_core_has_the_same_limits() -> None:
    entry = omega.Signals(entry=True)
    result = omega.sweep(CANDLES, entry, {"cash": [1e6, 2e6]}, metrics=["profit_factor"])
    assert result.to_polars()["profit_factor"].to_list() == [math.inf, math.inf]
    assert result.best("profit_factor")["run"] == 0


ZERO = {"gross_loss": 0.0, "losses": 0, "wins": 3, "trades": 4, "win_rate": 0.75}


@pytest.mark.parametrize(
    ("name", "others", "limit"),
    [
        ("profit_factor", {**ZERO, "gross_profit": 9.0}, math.inf),
        ("profit_factor", {"gross_loss": 0.0, "gross_profit": 0.0}, None),
        ("payoff_ratio", {**ZERO, "gross_profit": 9.0}, math.inf),
        ("payoff_ratio", {"gross_loss": -1.0, "losses": 1, "wins": 0}, 0.0),
        ("kelly", ZERO, 0.75),
        ("kelly", {"trades": 2, "losses": 2, "wins": 0}, -math.inf),
        ("kelly", {"trades": 0, "losses": 0, "wins": 0}, None),
        ("sharpe", {"volatility": 0.0, "best_day": 0.01}, math.inf),
        ("sharpe", {"volatility": 0.0, "best_day": -0.01}, -math.inf),
        ("sharpe", {"volatility": 0.0, "best_day": 0.0}, None),
        ("sortino", {"downside_volatility": 0.0, "best_day": 0.01}, math.inf),
        ("sortino", {"downside_volatility": 0.0, "best_day": 0.0}, None),
        ("omega_ratio", {"downside_volatility": 0.0, "best_day": 0.01}, math.inf),
        ("calmar", {"max_drawdown": 0.0, "cagr": 0.1}, math.inf),
        ("calmar", {"max_drawdown": 0.0, "cagr": 0.0}, None),
        ("recovery_factor", {"max_drawdown_money": 0.0, "net_profit": 5.0}, math.inf),
        ("sqn", {"trades": 2, "expectancy": 1.0}, math.inf),
        ("sqn", {"trades": 1, "expectancy": 1.0}, None),
        ("average_drawdown", {"drawdowns": 0, "trades": 0}, 0.0),
        ("largest_loss", ZERO, 0.0),
        ("largest_loss", {"losses": 0, "trades": 0}, None),
        ("skewness", {}, None),
    ],
)
def test_each_limit(name: str, others: dict[str, Any], limit: float | None) -> None:
    assert with_limits({name: None, **others})[name] == limit


def table(**columns: list[Any]) -> omega.SweepResult:
    frame = pl.DataFrame({"run": range(len(columns["sharpe"])), **columns})
    return omega.SweepResult(frame, metrics=("sharpe",), total=len(frame))


def test_of_equal_runs_the_first_is_the_best() -> None:
    result = table(sharpe=[0.5, 0.9, 0.9, None], fast=[1, 2, 3, 4])
    assert result.best()["fast"] == 2
    assert result.best(maximize=False)["fast"] == 1


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (lambda row: row, "given a function, expected the name of one"),
        ("sharp", "'sharp' is not in the table. Did you mean 'sharpe'"),
    ],
)
def test_what_is_no_metric_is_refused_in_one_sentence(metric: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        table(sharpe=[0.5]).best(metric)  # type: ignore[call-overload]  # what is wrong about it
