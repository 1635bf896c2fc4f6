"""What readers of a report stumbled over once: signs, plurals, marks of axes, names, cut labels."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import omega
from omega.report import _labels, _numbers, _page, _parts, _pricing, _svg
from omega.report._candles import Bars
from omega.report._metrics import formatted
from omega.results.result import example_result
from tests.support import report_runs as runs

ASSETS = Path("python/omega/report/assets")
RNG = np.random.default_rng(7)


@pytest.mark.parametrize("span", [1e-6, 0.003, 0.7, 5.0, 42.0, 999.0, 4_200.0, 1.3e6, 7e9])
@pytest.mark.parametrize("share", [0.0, -0.4, 0.37])
def test_marks_of_an_axis_are_even_and_as_short_as_they_can_be(span: float, share: float) -> None:
    low, high = share * span, share * span + span
    marks = _numbers.marks(low, high, 6)
    values, texts = [value for value, _ in marks], [text for _, text in marks]
    assert 2 <= len(marks) <= 6
    steps = np.diff(values)
    assert steps == pytest.approx([steps[0]] * len(steps))
    first = f"{steps[0]:.0e}"[0]
    assert first in "125"
    assert low - 1e-9 * span <= min(values) <= max(values) <= high + 1e-9 * span
    assert len(set(texts)) == len(texts)
    assert len({len(text.partition(".")[2]) for text in texts if text[-1].isdigit()} - {0}) <= 1
    shown = [text for value, text in marks if value != 0]
    assert not [text for text in shown if text.endswith((".0", "000000"))]
    assert "\u22120" not in texts


@pytest.mark.parametrize("size", [0.004, 3.0, 1_400.0, 2.5e6])
def test_no_label_of_a_still_chart_is_cut_at_an_edge(size: float) -> None:
    values = RNG.normal(0.0, size, 500)
    for drawn in (
        _svg.histogram(values, "R"),
        _svg.columns([(f"{k:02}", float(v), _numbers.money(v)) for k, v in enumerate(values[:24])],
                     "by hour"),
    ):  # fmt: skip
        box = re.search(r'viewBox="0 0 (\d+) \d+"', drawn)
        assert box is not None
        for x, anchor, text in re.findall(
            r'<text class="\w+" x="([\d.-]+)"[^>]*?(?:text-anchor="(\w+)")?>([^<]*)</text>', drawn
        ):
            wide = 6.5 * len(text)
            left = float(x) - {"middle": wide / 2, "end": wide}.get(anchor, 0.0)
            assert left >= -1, (text, x)
            assert left + wide <= int(box[1]) + 8, (text, x)


def test_a_page_without_times_of_day_has_dates() -> None:
    body = "<p>2024-01-05 00:00: ruin, from 2024-01-02 00:00 to <b>2024-01-09 00:00</b></p>"
    dated = _page.page(title="A", body=body, scripts=[])
    assert "<p>2024-01-05: ruin, from 2024-01-02 to <b>2024-01-09</b></p>" in dated
    assert '<html lang="en" data-dated>' in dated
    timed = _page.page(title="A", body=f"{body} 2024-01-09 23:59", scripts=[])
    assert body in timed
    assert "data-dated" not in timed


def test_a_table_of_a_strategy_is_named_by_its_rows() -> None:
    one = pl.read_parquet(runs.SAMPLE).head(50)
    rows = pl.DataFrame({"time": one["time"][:30], "A": [0.5] * 30, "B": [0.4] * 30})
    page = omega.run_backtest({"A": one, "B": one}, omega.Weights(rows)).plot().html
    assert "Weights(targets=a table of 30 rows" in page.replace("&#x27;", "'")
    assert "\u250c" not in page.partition("<body>")[2].partition("<script")[0]


def test_bars_of_a_table_begin_at_one_zero_and_share_its_width() -> None:
    rows = [("a", ["3"]), ("b", ["-1"]), ("c", ["0"]), ("d", ["-"])]
    drawn = _parts.table(["Net"], rows, sizes=[3.0, -1.0, 0.0, float("nan")])
    assert re.findall(r'"--zero:([\d.]+)%"', drawn) == ["25.0"] * 4
    found = re.findall(r'class="bar (\w+)" style="left:([\d.]+)%;width:([\d.]+)%"', drawn)
    assert found[:2] == [("win", "25.0", "75.0"), ("loss", "0.0", "25.0")]
    assert [width for _, _, width in found[2:]] == ["0.0", "0.0"]
    assert _parts.table(["Net"], rows).count("<td") == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.001, "0.00"), (-0.0, "0.00"), (-1.0, "\u22121.00"), (4_000.0, "4,000.00")],
)
def test_what_shows_as_nothing_has_no_sign(value: float, text: str) -> None:
    assert _numbers.money(value) == text
    assert formatted("swap", value).replace("-", "\u2212") == text


def test_one_of_something_is_not_several() -> None:
    candles = pl.read_parquet(runs.SAMPLE)
    result = omega.run_backtest(
        candles, lambda bar: omega.Signal("long") if bar.index == 5 else None, symbol="X"
    )
    assert result.trades.height == 1
    page = re.sub(r"<script.*?</script>", "", result.plot().html, flags=re.DOTALL)
    assert not re.search(r"\b1 (trades|runs|days|bars|orders|symbols)\b", page)
    assert "1 run compared" in omega.compare([result]).html


def test_candles_and_outcomes_have_colours_of_their_own() -> None:
    for theme in re.findall(r":root[^{]*\{([^}]*--up[^}]*)\}", (ASSETS / "page.css").read_text()):
        colours = dict(re.findall(r"--([\w-]+): (#\w+)", theme))
        used = [colours[name] for name in ("up", "down", "win", "loss")]
        assert len(set(used)) == 4


def test_names_are_those_of_people() -> None:
    for name in example_result().metrics:
        assert "_" not in _labels.label(name)
        assert _labels.label(name)[0].isupper()
    page = example_result().plot().html
    shown = re.findall(r"<th[^>]*>([^<]*)</th>", page)
    assert shown
    assert not [name for name in shown if "_" in name]


def test_a_title_says_how_many_symbols_it_leaves_out() -> None:
    one = pl.read_parquet(runs.SAMPLE).head(50)
    result = omega.run_backtest({f"S{k:02}": one for k in range(20)}, lambda bar: None)
    page = result.plot().html
    assert "<h1>Backtest of S00, S01, S02 and 17 more</h1>" in page


def test_prices_have_the_decimals_of_the_tick() -> None:
    start, prices = datetime(2024, 1, 1, tzinfo=UTC), [1_400.0, 1_400.25, 1_401.125]
    candles = pl.DataFrame(
        {
            "time": [start + timedelta(hours=k) for k in range(3)],
            **dict.fromkeys(("open", "high", "low", "close"), prices),
        }
    )
    for tick, precision in ((0.25, 2), (1e-5, 5), (5.0, 0)):
        result = omega.run_backtest(
            candles, lambda bar: None, instruments=omega.Instrument("X", tick_size=tick), symbol="X"
        )
        assert f'"precision":{precision},"step":{tick:g}'.replace("e-05", "e-05") in (
            result.plot().html
        )
    both = {"instrument": {"A": "Instrument(tick_size=0.5)", "B": "Instrument(tick_size=None)"}}
    assert (_pricing.tick_of(both, "A"), _pricing.tick_of(both, "B")) == (0.5, None)


def test_without_a_tick_prices_have_as_many_decimals_as_bars_need() -> None:
    close = np.array([1_400_123_456, 1_402_000_001])
    bars = Bars(np.arange(2), close, close + 900_000, close - 900_000, close, 6, exact=True)
    assert _pricing.precision_of(bars, None) == (1, 0.1)
