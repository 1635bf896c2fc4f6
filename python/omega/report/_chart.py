"""The price chart: its place on the page, and candles and lines packed by symbol."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import polars as pl

from omega.config.values import counted
from omega.data.store import CandleStore, both_sides
from omega.report import _candles, _declared, _pricing
from omega.report._labels import listed
from omega.report._parts import hint, section
from omega.report._reported import Reported

_OF_LINES = 0.25
"""Share of a symbol's room for volume, indicators and conditions."""
_LEAST = 6_000
"""Characters without which a symbol's candles say nothing."""
_NOTICE = (
    "No candles: this result does not know the data it ran over, so there is no price chart. "
    "Give them: result.report(path, data=candles)."
)
_BUTTONS = (
    ("in", "+", "Closer (arrow up)"),
    ("out", "\u2212", "Farther (arrow down)"),
    ("all", "All", "The whole run (0)"),
    ("before", "\u2039 Trade", "The trade before, in the order of the table"),
    ("after", "Trade \u203a", "The trade after, in the order of the table"),
)

_MARKS = (
    ("entry", "\u2b06", "entry, up is long"),
    ("win", "\u25cf", "exit with profit"),
    ("loss", "\u25a0", "exit with loss"),
    ("stop", "\u2505", "stop"),
    ("target", "\u2505", "target"),
)


def chosen(result: Reported, stores: dict[int, CandleStore], room: float | None) -> list[int]:
    """Choose the symbols that get candles, those with most trades first, by number.

    Example:
        >>> from omega.results.result import example_result
        >>> chosen(example_result(), {}, None)
        []
    """
    names = result.trades["symbol"].cast(pl.String)
    counts = dict(names.value_counts().iter_rows())
    by_trades = sorted(stores, key=lambda number: (-counts.get(result.symbols[number], 0), number))
    if room is None:
        return sorted(stores)
    return sorted(by_trades[: max(int(room // _LEAST), 1)])


def packed(
    result: Reported, store: CandleStore, symbol: int, room: float | None
) -> tuple[dict[str, Any], list[str]]:
    """Pack candles and lines of a symbol into so many characters; None packs all."""
    bars = _candles.bars_of(both_sides(store).select("time", "open", "high", "low", "close"))
    name = result.symbols[symbol]
    groups = _declared.groups_of(result, store, name) if len(bars) == len(store) else []
    lines, line_blocks = _declared.pack_groups(groups, room and room * _OF_LINES)
    left = room and room - sum(map(len, line_blocks))
    own = result.trades.filter(pl.col("symbol").cast(pl.String) == name)
    # Ambiguous trades are the ones that are looked at closest; then those that moved most.
    order = np.lexsort((-np.abs(own["net_pnl"].to_numpy()), ~own["ambiguous"].to_numpy()))
    entries, exits = (
        np.maximum(np.searchsorted(bars.time, _candles.moments(own[name]), side="right") - 1, 0)
        for name in ("entry_time", "exit_time")
    )
    made = _candles.pack(bars, entries[order], exits[order], left)
    precision, step = _pricing.precision_of(bars, _pricing.tick_of(result.config, name))
    about = made.about | {
        "symbol": symbol, "precision": precision, "step": step, "groups": lines,
        "firstLine": len(made.blocks),
    }  # fmt: skip
    return about, [*made.blocks, *line_blocks]


def panel(result: Reported, symbols: list[int]) -> str:
    """The chart with its tools; a notice where there are no candles."""
    details = '<dl id="chosen" class="chosen" aria-live="polite"></dl>'
    if not symbols:
        content = f'<p class="notice" id="no-candles">{_NOTICE}</p>{details}'
        return section("Price", content, "wide", anchor="price")
    buttons = "".join(
        f'<button type="button" data-do="{action}" title="{title}" aria-label="{title}">{text}'
        "</button>"
        for action, text, title in _BUTTONS
    )
    inside = (
        f'<div class="tools">{_choice(result, symbols)}<span class="group">{buttons}</span>'
        '<span id="range" class="hint"></span></div>'
        '<div id="lines" class="tools keys" role="group" aria-label="Shown on the chart"></div>'
        '<div id="chart" tabindex="0" role="application" '
        'aria-label="Price chart. Arrow keys move and zoom, 0 shows all."></div>'
        f'<p class="legend">{_legend()}Wheel zooms, drag moves; times as in the data, in UTC '
        "where it has a zone.</p>"
        f"{details}{hint(_without(result, symbols))}{hint(_of_windows(result))}"
    )
    return section("Price", inside, "wide", anchor="price")


def _legend() -> str:
    return "".join(
        f'<span class="key-of"><span class="mark {kind}">{mark}</span> {text}</span> '
        for kind, mark, text in _MARKS
    )


def _choice(result: Reported, symbols: list[int]) -> str:
    if len(symbols) == 1:
        return ""
    options = "".join(
        f'<option value="{number}">{escape(result.symbols[number])}</option>' for number in symbols
    )
    return f'<label>Symbol <select id="symbol">{options}</select></label>'


def _of_windows(result: Reported) -> str:
    """Return what the chart of a walk-forward has of its strategies."""
    if not str(result.config.get("strategy", "")).startswith("Schedule("):
        return ""
    return (
        "Indicators are those of the window in force. Conditions of a walk-forward are not drawn; "
        "the report of wf.sweeps[i].run(row) has those of the parameters that window i chose from."
    )


def _without(result: Reported, symbols: list[int]) -> str:
    missing = [name for k, name in enumerate(result.symbols) if k not in symbols]
    if not missing:
        return ""
    return (
        f"Without candles on this page: {counted(len(missing), 'symbol')} with the fewest trades "
        f"({listed(missing)}); detail='full' has all."
    )
