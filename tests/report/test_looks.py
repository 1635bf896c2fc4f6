"""Every page in a browser: nothing overflows, and all can be reached, read and relied on."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import omega
from omega.report import _benchmark_curves
from omega.results.result import example_result
from tests.support import report_runs as runs
from tests.support.browser import Tab, browser, found

PROGRAM = found()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium was found; install it with apt-get install chromium"
)
AXE = importlib.util.find_spec("axe_core_python")
CHECK = """
axe.run(document, { resultTypes: ["violations"] }).then((found) =>
  found.violations.map((one) => [one.id, one.nodes.length, one.nodes[0].html.slice(0, 200)]))
"""
DRAWN = """
(async () => {
  if (window.omega && omega.drawAll) omega.drawAll();
  for (let k = 0; k < 100; k += 1) {
    const boxes = [...document.querySelectorAll("[data-curves], #scatter")];
    if (boxes.every((box) => box.dataset.drawn)) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  await new Promise((done) => setTimeout(done, 200));
})()
"""
WIDE = """
[...document.querySelectorAll("body *")].filter((one) => {
  const { left, right } = one.getBoundingClientRect();
  if (right <= innerWidth + 1 && left >= -1) return false;
  return !one.closest(".scroll, .grid, #chart, [data-curves], svg, caption");
}).map((one) => one.outerHTML.slice(0, 120))
"""
KINDS = (
    "run", "several", "none", "empty", "ruined", "swept", "compare", "heatmap", "parallel",
    "forward",
)  # fmt: skip


class Several(omega.Strategy):
    """Hold a few of many symbols, with tags."""

    def init(self) -> None:
        self.mean = self.sma(20)

    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index % 150 == 30 and not self.positions:
            for k in range(0, 20, 3):
                order = self.buy if k % 2 else self.sell
                order(0.05, symbol=f"S{k:02}", tags=("group", f"tag {k}"))
        if bar.index % 150 == 130:
            self.close()


def several() -> omega.BacktestResult:
    one = pl.read_parquet(runs.SAMPLE).head(1_500)
    candles = {f"S{k:02}": one[k:] for k in range(20)}
    return omega.run_backtest(candles, Several(), costs=omega.Costs(fee_per_lot=1.0))


def ruined() -> omega.BacktestResult:
    prices = [100.0, 100.0, 90.0, 40.0, 20.0, 20.0]
    start = pl.datetime(2024, 1, 1, time_zone="UTC")
    candles = pl.select(time=pl.datetime_range(start, pl.datetime(2024, 1, 6, time_zone="UTC")))
    candles = candles.with_columns(
        pl.Series(name, prices) for name in ("open", "high", "low", "close")
    )
    return omega.run_backtest(
        candles, lambda bar: omega.Signal("long", size=300) if bar.index == 0 else None,
        account=omega.Account(kind="margin", leverage=10.0),
    )  # fmt: skip


def swept() -> omega.BacktestResult:
    one = omega.sweep(runs.SAMPLE, omega.native("sma_cross"), {"fast": [3, 5], "slow": [20, 30]})
    return one.run(one.best("total_return"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    frame = pl.DataFrame({"fast": [1, 2, 1, 2], "slow": [1, 2, 2, 1], "m": [0.1, 0.2, 0.3, -0.4]})
    empty = omega.run_backtest(runs.SAMPLE, lambda bar: None)
    return {
        "run": runs.sample().report(folder / "run.html"),
        "several": several().report(folder / "several.html"),
        "none": example_result().report(folder / "none.html"),
        "empty": empty.report(folder / "empty.html"),
        "ruined": ruined().report(folder / "ruined.html"),
        "swept": swept().report(folder / "swept.html"),
        "forward": omega.walk_forward(
            runs.SAMPLE,
            omega.native("sma_cross", fast=5),
            {"slow": [20, 30]},
            train=900,
            test=500,
            objective="total_return",
        ).to_html(folder / "forward.html"),
        "compare": omega.compare([runs.sample(), empty]).report(folder / "compare.html"),
        "heatmap": omega.report.heatmap(frame, x="fast", y="slow", metric="m").report(
            folder / "heatmap.html"
        ),
        "parallel": omega.report.parallel(frame, metric="m").report(folder / "parallel.html"),
    }


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    assert PROGRAM is not None
    with browser(PROGRAM) as opened:
        yield opened


def shown(tab: Tab, page: Path, width: int = 1280, *, dark: bool = False) -> None:
    tab.problems.clear()
    tab.size(width, 900, dark=dark)
    tab.open(page)
    tab.run(DRAWN)
    assert tab.problems == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True), (2560, False)])
def test_nothing_is_wider_than_the_window(
    tab: Tab, pages: dict[str, Path], kind: str, width: int, *, dark: bool
) -> None:
    shown(tab, pages[kind], width, dark=dark)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run(WIDE) == []
    assert tab.run("document.documentElement.dataset.theme") == ("dark" if dark else "light")


def test_a_phone_shows_all_columns_of_a_small_heat_map_and_prices_are_whole(
    tab: Tab, tmp_path: Path
) -> None:
    frame = pl.DataFrame({"fast": [1, 2, 3, 4, 5, 6], "slow": [1] * 6, "m": [0.1] * 5 + [0.9]})
    drawn = omega.report.heatmap(frame, x="fast", y="slow", metric="m")
    shown(tab, drawn.report(tmp_path / "map.html"), 390)
    assert tab.run("document.querySelector('rect.best').getBoundingClientRect().right < innerWidth")
    dear = pl.read_parquet(runs.SAMPLE).with_columns(
        pl.col("^.*_(open|high|low|close)$") * 54_321.123
    )
    candles = {f"S{k:02}": dear for k in range(20)}
    result = omega.run_backtest(candles, Several(), account=omega.Account(leverage=1e6))
    shown(tab, result.report(tmp_path / "dear.html"))
    cut = (
        "[...document.querySelectorAll('.cell')].filter((one) => one.scrollWidth > one.clientWidth)"
    )
    assert tab.run(f"document.querySelectorAll('.cell').length > 20 && {cut}.length") == 0


@pytest.mark.parametrize("width", [390, 1100, 1280, 2560])
def test_no_figure_is_broken_and_names_stay_in_view(
    tab: Tab, pages: dict[str, Path], width: int
) -> None:
    shown(tab, pages["run"], width)
    tall = """(() => {
      const figures = [...document.querySelectorAll(".figures dd")];
      figures[0].textContent = "\u2212351,060,123.37";
      return figures.map((one) => one.getClientRects()[0].height);
    })()"""
    assert max(tab.run(tall)) < 30
    assert tab.run("document.documentElement.scrollWidth") <= width
    moved = """[...document.querySelectorAll(".scroll:has(.plain)")].map((box) => {
      box.scrollLeft = 80;
      const name = box.querySelector("tbody th").getBoundingClientRect().left;
      return name - box.getBoundingClientRect().left;
    })"""
    assert max(abs(off) for off in tab.run(moved)) < 1.5


def test_axes_of_parallel_coordinates_keep_their_distance(tab: Tab, tmp_path: Path) -> None:
    names = [f"parameter_{k}" for k in range(7)]
    frame = pl.DataFrame({name: [1, 2] for name in names} | {"m": [0.1, 0.2]})
    shown(tab, omega.report.parallel(frame, metric="m").report(tmp_path / "p.html"), 390)
    places = tab.run(
        "[...document.querySelectorAll('.axis > line')]"
        ".map((one) => one.getBoundingClientRect().left)"
    )
    assert len(places) == 8
    assert min(np.diff(places)) > 70


@pytest.mark.skipif(AXE is None, reason="axe-core-python is not installed")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dark", [False, True])
def test_whoever_reads_otherwise_can_read_it(
    tab: Tab, pages: dict[str, Path], kind: str, *, dark: bool
) -> None:
    assert AXE is not None
    assert AXE.origin is not None
    shown(tab, pages[kind], dark=dark)
    tab.run((Path(AXE.origin).parent / "axe.min.js").read_text("utf-8") + ";0")
    assert tab.run(CHECK) == []


@pytest.mark.parametrize("kind", KINDS)
def test_charts_are_named_and_headings_are_in_order(
    tab: Tab, pages: dict[str, Path], kind: str
) -> None:
    shown(tab, pages[kind])
    unnamed = tab.run(
        """[...document.querySelectorAll("canvas, svg")].filter((one) =>
          !one.getAttribute("aria-label") && !one.closest("[aria-label]"))
          .map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert unnamed == []
    assert tab.run("document.querySelectorAll('h1').length") == 1
    assert tab.run("document.querySelectorAll('section:not(:has(h2))').length") == 0
    targets = "[...document.querySelectorAll('nav a')].map((a) => a.getAttribute('href'))"
    assert tab.run(f"{targets}.filter((one) => !document.querySelector(one))") == []


def line_of(tab: Tab, place: str, name: str) -> dict[float, float]:
    """The points of a curve as the page has them."""
    points = tab.run(f"omega.curves.{place}.lines.find((one) => one.name === '{name}').points")
    return {one["time"]: one["value"] for one in points if "value" in one}


def test_curves_of_the_page_are_those_of_the_tables(tab: Tab, pages: dict[str, Path]) -> None:
    result = runs.sample()
    shown(tab, pages["run"])
    times = result.equity["time"].dt.epoch("s").to_list()
    expected: dict[tuple[str, str], Any] = {
        ("growth", "Equity"): result.equity["equity"],
        ("exposure", "Open positions"): result.equity["open_positions"],
        ("growth", "Drawdown"): result.equity["equity"] / pl.concat(
            [pl.Series([10_000.0]), result.equity["equity"]]
        ).cum_max()[1:] - 1,
    }  # fmt: skip
    for (place, name), values in expected.items():
        known = dict(zip(times, values.to_list(), strict=True))
        drawn = line_of(tab, place, name)
        assert len(drawn) > 1_000
        assert max(abs(known[time] - value) for time, value in drawn.items()) < 0.0051, name
    drop = min(line_of(tab, "growth", "Drawdown").values())
    assert -drop == pytest.approx(float(str(result.metrics["max_drawdown"])), abs=1e-6)
    assert result.candles is not None
    held = _benchmark_curves.buy_and_hold(result, {0: result.candles})
    assert held is not None
    own = line_of(tab, "growth", "Buy and hold")
    assert own[times[-1]] == pytest.approx(held[-1], abs=0.0051)


def test_curves_take_the_width_of_their_chart(tab: Tab, pages: dict[str, Path]) -> None:
    shown(tab, pages["several"])
    for width in (1280, 700, 2560):
        tab.size(width, 900)
        tab.run(DRAWN)
        shares = tab.run(
            """Object.values(omega.curves).map(({ chart, lines }) => {
              const { from, to } = chart.timeScale().getVisibleLogicalRange();
              const times = lines.flatMap(({ points }) => points.map(({ time }) => time));
              return (new Set(times).size - 1) / (to - from);
            })"""
        )
        assert len(shares) == 3
        assert min(shares) > 0.8


def test_a_price_scale_may_be_logarithmic_where_no_value_is_below_zero(
    tab: Tab, pages: dict[str, Path]
) -> None:
    click = "[...document.querySelectorAll('{} button')].find((one) => one.textContent === 'Log"
    click += " scale')?.click()"
    mode = "omega.{}.priceScale().options().mode"
    for place, series in (
        ("#lines", "chart.series"),
        ("[data-keys=growth]", "curves.growth.series[0]"),
    ):
        shown(tab, pages["run"])
        assert tab.run(f"{click.format(place)}; {mode.format(series)}") == 1
        shown(tab, pages["ruined"])
        assert tab.run(f"{click.format(place)}; {mode.format(series)}") == int(place == "#lines")


def test_weights_of_the_page_are_those_of_the_run(tab: Tab, pages: dict[str, Path]) -> None:
    result = several()
    shown(tab, pages["several"])
    names = tab.run("omega.curves.weights.lines.map((one) => one.name)")
    drawn = {name: line_of(tab, "weights", name) for name in names}
    net = dict(zip(result.exposure["time"].dt.epoch("s"), result.exposure["net"], strict=True))
    assert len(names) == 7
    assert len(drawn[names[0]]) == 1_000
    for time in list(drawn[names[0]])[::7]:
        assert sum(line[time] for line in drawn.values()) == pytest.approx(net[time], abs=4e-6)


def test_weights_are_stacked_without_those_that_are_off(tab: Tab, pages: dict[str, Path]) -> None:
    shown(tab, pages["several"])
    tops = (
        "omega.curves.weights.series.map((one) => Object.fromEntries("
        "one.data().map((point) => [point.time, point.value])))"
    )
    own = "omega.curves.weights.lines.map((one) => one.points.map((point) => point.value))"
    values = np.array(tab.run(own), dtype=float)
    row = int(np.abs(values).sum(axis=0).argmax())

    def stack(rows: list[int]) -> None:
        expected, sums = {}, [0.0, 0.0]
        for k in rows:
            side = int(values[k][row] < 0)
            sums[side] += values[k][row]
            expected[k] = sums[side]
        drawn = [list(one.values())[row] for one in tab.run(tops)]
        assert [drawn[k] for k in rows] == pytest.approx([expected[k] for k in rows])

    stack(list(range(7)))
    tab.run(f"document.querySelectorAll('[data-keys=weights] button')[2].click(); {DRAWN}")
    stack([0, 1, 3, 4, 5, 6])


def test_values_under_the_crosshair_are_written(tab: Tab, pages: dict[str, Path]) -> None:
    result = runs.sample()
    shown(tab, pages["run"])
    tab.run("document.getElementById('growth').scrollIntoView()")
    left, top, width = tab.run(
        "(({left, top, width}) => [left, top, width])"
        "(document.getElementById('growth').getBoundingClientRect())"
    )
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=left + width / 2, y=top + 60)
    tab.run("new Promise((done) => setTimeout(done, 100))")
    time = tab.run(f"omega.curves.growth.chart.timeScale().coordinateToTime({width / 2})")
    text = tab.run("document.querySelector('#growth .values').textContent")
    row = result.equity.filter(pl.col("time").dt.epoch("s") == time)
    assert f"Equity {row['equity'][0]:,.2f}" in text
    assert "Drawdown" in text


