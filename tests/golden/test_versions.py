"""The golden runs under both versions of the rules: what moved, and by how much.

Under `semantics=1` they are those of the first release, whose numbers lie in `first_release/`, with
the fingerprints that it gave. The page of the second version has a table of the differences, which
`make golden` writes anew.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

import omega
from tests.golden.frozen import HERE, RENEW, TOP, compare_facts, daily, minutes
from tests.golden.test_golden import POUNDS, SAMPLE, pounds, run
from tests.golden.test_several import GOLD, OANDA, Crossings, HourlyTrend
from tests.support.first_fingerprint import first_fingerprint

PAGE = TOP / "docs" / "guides" / "second-version.md"
SHOWN = ("trades", "net_profit", "max_drawdown", "sharpe", "profit_factor")


def sample(semantics: int) -> omega.BacktestResult:
    """Give the run over the sample."""
    return run(SAMPLE, "EURUSD", "auto", semantics)


def february(semantics: int) -> omega.BacktestResult:
    """Give the run over a month of pounds."""
    return run(pounds(), "GBPUSD", "auto", semantics)


def may(semantics: int) -> omega.BacktestResult:
    """Give the run over euros and gold."""
    data = {"EURUSD": minutes("EURUSD", "forex"), "XAUUSD": minutes("XAUUSD", "cfd")}
    return omega.run_backtest(data, HourlyTrend(), instruments="auto", semantics=semantics, **GOLD)


def years(semantics: int) -> omega.BacktestResult:
    """Give the run over three pairs."""
    data = {name: daily(name) for name in ("EURGBP", "GBPUSD", "EURUSD")}
    return omega.run_backtest(
        data, Crossings(), instruments="auto", cash=100_000.0, semantics=semantics
    )


RUNS: dict[str, tuple[str, Callable[[int], omega.BacktestResult], bool]] = {
    "sample": ("z-score, a generated walk, minutes", sample, True),
    "gbpusd_february_2012": ("z-score, GBPUSD, a month of minutes", february, POUNDS.is_dir()),
    "eurusd_xauusd_may_2014": ("trend, EURUSD and XAUUSD in euros", may, OANDA.is_dir()),
    "three_pairs_2007_to_2018": ("averages, three pairs, twelve years", years, OANDA.is_dir()),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_first_version_and_the_page(name: str) -> None:
    title, run_of, is_there = RUNS[name]
    if not is_there:
        pytest.skip(f"no real candles for {name}; set OMEGA_DATA")
    first, second = run_of(1), run_of(2)
    if RENEW:
        renew(title, row(title, first, second))
    compare_facts(f"first_release/{name}.json", first, fingerprint=first_fingerprint(first))
    assert row(title, first, second) in PAGE.read_text(), f"{PAGE.name}: `make golden` renews it"


def row(title: str, first: omega.BacktestResult, second: omega.BacktestResult) -> str:
    """Give a line of the table: each metric before and after, once where it stayed."""
    cells = []
    for name in SHOWN:
        before, after = (f"{result.metrics[name]:.6g}" for result in (first, second))
        cells.append(before if before == after else f"{before} → {after}")
    scaled = int(second.orders["note"].is_not_null().sum())
    refused = [int((r.orders["status"] == "rejected").sum()) for r in (first, second)]
    cells += [" → ".join(map(str, dict.fromkeys(refused))), str(scaled)]
    return f"| {title} | {' | '.join(cells)} |"


def renew(title: str, line: str) -> None:
    """Write a line of the table anew."""
    kept = PAGE.read_text().splitlines()
    kept = [line if old.startswith(f"| {title} |") else old for old in kept]
    PAGE.write_text("\n".join(kept) + "\n")


def test_every_golden_run_has_its_first_numbers() -> None:
    assert {file.stem for file in (HERE / "first_release").glob("*.json")} == set(RUNS)
