"""Names come from data: none steers a terminal, and none is markup on a page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import omega
from omega.cli import main
from omega.errors import printable
from tests.support.backends import BACKENDS
from tests.support.candles import rising

ESCAPE = "EUR\x1b[31mUSD\x9b2J"
MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
CANDLES = rising(200)


class Buy(omega.Strategy):
    def on_bar(self, bar: omega.Bar) -> None:
        if bar.index % 20 == 3:
            self.buy(size=1)
        if bar.index % 20 == 13 and self.position is not None:
            self.close()


class _Page(HTMLParser):
    """What a browser would run: scripts, handlers, and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts, self.odd = 0, list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kinds = dict(attrs)
        data = kinds.get("type") in ("application/json", "application/octet-stream")
        self.scripts += tag == "script" and not data
        wild = tag in ("img", "iframe", "object", "embed", "base", "form")
        self.odd += [tag] * wild + [name for name in kinds if name.startswith("on")]


def assert_harmless(page: str) -> None:
    """As many scripts run as the policy of the page has hashes, and nothing else is there."""
    found = _Page(page)
    allowed = len(re.findall(r"'sha256-", page))
    assert (found.scripts, found.odd) == (allowed, [])
    assert "default-src 'none'" in page


def test_what_steers_a_terminal_is_escaped() -> None:
    assert printable(ESCAPE) == r"EUR\x1b[31mUSD\x9b2J"
    assert printable("two\nlines\tand é, ∞, 日本") == "two\nlines\tand é, ∞, 日本"
    assert printable("a\u202eb\u2028c\ud800") == r"a\u202eb\u2028c\ud800"
    assert str(omega.OmegaError(f"no {ESCAPE}")) == rf"no {printable(ESCAPE)}"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_symbol_steers_no_terminal(backend: str) -> None:
    result = omega.run_backtest(CANDLES, Buy(), symbol=ESCAPE, backend=backend)
    assert result.symbols == [ESCAPE]  # the name itself stays
    shown = [result.summary(), repr(result), repr(result.candles), *map(str, result.notices)]
    bars: list[omega.Bar] = []
    omega.run_backtest(CANDLES, bars.append, symbol=ESCAPE, backend=backend)
    shown += [repr(bars[0])]
    assert not any("\x1b" in text or "\x9b" in text for text in shown)
    assert any(printable(ESCAPE) in text for text in shown)
    named = CANDLES.with_columns(symbol=pl.lit(ESCAPE))
    with pytest.raises(omega.OmegaError) as refused:
        omega.run_backtest(named, Buy(), symbol="OTHER", backend=backend)
    assert printable(ESCAPE) in str(refused.value)
    with pytest.raises(omega.OmegaError) as refused:
        omega.run_backtest(named, Buy(), instruments={"OTHER": omega.Instrument()}, backend=backend)
    assert "\x1b" not in str(refused.value)


def test_the_command_line_prints_no_escape(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    bad = CANDLES.with_columns(
        high=pl.when(pl.int_range(pl.len()) == 5).then(0.5).otherwise("high"),
        symbol=pl.lit(f"{ESCAPE}[bold]x[/]"),
    )
    bad.write_parquet(file)
    good = tmp_path / "b.parquet"
    CANDLES.with_columns(symbol=pl.lit(ESCAPE)).write_parquet(good)
    for arguments in (
        ["data", "check", str(file)],
        ["data", "check", str(file), "--json"],
        ["data", "info", str(file)],
        ["data", "info", str(file), "--json"],
        ["run", "native:sma_cross", str(file)],
        ["run", "native:sma_cross", str(good)],
        ["run", "native:sma_cross", str(good), "--json"],
        ["run", "native:sma_cross", str(tmp_path / "\x1b[31m.parquet")],
        ["sweep", "native:sma_cross", str(good), "--grid", "fast=2,3", "--workers", "1"],
    ):
        found = CliRunner().invoke(main, arguments)
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        assert "\x1b" not in found.output, arguments
        assert "\x9b" not in found.output, arguments
        if "--json" in arguments:
            json.loads(found.stdout)


@pytest.mark.parametrize("name", [MARKUP, ESCAPE, "<!--", "]]>", "\u2028</title>"])
def test_no_page_runs_what_a_name_says(name: str, tmp_path: Path) -> None:
    result = omega.run_backtest(CANDLES, Buy(), symbol=name)
    pages = [result.report(tmp_path / "a.html", title=name).read_text("utf-8"), result.plot().html]
    pages += [omega.compare({name: result, f"{name}2": result}, title=name).html]
    runs = pl.DataFrame({
        name: [name, f"{name}2", "z"], f"{name}y": ["a", name, "c"], "sharpe": [0.1, 0.2, 0.3],
    })  # fmt: skip
    pages += [
        omega.report.heatmap(runs, x=name, y=f"{name}y", metric="sharpe", title=name).html,
        omega.report.parallel(runs, metric="sharpe", title=name).html,
        omega.report.parallel(
            runs.rename({"sharpe": f"{name}m"}), metric=f"{name}m", parameters=[name]
        ).html,
    ]
    for page in pages:
        assert_harmless(page)
    assert "<script>alert" not in result._repr_html_()
    assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", result._repr_html_())


def test_a_page_in_a_notebook_is_in_a_frame_of_its_own() -> None:
    view = omega.run_backtest(CANDLES, Buy(), symbol=MARKUP).plot()
    found = _Page(view._repr_html_())
    assert (found.scripts, found.odd) == (0, ["iframe"])
    assert 'sandbox="allow-scripts"' in view._repr_html_()


def test_small_prices_keep_their_decimals_in_the_report() -> None:
    """Of 5e-7 to 6e-7 in steps of 1e-9: nine decimals."""
    from omega.report import _candles, _trades  # noqa: PLC0415 - what the page is made of

    small = CANDLES.with_columns(
        *(pl.lit(5e-7 + k * 1e-9).alias(n) for k, n in enumerate(("low", "open", "close", "high")))
    ).with_columns(pl.col("high") + pl.int_range(pl.len()) % 3 * 1e-9)
    bars = _candles.bars_of(small)
    assert (bars.decimals, bars.exact) == (9, True)
    assert bars.low[0] == 500
    assert bars.close[:3].tolist() == [502] * 3
    assert bars.high[:3].tolist() == [503, 504, 505]
    result = omega.run_backtest(small, Buy())
    about, _ = _trades.pack_trades(result.trades, result.symbols)
    assert about["priceDecimals"] == 9
    assert about["moneyDecimals"] > 8
