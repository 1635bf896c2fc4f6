"""Robustness: what each variation does, with numbers by hand, on both backends."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omega
from omega.stressing.draws import seed_of, uniforms
from omega.stressing.noise import with_noise
from tests.support.backends import BACKENDS
from tests.support.forward_forms import FORMS, Follows, candles, columns, every


def rising(count: int) -> pl.DataFrame:
    """Give bars that open at 100, 101, 102, and close half a point above."""
    opens = pl.Series([100.0 + k for k in range(count)])
    return candles(count, seed=0).with_columns(
        open=opens, high=opens + 1.0, low=opens - 1.0, close=opens + 0.5
    )


class Trades(omega.Strategy):
    """Enters where nothing is open after bars 2 and 12, and leaves after bars 6 and 16."""

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index % 10 in (2, 3) and self.position is None:
            self.buy()
        if bar.index % 10 in (6, 7):
            self.close()


def trades_of(found: omega.StressResult, name: str) -> dict[str, Any]:
    return found.runs.filter(pl.col("variation") == name).row(0, named=True)


@pytest.mark.parametrize("backend", BACKENDS)
def test_orders_that_are_a_bar_late(backend: str) -> None:
    found = omega.stress(rising(20), Trades, runs=1, starts=1, backend=backend)
    # Entries at the opens of bars 3 and 13, exits at those of 7 and 17: 4 points each.
    assert found.base.metrics["net_profit"] == 8.0
    assert found.base.metrics["trades"] == 2
    for name, profit in (("late entries", 6.0), ("late exits", 10.0), ("late orders", 8.0)):
        row = trades_of(found, name)
        assert (row["net_profit"], row["trades"]) == (profit, 2), name


@pytest.mark.parametrize("backend", BACKENDS)
def test_costs_are_multiplied(backend: str) -> None:
    costs = omega.Costs(fee_fixed=0.5)
    found = omega.stress(rising(20), Trades, runs=1, starts=1, costs=costs, backend=backend)
    assert found.base.metrics["net_profit"] == 6.0
    assert trades_of(found, "costs x 1.5")["net_profit"] == 5.0
    assert trades_of(found, "costs x 2")["net_profit"] == 4.0


def test_costs_as_a_function_and_by_symbol_are_multiplied() -> None:
    costs = omega.Costs(fee=lambda fill: 0.25)
    found = omega.stress(rising(20), Trades, runs=1, starts=1, costs={"SYMBOL": costs})
    assert trades_of(found, "costs x 2")["net_profit"] == 6.0


def test_every_entry_is_lost_or_none() -> None:
    found = omega.stress(rising(20), Trades, runs=2, starts=1, dropped=1.0)
    assert trades_of(found, "lost entries")["trades"] == 0
    kept = omega.stress(rising(20), Trades, runs=2, starts=1, dropped=0.0)
    assert trades_of(kept, "lost entries")["fingerprint"] == kept.base.fingerprint


@pytest.mark.parametrize("name", list(FORMS))
def test_both_backends_give_the_same_bytes(name: str) -> None:
    form = FORMS[name]
    ((parameter, values),) = form.grid.items()
    given: dict[str, Any] = {"runs": 1, "starts": 1, "costs": omega.Costs(fee_fixed=0.1)}
    made = [
        omega.stress(
            candles(250, seed=4),
            form.strategy,
            parameters={parameter: values[-1]},
            backend=backend,
            **given,
        )
        for backend in BACKENDS
    ]
    assert made[0].skipped == {}
    assert made[0].runs["error"].null_count() == made[0].runs.height
    for one in made[1:]:
        assert one.runs.equals(made[0].runs)
    marks = made[0].runs["fingerprint"]
    assert marks.n_unique() > 4


def test_the_same_seed_makes_the_same_runs() -> None:
    frame = candles(200, seed=5)
    first, again, other = (
        omega.stress(frame, Follows, runs=3, starts=1, seed=seed).runs for seed in (1, 1, 2)
    )
    assert first.equals(again)
    drawn = pl.col("variation") == "price noise"
    assert first.filter(drawn)["fingerprint"].n_unique() == 3
    assert not first.filter(drawn).equals(other.filter(drawn))


def test_what_cannot_apply_is_named() -> None:
    found = omega.stress(candles(200, seed=5), every(5), runs=1, starts=1)
    assert sorted(found.skipped) == ["costs x 1.5", "costs x 2", "parameters"]
    assert "no costs" in found.skipped["costs x 2"]
    assert "Skipped: costs x 1.5" in found._repr_html_()
    assert found.runs["variation"].to_list().count("parameters") == 0


def test_a_run_that_fails_is_a_row() -> None:
    class Fragile(Follows):
        def init(self) -> None:
            if self.n != 5:
                raise omega.ConfigError("n: only 5")
            super().init()

    found = omega.stress(candles(200, seed=5), Fragile, runs=4, starts=1)
    moved = found.runs.filter(pl.col("variation") == "parameters")
    failed = moved["error"].drop_nulls().to_list()
    assert failed
    assert set(failed) == {"ConfigError: n: only 5"}
    assert f"{len(failed)} failed" in repr(found)


def test_the_table_is_of_the_runs() -> None:
    found = omega.stress(candles(300, seed=6), columns(5), runs=9, starts=3)
    noise = found.runs.filter(pl.col("variation") == "price noise")
    line = found.of("max_drawdown").filter(pl.col("variation") == "price noise").row(0, named=True)
    values = noise["max_drawdown"].to_numpy()
    assert line["base"] == found.base.metrics["max_drawdown"]
    assert line["median"] == pytest.approx(np.median(values))
    assert line["q05"] == pytest.approx(np.quantile(values, 0.95))
    assert (line["worst"], line["runs"]) == (values.max(), 9)
    every_run = found.of("sharpe").row(0, named=True)
    known = found.runs["sharpe"].drop_nulls().to_numpy()
    assert every_run["q05"] == pytest.approx(np.quantile(known, 0.05))
    assert every_run["worst"] == known.min()


def test_parameters_move_around_their_point() -> None:
    found = omega.stress(
        candles(200, seed=5), omega.native("zscore_reversion", window=20, threshold=1.5), runs=8
    )
    told = found.runs.filter(pl.col("variation") == "parameters")["about"].to_list()
    about = [dict(part.split() for part in text.split(", ")) for text in told]
    windows = {float(one["window"]) for one in about}
    assert windows <= {18.0, 19.0, 20.0, 21.0, 22.0}
    assert len(windows) > 1
    assert all(1.35 <= float(one["threshold"]) <= 1.65 for one in about)
    assert "1.5" not in {one["threshold"] for one in about}
    # What was not given moves around its default, as in a class.
    assert {float(one["bars_at_most"]) for one in about} <= set(map(float, range(27, 34)))
    assert all(3.6 <= float(one["stop_atrs"]) <= 4.4 for one in about)


def test_a_native_strategy_without_parameters_has_its_defaults() -> None:
    found = omega.stress(candles(200, seed=5), omega.native("sma_cross"), runs=2, starts=1)
    assert sorted(found.skipped) == ["costs x 1.5", "costs x 2"]
    about = found.runs.filter(pl.col("variation") == "parameters")["about"]
    assert all(text.startswith("fast ") and ", slow " in text for text in about)


def test_later_starts_are_those_of_the_plain_run() -> None:
    frame = candles(300, seed=7)
    found = omega.stress(frame, Follows, runs=1, starts=2, reach=0.5)
    # The base begins with the first bar: a quarter of 300, and a half.
    later = found.runs.filter(pl.col("variation") == "later start")
    for row, step in zip(later.iter_rows(named=True), (75, 150), strict=True):
        plain = omega.run_backtest(frame, Follows(), start=frame["time"][step])
        assert row["fingerprint"] == plain.fingerprint


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), share=st.floats(0.0, 1.0), spread=st.floats(0.0, 2.0))
def test_noise_keeps_candles_valid(seed: int, share: float, spread: float) -> None:
    frame = candles(60, seed=seed % 1_000)
    sided = frame.select(
        "time",
        *(pl.col(one).alias(f"bid_{one}") for one in ("open", "high", "low", "close")),
        *((pl.col(one) + spread).alias(f"ask_{one}") for one in ("open", "high", "low", "close")),
    )
    store = with_noise(omega.CandleStore(sided), share, seed)
    assert omega.CandleStore(pl.DataFrame(store)).validate().is_empty()
    moved = (pl.DataFrame(store)["bid_close"] - sided["bid_close"]).abs()
    reach = (sided["bid_high"] - sided["bid_low"]) * share
    assert bool((moved <= reach + 1e-9).all())


def test_noise_moves_quotes_alike_and_keeps_the_spread_of_plain_bars() -> None:
    times = candles(50, seed=1)["time"]
    bid = pl.Series(100 + np.arange(50) * 0.1)
    quotes = pl.DataFrame({"time": times, "bid": bid, "ask": bid + 0.02})
    moved = pl.DataFrame(with_noise(omega.CandleStore(quotes), 0.5, 3))
    assert (moved["ask"] - moved["bid"]).round(9).unique().to_list() == [0.02]
    assert not moved["bid"].equals(bid)
    plain = omega.Candles(bid=candles(50, seed=1), spread=0.3)
    assert (
        with_noise(omega.CandleStore(plain), 0.5, 3).symbol("SYMBOL").native.spread("SYMBOL") == 0.3
    )


def test_draws_depend_on_their_keys_alone() -> None:
    assert uniforms(5, 1_000)[:10].tolist() == uniforms(5, 10).tolist()
    assert abs(uniforms(5, 100_000).mean() - 0.5) < 0.005
    assert len({seed_of(1, k) for k in range(100)}) == 100


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"runs": 0}, "runs: given 0"),
        ({"noise": 2}, "noise: given 2"),
        ({"dropped": -0.1}, "dropped: given -0.1"),
        ({"factors": [0]}, "factors: given"),
        ({"parameters": {"m": 3}}, "m"),
        ({"worker": 2}, "stress: no argument .worker."),
        ({"workers": 0}, "workers: given 0"),
        ({"executor": 3}, "executor: given 3"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(omega.ConfigError, match=words):
        omega.stress(candles(100, seed=1), Follows, **wrong)
