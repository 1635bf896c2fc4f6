"""What a notebook shows: text as it is printed, tables in the page's colours, plain progress."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

import omega
from omega.progress import progress_bar
from omega.results.result import example_result

CANDLES = omega.sample("SHARE").head(600)
GRID = {"fast": [5, 10], "slow": [20, 40]}


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a kernel of Jupyter in place, without the package of its widgets."""
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "ipywidgets", None)


def test_a_summary_is_shown_as_it_is_printed() -> None:
    summary = example_result().summary()
    assert repr(summary) == str(summary) == summary
    assert summary.count("\n") > 10


@pytest.mark.usefixtures("kernel")
def test_a_run_in_a_notebook_writes_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    omega.run_backtest(CANDLES, lambda bar: None, progress=True)
    written = capsys.readouterr().err
    assert written.endswith("\rbacktest: 599 of 599\n")
    assert written.count("\n") == 1


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("strategy", ["native", "class"])
def test_a_sweep_in_a_notebook_writes_one_line(
    strategy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Cross(omega.Strategy):
        fast: int = 5
        slow: int = 20

        def on_bar(self, bar: omega.Bar) -> None:
            if bar.index == self.fast:
                self.buy(10)

    what = omega.native("sma_cross") if strategy == "native" else Cross
    omega.sweep(CANDLES, what, GRID, progress=True, workers=1)
    last = capsys.readouterr().err.rstrip("\n").split("\r")[-1]
    assert last.startswith("sweep: 4 of 4 ")
    assert "best sharpe" in last


def test_nothing_is_written_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    omega.run_backtest(CANDLES, lambda bar: None, progress=True)
    omega.sweep(CANDLES, omega.native("sma_cross"), GRID, progress=True)
    assert capsys.readouterr().err == ""
    with progress_bar("backtest") as update:
        assert update is None


def test_a_store_and_a_sweep_are_tables_in_the_colours_of_the_page() -> None:
    store = omega.CandleStore({"A<b>": CANDLES, "B": CANDLES.head(100)})
    swept = omega.sweep(CANDLES, omega.native("sma_cross"), GRID)
    shown: list[Any] = [store, swept]
    for one in shown:
        html = one._repr_html_()
        assert "currentColor" in html
        coloured = html.replace("&#", "")
        assert not [word for word in ("#", "rgb(", "white", "black") if word in coloured]
    assert "A&lt;b&gt;" in store._repr_html_()
    assert store._repr_html_().count("<tr>") == 3
    assert "profit factor" in swept._repr_html_()
    assert swept._repr_html_().count("<tr>") == 5


def test_a_sweep_without_runs_or_metrics_is_shown_too() -> None:
    swept = omega.sweep(CANDLES, omega.native("sma_cross"), GRID, metrics=["bars"])
    assert "<td" in swept._repr_html_()
    failed = omega.sweep(CANDLES, omega.native("sma_cross"), {"fast": [0.5]})
    assert "fast" in failed._repr_html_()
    assert "error" in failed._repr_html_()
