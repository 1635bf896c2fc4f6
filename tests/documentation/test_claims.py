"""Claims of the pages that no block shows: what a reader would try, tried."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import omega
from omega.cli import main
from tests.documentation.namespace import CANDLES
from tests.documentation.prose import MADE, PAGES, TOP

CORE = TOP / "rust/omega_core/src/indicators"
GONE = {
    r"lines? \d+ of \[?Execution": "rules have names and anchors",
    r"semantics, sections? \d": "the rules are docs/reference/rules.md",
    r"the public contract": "no such page is in the repository",
    r"thousands of random": "`make test` tries hundreds",
    r"\d\d indicators": "the catalog grows; the page lists them",
    r"go back to the version before": "nothing is published",
}
"""Sentences that were not true when they were tried."""
SPEED = re.compile(r"\d (?:ns|us|µs|ms) (?:per|a) (?:bar|trade|run)|\d MB/s")
MEASURED = re.compile(r"two cores|one core\b|processor|machine(?! code)|callgrind|make bench")
SWEPT = "python/omega/examples/sma_cross.py:SmaCross"


class Idle(omega.Strategy):
    def on_bar(self, bar: omega.Bar) -> None:
        """Nothing."""


@pytest.mark.parametrize("claim", GONE)
def test_what_was_not_true_is_gone(claim: str) -> None:
    texts = [*PAGES, *(TOP / "python/omega").rglob("*.py"), *(TOP / "rust").glob("*/src/**/*.rs")]
    for path in texts:
        found = re.findall(claim, path.read_text(encoding="utf-8"), re.IGNORECASE)
        assert found == [], f"{path}: {GONE[claim]}"


def test_nothing_is_installed_from_where_it_is_not() -> None:
    """Extras of the installed package are found; the package itself is a file."""
    for page in PAGES:
        for line in re.findall(r"pip install +([^`\n]*omega[^`\n]*)", page.read_text("utf-8")):
            assert re.match(r"'omega-backtest\[\w+\]'|\S*\.whl|out/dist|\.", line), page


def test_a_page_with_speeds_names_what_they_were_measured_on() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if page.relative_to(TOP).as_posix() not in MADE and SPEED.search(text):
            assert MEASURED.search(text), page


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_table_of_a_sweep_can_be_read(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    omega.sample("EURUSD").head(4_000).write_parquet(tmp_path / "candles.parquet")
    words = ("--grid", "fast=3,5", "--grid", "slow=20,30", "--workers", "1")
    done = CliRunner().invoke(
        main, ["sweep", str(TOP / SWEPT), f"{tmp_path}/candles.parquet", *words]
    )
    assert done.exit_code == 0, done.output
    rows = [re.split(r"\s*│\s*", line)[1:-1] for line in done.stdout.splitlines() if "│" in line]
    bodies = [row for row in rows if row[0].isdecimal()]
    assert sorted(row[1:3] for row in bodies) == [[a, b] for a in "35" for b in ("20", "30")]
    assert all(len(row) > 8 and all(row) for row in bodies), rows


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Exception, match=r".") as info:
        call()
    return f"{type(info.value).__name__}: {info.value}"


def run(data: Any = CANDLES, **settings: Any) -> omega.BacktestResult:  # noqa: ANN401 - passed on
    return omega.run_backtest(data, Idle(), **settings)


SINGLE = CANDLES.with_columns(pl.col("spread").cast(pl.Float32))
TORN = CANDLES.with_columns(high=pl.when(pl.col("close") > 104).then(1.0).otherwise("high"))
ADVICE = {
    "a type": (lambda: run(SINGLE), "Pass cast=True"),
    "bad rows": (lambda: run(TORN), r"CandleStore\(data, validate='report'\)\.validate\(\)"),
    "a report": (lambda: run(validate="report"), r'CandleStore\(data, validate="report"\)'),
    "a CSV": (lambda: run("x.csv"), r"omega\.read_candles\(path\), or `omega data import`"),
    "an argument": (lambda: run(commission=0.1), "TypeError: .*'commission'"),
    "no file": (lambda: omega.Dataset("none.parquet"), "ConfigError: .*there is no file"),
    "a later bar": (lambda: omega.run_backtest(CANDLES, lambda bar: bar.ago(-1)), "IndexError"),
    "an index": (
        lambda: omega.run_backtest(CANDLES, lambda bar: bar[-1]),
        r"TypeError: .*ago\(1\)",
    ),
}


@pytest.mark.parametrize("case", ADVICE)
def test_an_error_names_a_way_that_is_there(case: str) -> None:
    call, pattern = ADVICE[case]
    assert re.search(pattern, refused(call))


def test_what_the_errors_advise_works(tmp_path: Path) -> None:
    assert run(SINGLE, cast=True).copied_bytes > 0
    bad = omega.CandleStore(TORN, validate="report").validate()
    assert bad.height == TORN.filter(pl.col("high") < 100).height > 1
    (tmp_path / "torn.parquet").write_bytes(b"no parquet")
    omega.Dataset(tmp_path / "torn.parquet")  # opens no file


@pytest.mark.parametrize(("bars", "calls"), [(50, 1), (20_000, 20), (200_000, 98)])
def test_progress_is_reported_about_a_hundred_times_at_most(bars: int, calls: int) -> None:
    time = pl.datetime_range(
        pl.datetime(2020, 1, 1), pl.datetime(2030, 1, 1), "1m", eager=True
    ).head(bars)
    frame = pl.DataFrame({"time": time}).with_columns(
        pl.lit(1.0).alias(name) for name in ("open", "high", "low", "close")
    )
    done: list[int] = []
    parts = (frame, frame, Idle(), omega.ExecutionSimulator(), omega.Portfolio())
    omega.EventEngine(*parts, on_progress=lambda at, _: done.append(at)).run()
    assert len(done) == calls
    assert done[-1] == bars - 1


def test_a_manifest_does_not_tell_prices_apart() -> None:
    """As D1 states: it names rows, times and columns."""
    prices = pl.col("open", "high", "low", "close") * 1.5
    one, other = run(), run(CANDLES.with_columns(prices))
    assert one.manifest == other.manifest


def test_the_indicators_that_take_a_logarithm_are_named() -> None:
    """The C library's logarithm may differ in its last bit: the tutorial names what calls it."""
    calls = re.compile(r"\.(?:ln|log10|log2|exp|powf|sin|cos)\(")
    files = {
        path.stem
        for path in CORE.rglob("*.rs")
        if calls.search(path.read_text(encoding="utf-8").partition("#[cfg(test)]")[0])
    }
    assert files == {"garch", "volatility_clusters", "volatility"}
    named = "(`choppiness`, `garch_*`, `volatility_cluster`)"
    assert named in (TOP / "docs/tutorial.md").read_text(encoding="utf-8")
