"""What a report holds, how large it is, and what it can do: nothing beyond itself."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import omega
from omega.errors import ConfigError
from omega.notices import Notice
from omega.remedies import SITE
from omega.report import _candles, _codec
from omega.results.result import BacktestResult, example_result
from tests.support import report_runs as runs

VENDOR = Path("python/omega/report/assets/vendor")
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&"


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    first = runs.sample().report(tmp_path / "one.html").read_bytes()
    again = omega.run_backtest(runs.SAMPLE, runs.Bracketed(), symbol="EURUSD", **runs.SETTINGS)
    assert again.report(tmp_path / "two.html").read_bytes() == first


def test_a_report_names_no_address_but_of_its_documentation_and_library(
    tmp_path: Path,
) -> None:
    page = runs.sample().report(tmp_path / "run.html").read_text("utf-8")
    own = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r"https?://[^\"'\s<]+", own) == [
        f"{SITE}/page/concepts/assumptions-and-limits.html",
        "https://www.tradingview.com/",
    ]
    assert not re.search(r"<(link|iframe|img|object|embed)\b", own)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy[1].split("style-src")[0]


def test_texts_of_the_user_are_escaped_everywhere(tmp_path: Path) -> None:
    candles = pl.read_parquet(runs.SAMPLE)
    result = omega.run_backtest(candles, runs.Bracketed(), symbol=HOSTILE)
    result.notices = (Notice("warning", "data", HOSTILE),)
    result.config[HOSTILE] = HOSTILE
    pages = [
        result.report(tmp_path / "run.html", title=HOSTILE).read_text("utf-8"),
        omega.compare({HOSTILE: result, "b": example_result()}, title=HOSTILE).html,
        omega.report.heatmap(
            pl.DataFrame({HOSTILE: [HOSTILE, "b"], "y": [1, 2], "m": [0.1, 0.2]}),
            x=HOSTILE, y="y", metric="m", title=HOSTILE,
        ).html,
        omega.report.parallel(
            pl.DataFrame({HOSTILE: [HOSTILE, "b"], "m": [0.1, 0.2]}), metric="m", title=HOSTILE
        ).html,
    ]  # fmt: skip
    for page in pages:
        assert "<img" not in page
        assert HOSTILE not in page


def test_a_loaded_result_says_that_it_has_no_candles_and_takes_them(tmp_path: Path) -> None:
    runs.sample().save(tmp_path / "run")
    loaded = BacktestResult.load(tmp_path / "run")
    without = loaded.report(tmp_path / "without.html").read_text("utf-8")
    assert "No candles: this result does not know the data" in without
    assert 'id="chart"' not in without
    with_data = loaded.report(tmp_path / "with.html", data=runs.SAMPLE).read_text("utf-8")
    assert "No candles" not in with_data
    assert 'id="chart"' in with_data


def test_candles_of_other_symbols_are_refused() -> None:
    candles = omega.CandleStore(pl.read_parquet(runs.SAMPLE), symbol="GBPUSD")
    with pytest.raises(omega.ConfigError, match=r"candles of GBPUSD, expected those of EURUSD"):
        example_result().plot(data=candles)


def test_an_unknown_detail_is_refused() -> None:
    with pytest.raises(omega.ConfigError, match="expected 'auto' or 'full'"):
        example_result().plot(detail="more")


def test_a_run_without_trades_has_a_report() -> None:
    result = omega.run_backtest(runs.SAMPLE, lambda bar: None)
    page = result.plot().html
    assert "There are no closed trades." in page
    assert "No trade depends on the order of prices" in page


def test_every_symbol_has_its_candles() -> None:
    one = pl.read_parquet(runs.SAMPLE)
    result = omega.run_backtest({"A": one, "B": one.slice(100)}, runs.Bracketed())
    page = result.plot().html
    assert '<option value="0">A</option><option value="1">B</option>' in page


def test_the_ambiguity_interval_is_shown() -> None:
    page = example_result().plot().html
    assert "60.00" in page
    assert "1 of 3 trades (33.3 %)" in page


@pytest.mark.parametrize("room", [80_000, 50_000, 15_000])
def test_candles_stay_within_the_room_they_are_given(room: int) -> None:
    rng = np.random.default_rng(5)
    count = 100_000
    close = 100_000 + np.cumsum(rng.integers(-9, 10, count))
    bars = _candles.Bars(
        np.arange(count) * 60_000_000_000, close, close + 3, close - 2, close, 5, exact=True
    )
    entries = np.sort(rng.integers(0, count - 50, 200))
    packed = _candles.pack(bars, entries, entries + 20, room)
    assert packed.size + 24 * len(packed.about["fine"]) <= room
    assert packed.about["factor"] > 1
    assert packed.about["fine"] or room < 40_000
    whole = _candles.pack(bars, entries, entries + 20, None)
    assert whole.about["factor"] == 1


def test_prices_without_exact_decimals_are_rounded_to_a_share_of_a_bar() -> None:
    row = {"open": [1 / 3], "high": [0.35], "low": [0.33], "close": [1 / 3 + 0.001]}
    bars = _candles.bars_of(pl.DataFrame({"time": [datetime(2024, 1, 1, tzinfo=UTC)], **row}))
    assert (bars.decimals, bars.exact) == (4, False)


def test_long_integers_are_written_whole() -> None:
    assert _codec.unsigned(np.array([2**40])).hex() == "808080808020"


def test_the_bundled_library_is_the_one_that_is_named() -> None:
    told = re.findall(r"`([0-9a-f]{64})`", (VENDOR / "README.md").read_text("utf-8"))
    library = VENDOR / "lightweight-charts.standalone.production.js"
    assert [hashlib.sha256(library.read_bytes()).hexdigest()] == told
    assert {"LICENSE", "NOTICE"} <= {file.name for file in VENDOR.iterdir()}


def test_a_notebook_gets_a_frame_that_may_run_scripts_and_nothing_else() -> None:
    shown = example_result().plot()._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts" srcdoc="&lt;!DOCTYPE html&gt;')
    assert "allow-same-origin" not in shown


def test_a_comparison_has_metrics_and_the_settings_that_differ() -> None:
    cash = runs.SETTINGS | {"cash": 20_000.0}
    second = omega.run_backtest(runs.SAMPLE, runs.Bracketed(), symbol="EURUSD", **cash)
    both = omega.compare([runs.sample(), second])
    assert both.table.filter(metric="initial_equity").row(0)[1:] == (10_000.0, 20_000.0)
    assert both.settings.rows() == [("cash", "10000.0", "20000.0")]
    with pytest.raises(omega.ConfigError, match="given none"):
        omega.compare([])


def test_a_heat_map_joins_the_runs_of_a_cell_as_it_is_told() -> None:
    frame = pl.DataFrame({"x": [1, 1, 2], "y": [5, 5, 5], "m": [1.0, 3.0, None]})
    made = omega.report.heatmap(frame, x="x", y="y", metric="m")
    assert made.table.rows() == [(5, 2.0)]
    assert "1 run without a finite value left out" in made.html
    best = omega.report.heatmap(frame, x="x", y="y", metric="m", aggregate="max")
    assert best.table.rows() == [(5, 3.0)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"metric": "shape"}, "Did you mean 'sharpe'"),
        ({"metric": "kind"}, "expected a column of numbers"),
        ({"metric": "none"}, "no run has a value of 'none'"),
        ({"metric": "sharpe", "parameters": ["fst"]}, "no column 'fst'"),
    ],
)
def test_a_column_that_cannot_be_shown_is_refused(words: dict[str, object], message: str) -> None:
    none = pl.Series([None, None], dtype=pl.Float64)
    frame = pl.DataFrame({"fast": [1, 2], "kind": ["a", "b"], "none": none, "sharpe": [0.1, 0.2]})
    with pytest.raises(omega.ConfigError, match=message):
        omega.report.parallel(frame, **words)  # type: ignore[arg-type]  # the words are the case


def test_very_many_runs_are_thinned_and_the_page_says_so() -> None:
    frame = pl.DataFrame({"fast": range(20_000), "m": np.linspace(-1, 1, 20_000)})
    made = omega.report.parallel(frame, metric="m")
    assert "Of 20,000 runs 5,000 are drawn" in made.html
    assert len(made.html) < 1_000_000


def test_only_a_page_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "notes.html"
    file.touch()
    runs.sample().report(file)
    before = file.read_bytes()
    assert runs.sample().report(file).read_bytes() == before
    file.write_text("<!DOCTYPE html>mine")
    with pytest.raises(ConfigError, match="is no page that Omega wrote; give another name"):
        runs.sample().report(file)
    assert file.read_text() == "<!DOCTYPE html>mine"
    assert list(tmp_path.iterdir()) == [file]
