"""Reports in a real browser: they open, ask for nothing, move, and find trades."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import omega
from omega.data.store import CandleStore, both_sides
from omega.results.result import example_result
from tests.support import report_runs as runs
from tests.support.browser import Tab, browser, found

PROGRAM = found()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium was found; install it with apt-get install chromium"
)
TRIES = 3  # a busy machine may spoil one measurement, hardly three
FRAME = "new Promise(requestAnimationFrame)"
SETTLED = "new Promise((done) => setTimeout(done, 300))"
ZOOM = """
(async () => {
  const chart = omega.chart, frames = [], factors = new Set();
  const frame = () => new Promise(requestAnimationFrame);
  chart.look(0, chart.candles.bars);
  await frame(); await frame();
  let last = performance.now();
  for (let k = 0; k < 120; k += 1) {
    if (k < 60) chart.zoom(0.85, 0.4);
    else if (k < 90) chart.pan(0.3);
    else chart.zoom(1.4, 0.4);
    await frame();
    const now = performance.now();
    frames.push(now - last);
    last = now;
    factors.add(chart.loaded.factor);
  }
  return { longest: Math.max(...frames), factors: [...factors] };
})()
"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    assert PROGRAM is not None
    with browser(PROGRAM) as opened:
        opened.size(1280, 900)
        yield opened


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.sample().report(tmp_path_factory.mktemp("report") / "sample.html")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.large().report(tmp_path_factory.mktemp("report") / "large.html")


@pytest.fixture(autouse=True)
def quiet(tab: Tab) -> Iterator[None]:
    """Whatever a test does, the page logs no error and loads nothing but itself."""
    tab.problems.clear()
    tab.requests.clear()
    yield
    tab.run(FRAME)
    assert tab.problems == []
    assert [url for url in tab.requests if not url.startswith("file:///")] == []
    assert len(set(tab.requests)) <= 1


def test_a_report_shows_the_candles_of_the_run(tab: Tab, sample: Path) -> None:
    tab.open(sample)
    shown = tab.run(
        "omega.chart.candles.slice(1, 0, 50).map((c) => [c.open, c.high, c.low, c.close])"
    )
    candles = both_sides(CandleStore(runs.SAMPLE)).head(50)
    expected = candles.select("open", "high", "low", "close").rows()
    assert [[round(price, 9) for price in row] for row in shown] == [list(row) for row in expected]
    times = tab.run("Array.from(omega.chart.candles.time.slice(0, 50))")
    assert times == candles["time"].dt.epoch("s").to_list()


def test_a_report_shows_the_trades_of_the_run(tab: Tab, sample: Path) -> None:
    tab.open(sample)
    trades = runs.sample().trades
    for name, column, digits in (
        ("entry", "entry_price", 5), ("exit", "exit_price", 5), ("stop", "stop_loss", 5),
        ("target", "take_profit", 5), ("net", "net_pnl", 2), ("r", "r_multiple", 3),
        ("mae", "mae", 2), ("mfe", "mfe", 2), ("lots", "lots", 6), ("fees", "fees", 2),
    ):  # fmt: skip
        shown = tab.run(f"Array.from(omega.trades.{name})")
        assert shown == pytest.approx(trades[column].to_list(), abs=0.51 * 10**-digits), name
    assert tab.run("Array.from(omega.trades.entryTime)") == (
        trades["entry_time"].dt.epoch("s").to_list()
    )


def test_zooming_changes_the_bars_shown(tab: Tab, sample: Path) -> None:
    tab.open(sample)
    before = tab.run("[omega.chart.loaded.factor, omega.chart.span]")
    label = tab.run("document.getElementById('range').textContent")
    box = tab.run("(({left, top, width}) => [left, top, width])"
                  "(document.getElementById('chart').getBoundingClientRect())")  # fmt: skip
    for _ in range(8):
        tab.call(
            "Input.dispatchMouseEvent", type="mouseWheel", x=box[0] + box[2] / 2, y=box[1] + 100,
            deltaX=0, deltaY=-200,
        )  # fmt: skip
    tab.run(SETTLED)
    after = tab.run("[omega.chart.loaded.factor, omega.chart.span]")
    assert before[0] > after[0] == 1
    assert after[1] < before[1] / 10
    assert tab.run("document.getElementById('range').textContent") != label


def test_keys_move_the_chart(tab: Tab, sample: Path) -> None:
    tab.open(sample)
    tab.run("document.getElementById('chart').focus()")
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        tab.call("Input.dispatchKeyEvent", type="keyDown", key=key)
    tab.run(SETTLED)
    assert tab.run("omega.chart.from") > 0
    assert tab.run("omega.chart.span") < 2_000