def test_trades_are_marked_by_what_came_of_them(tab: Tab, pages: dict[str, Path]) -> None:
    trades = runs.sample().trades
    shown(tab, pages["run"])
    tab.run(f"omega.chart.look(0, 2000); {DRAWN}")
    marks = {(one["time"], one["shape"]) for one in tab.run("omega.chart.overlay.marks.markers()")}
    candles = np.array(tab.run("omega.chart.series.data().map((one) => one.time)"))
    whole = trades.filter(pl.col("exit_index") < 2_000)
    assert whole.height > 5
    for one in whole.iter_rows(named=True):
        arrow = "arrowUp" if one["direction"] == "long" else "arrowDown"
        left = "circle" if one["net_pnl"] >= 0 else "square"
        for name, shape in (("entry_time", arrow), ("exit_time", left)):
            place = np.searchsorted(candles, one[name].timestamp(), side="right") - 1
            assert (candles[place], shape) in marks, one["trade_id"]


def test_runs_of_a_stretch_are_kept(tab: Tab, pages: dict[str, Path]) -> None:
    shown(tab, pages["parallel"])
    left, top, width, height = tab.run(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.querySelector('#parallel svg').getBoundingClientRect())"
    )
    for kind, share in (("mousePressed", 0.0), ("mouseMoved", 0.4), ("mouseReleased", 0.4)):
        tab.call(
            "Input.dispatchMouseEvent", type=kind, x=left + width, y=top - 4 + share * height,
            button="left", buttons=1, clickCount=1,
        )  # fmt: skip
    # Of 0.1, 0.2, 0.3 and -0.4 the upper two fifths of the axis have three.
    assert tab.run("document.getElementById('count').textContent") == "3 of 4 runs"
    assert tab.run("document.querySelectorAll('.line.off').length") == 1
    tab.run("document.getElementById('reset').click()")
    assert tab.run("document.querySelectorAll('.line.off').length") == 0


