"""The report of one run: a page that holds all it shows.

The same result gives the same bytes.
"""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import polars as pl

from omega.contract import ArrowLike
from omega.data.store import CandleStore, both_sides
from omega.errors import ConfigError
from omega.notices import LABELS, Notice, divided
from omega.report import _candles, _panels, _trades
from omega.report._metrics import formatted
from omega.report._page import LIBRARY, MODULES, asset, module, page
from omega.report._reported import Reported

LIMIT = 5_000_000
"""Bytes that a report has at most, unless all detail is requested."""
_MARGIN = 20_000
_DETAILS = ("auto", "full")
_NOTICE = (
    "No candles: this result does not know the data it ran over, so there is no price chart. "
    "Give them: result.report(path, data=candles)."
)


def render(
    result: Reported,
    *,
    data: ArrowLike,
    detail: str,
    title: str | None,
) -> str:
    """Return the whole page as text."""
    if detail not in _DETAILS:
        raise ConfigError(f"detail: given {detail!r}, expected 'auto' or 'full'")
    stores = _stores(result, data)
    name = title or f"Backtest of {', '.join(result.symbols[:3])}"
    scripts = [asset(LIBRARY), module(MODULES)]
    trades, trade_block = _trades.pack_trades(result.trades, result.symbols)
    equity, equity_block = _trades.pack_equity(
        result.equity["time"], result.equity["equity"].to_numpy()
    )
    blocks = [trade_block, equity_block]
    about: dict[str, Any] = {
        "trades": trades | {"block": 0},
        "equity": equity | {"block": 1},
        "candles": [],
    }
    body = _body(result, name, sorted(stores))
    bare = page(title=name, body=body, scripts=scripts, blocks=blocks, about=about)
    room = None if detail == "full" else LIMIT - _MARGIN - len(bare.encode())
    for place, symbol in enumerate(sorted(stores)):
        share = None if room is None else max(room, 0) / (len(stores) - place)
        packed = _packed(result, stores[symbol], symbol, share)
        numbers = list(range(len(blocks), len(blocks) + len(packed.blocks)))
        about["candles"].append(packed.about | {"symbol": symbol, "blocks": numbers})
        blocks += packed.blocks
        room = None if room is None else room - packed.size - 12 * len(packed.about["fine"])
    return page(title=name, body=body, scripts=scripts, blocks=blocks, about=about)


def _stores(
    result: Reported,
    data: ArrowLike,
) -> dict[int, CandleStore]:
    """The candles of each symbol of the result, by its number."""
    store: CandleStore | None = result.candles
    if data is not None:
        only = result.symbols[0] if len(result.symbols) == 1 else None
        store = (
            data
            if isinstance(data, CandleStore)
            else CandleStore(data, symbol=only, validate="off")
        )
    if store is None:
        return {}
    known = set(store.symbols)
    if data is not None and not known & set(result.symbols):
        raise ConfigError(
            f"data: given candles of {', '.join(sorted(known))}, expected those of "
            f"{', '.join(result.symbols)}"
        )
    return {
        number: store.symbol(symbol)
        for number, symbol in enumerate(result.symbols)
        if symbol in known and len(store.symbol(symbol))
    }


def _packed(
    result: Reported, store: CandleStore, symbol: int, room: float | None
) -> _candles.Packed:
    bars = _candles.bars_of(both_sides(store).select("time", "open", "high", "low", "close"))
    own = result.trades.filter(pl.col("symbol").cast(pl.String) == result.symbols[symbol])
    # Ambiguous trades are the ones that are looked at closest; then those that moved most.
    order = np.lexsort((-np.abs(own["net_pnl"].to_numpy()), ~own["ambiguous"].to_numpy()))
    entries, exits = (
        np.maximum(np.searchsorted(bars.time, _candles.moments(own[name]), side="right") - 1, 0)
        for name in ("entry_time", "exit_time")
    )
    return _candles.pack(bars, entries[order], exits[order], room)


def _body(result: Reported, title: str, symbols: list[int]) -> str:
    heading, sizes = _panels.distribution(result)
    above, below = divided(result.notices)
    parts = [
        _header(result, title),
        "<main>",
        *map(_notice, above),
        _panels.key_figures(result),
        _chart(result, symbols),
        _section("Trades", _table(result), "wide"),
        _section("Equity and drawdown", '<div id="equity"></div>', "wide"),
        _section("Returns", _panels.returns(result), "wide"),
        _section(heading, sizes),
        _section("Excursions", _excursions(result)),
        _section("Exits by reason", _panels.exits(result)),
        _section("Costs", _panels.costs(result)),
        _section("Ambiguity", _panels.ambiguity(result), "wide slim"),
        *([_section("Notices", "".join(map(_notice, below)), "wide")] if below else []),
        _section("Metrics", _panels.metrics(result), "wide"),
        _section("Configuration", _panels.configuration(result), "wide"),
        "</main>",
        FOOTER,
    ]
    return "".join(parts)