def test_a_click_on_a_trade_moves_the_chart_there(tab: Tab, sample: Path) -> None:
    tab.open(sample)
    tab.run("document.getElementById('rows').scrollIntoView()")
    place = tab.run("(({left, top}) => [left + 60, top + 10])"
                    "(document.getElementById('trade-4').getBoundingClientRect())")  # fmt: skip
    for kind in ("mousePressed", "mouseReleased"):
        tab.call(
            "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left",
            clickCount=1,
        )  # fmt: skip
    tab.run(SETTLED)
    entry, leave, begin, end = tab.run(
        "[omega.chart.placed.entryBar[4], omega.chart.placed.exitBar[4], omega.chart.from, "
        "omega.chart.to]"
    )
    assert begin < entry <= leave < end
    assert end - begin < 1_000
    assert tab.run("omega.chart.overlay.selected") == 4
    assert "stop loss" in tab.run("document.getElementById('chosen').textContent")


def test_the_table_is_sorted_and_filtered(tab: Tab, sample: Path) -> None:
    tab.open(sample)
    tab.run(
        "[...document.querySelectorAll('.sort')].find(b => b.textContent === 'Net profit').click()"
    )
    nets = tab.run("omega.table.rows.map((k) => omega.trades.net[k])")
    assert nets == sorted(nets, reverse=True)
    tab.run("omega.table.search.value = 'short take'; omega.table.filter()")
    trades = runs.sample().trades
    wanted = trades.filter(
        pl.col("direction").cast(pl.String) == "short",
        pl.col("exit_reason").cast(pl.String) == "take_profit",
    )
    assert tab.run("omega.table.rows.length") == wanted.height > 0


def test_the_switch_changes_the_colours(tab: Tab, sample: Path) -> None:
    tab.open(sample)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = tab.run(ground)
    tab.run("document.getElementById('theme').click()")
    assert tab.run(ground) != light
    assert tab.run("document.documentElement.dataset.theme") == "dark"


def test_symbols_are_chosen(tab: Tab, tmp_path: Path) -> None:
    one = pl.read_parquet(runs.SAMPLE)
    run = omega.run_backtest({"A": one, "B": one.slice(100)}, runs.Bracketed())
    tab.open(run.report(tmp_path / "two.html"))
    tab.run("const box = document.getElementById('symbol'); box.value = '1';"
            "box.dispatchEvent(new Event('change'))")  # fmt: skip
    tab.run(SETTLED)
    assert tab.run("omega.chart.candles.bars") == one.height - 100


@pytest.mark.parametrize("kind", ["none", "empty", "compare", "heatmap", "parallel", "plot"])
def test_every_kind_of_page_opens(tab: Tab, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"{kind}.html"
    frame = pl.DataFrame({"x": [1, 2], "y": [1, 2], "m": [0.1, 0.2]})
    if kind == "none":
        example_result().report(file)
    elif kind == "empty":
        omega.run_backtest(runs.SAMPLE, lambda bar: None).report(file)
    elif kind == "compare":
        omega.compare([runs.sample(), runs.sample()]).report(file)
    elif kind == "heatmap":
        omega.report.heatmap(frame, x="x", y="y", metric="m").report(file)
    elif kind == "parallel":
        omega.report.parallel(frame, metric="m").report(file)
    else:
        shown = runs.sample().plot()._repr_html_()
        script = "<script>document.documentElement.dataset.ready = true;performance.mark('ready')"
        file.write_text(f"<!DOCTYPE html><meta charset=utf-8>{shown}{script}</script>", "utf-8")
    tab.open(file)
    tab.run(SETTLED)


@pytest.mark.alone
def test_two_million_bars_fit_into_five_megabytes(large: Path) -> None:
    assert runs.large().trades.height > 44_000
    assert large.stat().st_size <= 5_000_000


@pytest.mark.alone
def test_two_million_bars_open_in_two_seconds(tab: Tab, large: Path) -> None:
    assert min(tab.open(large) for _ in range(TRIES)) < 2_000


@pytest.mark.alone
def test_two_million_bars_are_zoomed_without_a_frame_over_a_tenth_of_a_second(
    tab: Tab, large: Path
) -> None:
    tab.open(large)
    tries = [tab.run(ZOOM) for _ in range(TRIES)]
    assert min(one["longest"] for one in tries) < 100
    assert min(tries[0]["factors"]) == 1
    assert max(tries[0]["factors"]) > 1_000


@pytest.mark.alone
def test_the_finest_bars_around_a_trade_are_those_of_the_run(tab: Tab, large: Path) -> None:
    tab.open(large)
    trades = runs.large().trades
    row = int(trades["net_pnl"].arg_max() or 0)
    entry = int(tab.run(f"omega.chart.placed.entryBar[{row}]"))
    tab.run(f"omega.chart.look({entry - 20}, {entry + 60}); {SETTLED}")
    assert tab.run("omega.chart.loaded.factor") == 1
    shown = tab.run(
        f"omega.chart.candles.slice(1, {entry}, {entry + 10})"
        ".map((c) => [c.open, c.high, c.low, c.close])"
    )
    store = runs.large().candles
    assert store is not None
    bars = both_sides(store).slice(entry, 10).select("open", "high", "low", "close").rows()
    assert [[round(price, 9) for price in row] for row in shown] == [list(bar) for bar in bars]