def test_lines_on_the_chart_are_those_of_the_strategy(tab: Tab, pages: dict[str, Path]) -> None:
    result = runs.sample()
    shown(tab, pages["run"])
    names = tab.run("omega.chart.groups.map((one) => one.about.name)")
    assert names == ["Volume", "sma(8)", "sma(30)"]
    tab.run(f"omega.chart.look(100, 200); {DRAWN}")
    data = tab.run("omega.chart.groups.map((one) => one.series[0].data())")
    drawn = [{point["time"]: point.get("value") for point in points} for points in data]
    times = result.equity["time"].dt.epoch("s").to_list()
    strategy = result.strategy
    assert isinstance(strategy, runs.Bracketed)
    mean = np.array(strategy.short.window(len(strategy.short)))
    volume = pl.read_parquet(runs.SAMPLE)["volume"].to_list()
    for bar in range(120, 180):
        assert drawn[0][times[bar]] == volume[bar]
        assert drawn[1][times[bar]] == pytest.approx(mean[bar], abs=1e-5)


def test_switches_turn_lines_off_and_on(tab: Tab, pages: dict[str, Path]) -> None:
    shown(tab, pages["run"])
    press = "document.querySelectorAll('#lines button')[1].click()"
    pressed = "document.querySelectorAll('#lines button')[1].getAttribute('aria-pressed')"
    series = "omega.chart.groups[1].series.length"
    assert [tab.run(pressed), tab.run(series)] == ["true", 1]
    tab.run(f"{press}; {DRAWN}")
    assert [tab.run(pressed), tab.run(series)] == ["false", 0]
    tab.run(f"{press}; {DRAWN}")
    assert [tab.run(pressed), tab.run(series)] == ["true", 1]
    assert tab.problems == []