FOOTER = (
    "<footer>Made by Omega, with assumptions: docs/concepts/assumptions-and-limits.md. Charts by "
    '<a href="https://www.tradingview.com/" rel="noreferrer">TradingView</a> Lightweight Charts, '
    "Copyright 2026 TradingView, Inc., Apache License 2.0.</footer>"
)
SWITCH = (
    '<button type="button" id="theme" class="switch" aria-pressed="false" '
    'title="Light or dark"><span aria-hidden="true">\u25d0</span> Theme</button>'
)


def _header(result: Reported, title: str) -> str:
    texts = {name: formatted(name, value) for name, value in result.metrics.items()}
    line = (
        f"{', '.join(result.symbols)} · {texts.get('start', '-')} to {texts.get('end', '-')} · "
        f"{texts['bars']} bars · {texts['days']} days"
    )
    return f"<header><div><h1>{escape(title)}</h1><p>{escape(line)}</p></div>{SWITCH}</header>"


def _notice(notice: Notice) -> str:
    label = LABELS[notice.level]
    return f'<p class="notice" data-level="{notice.level}"><b>{label}</b> {escape(notice.text)}</p>'


def _section(title: str, inside: str, kind: str = "") -> str:
    return f'<section class="{kind}"><h2>{escape(title)}</h2>{inside}</section>'


def _chart(result: Reported, symbols: list[int]) -> str:
    if not symbols:
        details = '<dl id="chosen" class="chosen" aria-live="polite"></dl>'
        return _section(
            "Price", f'<p class="notice" id="no-candles">{_NOTICE}</p>{details}', "wide"
        )
    choice = ""
    if len(symbols) > 1:
        options = "".join(
            f'<option value="{number}">{escape(result.symbols[number])}</option>'
            for number in symbols
        )
        choice = f'<label>Symbol <select id="symbol">{options}</select></label>'
    buttons = "".join(
        f'<button type="button" data-do="{action}" title="{title}">{text}</button>'
        for action, text, title in (
            ("in", "+", "Closer (arrow up)"),
            ("out", "\u2212", "Farther (arrow down)"),
            ("all", "All", "The whole run (0)"),
            ("before", "\u2039 Trade", "The trade before, in the order of the table"),
            ("after", "Trade \u203a", "The trade after, in the order of the table"),
        )
    )
    return _section(
        "Price",
        f'<div class="tools">{choice}<span class="group">{buttons}</span>'
        '<span id="range" class="hint"></span></div>'
        '<div id="chart" tabindex="0" role="application" '
        'aria-label="Price chart. Arrow keys move and zoom, 0 shows all."></div>'
        '<p class="legend"><span class="mark entry">\u25b2</span> entry '
        '<span class="mark win">\u25a0</span> exit with profit '
        '<span class="mark loss">\u25a0</span> exit with loss '
        '<span class="mark stop">\u2505</span> stop <span class="mark target">\u2505</span> '
        "target. Wheel zooms, drag moves; times as in the data, in UTC where it has a zone.</p>"
        '<dl id="chosen" class="chosen" aria-live="polite"></dl>',
        "wide",
    )


def _table(result: Reported) -> str:
    hint = ""
    if result.metrics.get("ambiguous_trades"):
        hint = '<p class="hint">?: an intrabar policy decided this exit.</p>'
    return (
        '<div class="tools"><label>Find <input id="search" type="search" '
        'placeholder="short stop 2024-03" autocomplete="off"></label>'
        '<label>Show <select id="outcome"><option value="all">all</option>'
        '<option value="wins">profits</option><option value="losses">losses</option>'
        '<option value="ambiguous">ambiguous</option></select></label>'
        '<span id="count" class="hint" aria-live="polite"></span></div>'
        '<div class="grid" role="grid" aria-label="Trades"><div class="sheet">'
        '<div class="head" id="head" role="row"></div>'
        '<div class="rows" id="rows" tabindex="0" role="rowgroup"></div></div></div>'
        f"{hint}"
    )


def _excursions(result: Reported) -> str:
    if not result.trades.height:
        return '<p class="none">There are no closed trades.</p>'
    return (
        '<canvas id="scatter" role="img" aria-label="Each trade by how far it went against and for '
        'the trader"></canvas><p class="hint">Each dot is a trade: how far it was under water, and '
        "how far above it, in account currency.</p>"
    )
