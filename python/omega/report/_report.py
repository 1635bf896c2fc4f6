"""The report of one run: a page that holds all it shows.

The same result gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from omega.config.values import optional, shown, taken
from omega.config.values import text as text_field
from omega.contract import ArrowLike
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.notices import Notice, divided
from omega.report import (
    _benchmark_curves,
    _chart,
    _daily,
    _drawdowns,
    _identity,
    _orders,
    _profit,
    _scatter,
    _standing,
    _static_panels,
    _trades,
    _weights,
)
from omega.report._curves import Curve, pack_curves
from omega.report._labels import listed
from omega.report._metrics import formatted
from omega.report._page import LIBRARY, MODULES, asset, module, page
from omega.report._parts import FOOTER, body, curves, header, hint, none, notice, section
from omega.report._reported import Reported
from omega.report._weights import Weights

LIMIT = 5_000_000
"""Bytes that a report has at most, unless all detail is requested."""
_MARGIN = 20_000
_DETAILS = ("auto", "full")
_POINTS = 1_500
_LINKS = (
    ("price", "Price"), ("trades", "Trades"), ("growth-part", "Growth"), ("returns", "Returns"),
    ("profit", "Profit"), ("costs", "Costs"), ("metrics", "Metrics"), ("settings", "Settings"),
)  # fmt: skip


def render(
    result: Reported,
    *,
    data: ArrowLike,
    detail: str,
    title: str | None,
) -> str:
    """Return the whole page as text."""
    stated: object = detail
    if not isinstance(stated, str) or stated not in _DETAILS:
        raise ConfigError(f"detail: given {shown(stated)}, expected 'auto' or 'full'")
    taken("title", title, optional(text_field))
    stores = _stores(result, data)
    name = title or _named(result)
    scripts = [asset(LIBRARY), module(MODULES)]
    trades, trade_block = _trades.pack_trades(result.trades, result.symbols)
    blocks = [trade_block]
    about: dict[str, Any] = {"trades": trades | {"block": 0}, "curves": {}, "candles": []}
    shares = _weights.weights(result, stores)
    for place, (times, lines) in _curves(result, stores, shares).items():
        if lines:
            points = 2 * _POINTS if place == "growth" else _POINTS
            described, block = pack_curves(times, lines, points=points)
            about["curves"][place] = [described | {"block": len(blocks)}]
            blocks.append(block)
    whole = detail == "full"
    rough = page(title=name, body="", scripts=scripts, blocks=blocks, about=about)
    symbols = _chart.chosen(result, stores, None if whole else LIMIT - len(rough.encode()))
    text = _body(result, name, symbols, about["curves"], shares)
    bare = page(title=name, body=text, scripts=scripts, blocks=blocks, about=about)
    room = None if whole else float(LIMIT - _MARGIN - len(bare.encode()))
    for number, symbol in enumerate(symbols):
        share = None if room is None else max(room, 0) / (len(symbols) - number)
        described, packed = _chart.packed(result, stores[symbol], symbol, share)
        numbers = list(range(len(blocks), len(blocks) + len(packed)))
        about["candles"].append(described | {"blocks": numbers})
        blocks += packed
        if room is not None:
            room -= sum(map(len, packed)) + 60 * len(packed) + 12 * len(described["fine"])
    return page(title=name, body=text, scripts=scripts, blocks=blocks, about=about)


def _named(result: Reported) -> str:
    return f"Backtest of {listed(result.symbols)}"


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


def _curves(
    result: Reported, stores: dict[int, CandleStore], shares: Weights | None
) -> dict[str, tuple[Any, list[Curve]]]:
    """The curves of the page by their place, each with its times."""
    if not result.equity.height:
        return {}
    weights = {} if shares is None else {"weights": (shares.times, _weights.stacked(shares))}
    times = result.equity["time"]
    other = _benchmark_curves.benchmark_of(result)
    ends = None if other is None else _daily.at_ends_of_days(result, other)
    return {
        "growth": (times, _benchmark_curves.growth(result, stores)),
        "rolling": _daily.rolling(result, ends),
        "exposure": (times, _benchmark_curves.held(result)),
    } | weights


def _body(
    result: Reported,
    title: str,
    symbols: list[int],
    drawn: dict[str, Any],
    shares: Weights | None,
) -> str:
    texts = {name: formatted(name, value) for name, value in result.metrics.items()}
    own = "" if title == _named(result) else f"{listed(result.symbols)} · "
    line = (
        f"{own}{texts.get('start', '-')} to {texts.get('end', '-')} · {texts['bars']} bars · "
        f"{texts['days']} days"
    )
    if currency := result.config.get("account_currency"):
        line += f" · amounts in {currency}"
    above, below = divided(result.notices)
    parts = [
        *map(notice, above),
        _static_panels.key_figures(result),
        *_of_sweep(result),
        _chart.panel(result, symbols),
        section("Trades", _table(result), "wide", anchor="trades"),
        *_of_equity(result, drawn, shares),
        *_of_trades(result),
        *_of_run(result, below),
    ]
    return body(header(title, line, links=_LINKS), parts, FOOTER)


def _of_equity(result: Reported, drawn: dict[str, Any], shares: Weights | None) -> Iterator[str]:
    label = "Equity over time beside buying and holding, with the drawdown below"
    growth = (
        curves("growth", label, height=380) if "growth" in drawn else none("No bar was walked.")
    )
    yield section("Growth and drawdown", growth, "wide", anchor="growth-part")
    yield section("Deepest drawdowns", _drawdowns.worst(result) if drawn else none("None."), "wide")
    yield section("Returns", _static_panels.returns(result), "wide", anchor="returns")
    if len(result.symbols) > 1:
        yield section("Weights", _weights.panel(shares, result), "wide", anchor="weights-part")
    yield section("Returns by weekday", _daily.by_weekday(result))
    if by_hour := _daily.by_hour(result):
        yield section("Profit by hour", by_hour)
    rolling = none("Too few days for figures over a window of them.")
    if "rolling" in drawn:
        label = "Sharpe ratio and volatility over the last days"
        rolling = curves("rolling", label) + _daily.rolling_hint(result)
    yield section("Rolling Sharpe ratio and volatility", rolling)
    held = none("Nothing was held.")
    if "exposure" in drawn:
        label = "Values of open positions as a share of the equity, and their number"
        held = curves("exposure", label) + hint(
            "Positions at entry value and open profit, as a share of the equity."
        )
    yield section("Exposure", held)


def _of_sweep(result: Reported) -> Iterator[str]:
    if text := _standing.panel(result):
        yield section("Chosen from a sweep", text, "wide", anchor="standing")


def _of_trades(result: Reported) -> Iterator[str]:
    if not result.trades.height:
        text = none("There are no closed trades.")
        yield section("Profits of trades", text, anchor="profit")
        return
    heading, sizes = _static_panels.distribution(result)
    yield section(heading, sizes, anchor="profit")
    yield section("Excursions", _scatter.panel(result))
    if len(result.symbols) > 1:
        yield section("Profit by symbol", _profit.panel(result, "symbol"))
    yield section("Profit by direction", _profit.panel(result, "direction"))
    yield section("Profit by exit reason", _profit.panel(result, "exit reason"))
    yield section("Profit by holding time", _profit.panel(result, "holding time"))
    if _profit.has_tags(result):
        yield section("Profit by tag", _profit.panel(result, "tag"))


def _of_run(result: Reported, below: Sequence[Notice]) -> Iterator[str]:
    yield section("Costs", _static_panels.costs(result), anchor="costs")
    yield section("Refused and cancelled orders", _orders.panel(result))
    yield section("Ambiguity", _static_panels.ambiguity(result))
    if below:
        yield section("Notices", "".join(map(notice, below)), "wide")
    yield section("Metrics", _static_panels.metrics(result), "wide", anchor="metrics")
    yield section("Strategy", _identity.strategy(result), "wide", anchor="settings")
    yield section("Data", _identity.data(result), "wide")
    yield section("Settings", _identity.settings(result), "wide")


def _table(result: Reported) -> str:
    note = "?: an intrabar policy decided this exit." * bool(result.metrics.get("ambiguous_trades"))
    empty = "" if result.trades.height else " hidden"
    return (
        f"{none('There are no closed trades.') if empty else ''}"
        f'<div class="tools"{empty}><label>Find <input id="search" type="search" '
        'placeholder="short stop 2024-03" autocomplete="off"></label>'
        '<label>Show <select id="outcome"><option value="all">all</option>'
        '<option value="wins">profits</option><option value="losses">losses</option>'
        '<option value="ambiguous">ambiguous</option></select></label>'
        '<span id="count" class="hint" aria-live="polite"></span></div>'
        f'<div class="grid" role="grid" aria-label="Trades" id="grid"{empty}>'
        '<div class="sheet">'
        '<div role="rowgroup"><div class="head" id="head" role="row"></div></div>'
        '<div class="rows" id="rows" tabindex="0" role="rowgroup"></div>'
        f"</div></div>{hint(note)}"
    )