def test_a_symbol_is_shown_with_its_own_lines(tab: Tab, pages: dict[str, Path]) -> None:
    shown(tab, pages["several"])
    names = "omega.chart.groups.map((one) => one.about.name)"
    assert tab.run(names) == ["Volume", "sma(20)"]
    tab.run(
        "const box = document.getElementById('symbol'); box.value = '3';"
        f"box.dispatchEvent(new Event('change')); {DRAWN}"
    )
    assert tab.run("omega.chart.symbol") == 3
    assert tab.run(names) == ["Volume"]
    assert tab.problems == []


def test_parts_are_drawn_when_they_come_into_view(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(1280, 900)
    tab.open(pages["run"])
    tab.run("new Promise((done) => setTimeout(done, 300))")
    drawn = "document.getElementById('exposure').dataset.drawn"
    assert tab.run(drawn) is None
    tab.run(f"document.getElementById('exposure').scrollIntoView(); {DRAWN}")
    assert tab.run(drawn) == "true"


def test_a_page_is_printed_whole(tab: Tab, pages: dict[str, Path]) -> None:
    tab.size(1280, 900)
    tab.open(pages["run"])
    tab.run("window.dispatchEvent(new Event('beforeprint')); " + DRAWN)
    assert tab.run("Object.keys(omega.curves).sort()") == ["exposure", "growth"]
    tab.call("Emulation.setEmulatedMedia", media="print")
    for part in (".switch", "nav", ".tools"):
        shows = f"getComputedStyle(document.querySelector('{part}')).display"
        assert tab.run(shows) == "none"
    tab.call("Emulation.setEmulatedMedia", media="")


def test_five_hundred_symbols_fit_and_open(tab: Tab, tmp_path: Path) -> None:
    one = pl.read_parquet(runs.SAMPLE).head(600)
    candles = {f"S{k:03}": one[k % 50 :] for k in range(500)}

    class Some(omega.Strategy):
        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == 60:
                for k in range(0, 500, 5):
                    self.buy(0.001, symbol=f"S{k:03}")

    file = omega.run_backtest(candles, Some()).report(tmp_path / "many.html")
    assert file.stat().st_size <= 5_000_000
    shown(tab, file)
    assert tab.run("omega.chart.candles.bars") > 500
    assert tab.run("document.querySelectorAll('#symbol option').length") > 100
