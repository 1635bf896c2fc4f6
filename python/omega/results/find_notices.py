"""Finds the notices of a run in its tables when they are first read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import polars as pl

from omega.config.values import counted
from omega.data.store import CandleStore, both_sides
from omega.notices import Facts, Notice, in_order
from omega.report._metrics import formatted, is_under_a_year
from omega.report._reported import Reported
from omega.results.holdings import (
    largest_exposure,
    largest_opening,
    nights,
    valued_fills,
)

_SHARE = 0.05
"""Positions below this part of equity are small; above this part of trades, ambiguity matters."""
_SHOWN_AS_MORE = 1.005
"""The least exposure that two decimals show as more than the equity."""
_REACHED = 0.9
_CHANGES = ("modify", "cancel")
_FOR_MONEY = ("cash", "margin")
_ROUNDING = 1e-9
_DEFAULT_LOTS = 1.0
_FAR_UP = 4.0
"""A stop of a short trade at so many times the entry price is none; one of a long trade is at 0."""
_SHARE_OF_ENTRY, _TIMES_ENTRY = 0.1, 10.0
"""A level so far from the entry was meant otherwise, as 0.05 for 5 %."""
_SHARE_OF_BAR, _SHARE_OF_TRADES = 0.2, 0.5
"""A level nearer than this part of a usual bar is noise, and a notice where most trades end so."""
_LEVELS = ("stop_loss", "take_profit", "trailing_stop")
_PAUSES = ("session_closed", "blackout", "cooldown")
"""Reasons to refuse that are a wish of the user's."""
_LISTED = 3


def notices_of(result: Reported, facts: Facts) -> tuple[Notice, ...]:
    """Return all notices of a run."""
    found = [*_endings(result), *_orders(result), *_ambiguity(result), *_growth(result)]
    found += [*facts.data, *_exposure(result, facts), *_far(result, facts)]
    found += _near(result)
    found += _of_settings(result, facts)
    return in_order(found)


def _endings(result: Reported) -> Iterator[Notice]:
    """Ruin and stop-outs."""
    trades = result.trades.select("trade_id", "symbol", "exit_time", "exit_reason", "net_pnl")
    ruined = trades.filter(pl.col("exit_reason").cast(pl.String) == "ruin")
    lowest = result.metrics.get("lowest_equity")
    if ruined.height:
        time = ruined["exit_time"].min()
        left = result.equity.filter(pl.col("time") <= time)["equity"]
        symbols = ", ".join(ruined["symbol"].cast(pl.String).unique(maintain_order=True))
        text = (
            f"ruin on {_moment(time)}: equity fell to {_money(left[-1] if left.len() else 0.0)}; "
            f"{_closed(ruined['trade_id'].n_unique())} ({symbols}) for "
            f"{_money(ruined['net_pnl'].sum())}, and later orders were refused"
        )
        yield Notice("error", "ruin", text)
    elif isinstance(lowest, float) and lowest < 0.0:
        # No trade was closed by ruin where its own stop or a cost took all that was left.
        is_ruined = result.metrics.get("cagr") == -1.0
        after = "later orders were refused" if is_ruined else "trading went on"
        text = f"equity fell below 0, to {_money(lowest)}, and {after}"
        yield Notice("error", "ruin", text)
    stopped = trades.filter(pl.col("exit_reason").cast(pl.String) == "stop_out")
    if stopped.height:
        count, first = stopped["trade_id"].n_unique(), _moment(stopped["exit_time"].min())
        amount = _money(stopped["net_pnl"].sum())
        text = f"{_closed(count)} by stop-out for {amount}, the first on {first}"
        yield Notice("warning", "stop_out", text)
    yield from _stale(result)


def _stale(result: Reported) -> Iterator[Notice]:
    """Positions of symbols that were given up, and at what price a symbol came back (F15)."""
    trades = result.trades.filter(pl.col("exit_reason").cast(pl.String) == "stale")
    for (name,), own in trades.group_by(pl.col("symbol").cast(pl.String), maintain_order=True):
        first = own["exit_time"].min()
        on = " on" if own["exit_time"].n_unique() == 1 else ", the first on"
        price = own.sort("exit_time")["exit_price"][0]
        closed = counted(own["trade_id"].n_unique(), "position")
        text = (
            f"{name} stopped trading: {closed} closed at its last close ({price:g}){on} "
            f"{_moment(first)}"
        )
        yield Notice("warning", "stale", text + _return_of(result, str(name), own))


def _return_of(result: Reported, symbol: str, trades: pl.DataFrame) -> str:
    """Return the notice of a symbol that came back after its positions were closed."""
    if result.candles is None:
        return ""
    own = pl.DataFrame(result.candles.symbol(symbol))
    opened = next(name for name in ("open", "bid_open", "bid") if name in own.columns)
    opens = own.select(
        pl.col("time").cast(trades["exit_time"].dtype).alias("back"),
        pl.col(opened).alias("price"),
    )
    # Given up more than once, it may have come back after each.
    later = trades.sort("exit_time").join_asof(
        opens, left_on="exit_time", right_on="back", strategy="forward"
    )
    returned = later.drop_nulls("price")
    if returned.is_empty():
        return ""
    sign = pl.when(pl.col("direction").cast(pl.String) == "long").then(1.0).otherwise(-1.0)
    moved = (pl.col("price") - pl.col("exit_price")) * sign * pl.col("units")
    money = _money(returned.select(moved.sum()).item())
    back, price = returned.select("back", "price").row(0)
    return f"; it came back on {_moment(back)} at {price:g}, a difference of {money}"


def _orders(result: Reported) -> Iterator[Notice]:
    """Orders that were refused, made smaller, or cancelled by the engine."""
    orders = result.orders.with_columns(
        pl.col("symbol", "side", "type", "status", "note").cast(pl.String)
    )
    orders = orders.with_columns(is_entry=~_is_other(result, orders))
    entries, refused = orders.filter("is_entry"), orders.filter(pl.col("status") == "rejected")
    some = refused.filter("is_entry")
    if some.height:
        text = f"{some.height:,} of {_entries(entries.height)} refused: {_by_reason(some)}"
        is_wanted = some["reject_reason"].is_in(_PAUSES).all()
        level = "info" if is_wanted else "warning"
        level = "error" if some.height == entries.height else level
        yield Notice(level, "refused_orders", text)
    some = refused.filter(~pl.col("is_entry"))
    if some.height:
        text = f"{some.height:,} of the closes and changes refused: {_by_reason(some)}"
        found_nothing = ~pl.col("type").is_in(_CHANGES) & (pl.col("reject_reason") == "not_found")
        level = "info" if some.select(found_nothing.all()).item() else "warning"
        yield Notice(level, "refused_actions", text)
    by_engine = orders.filter(
        (pl.col("status") == "cancelled") & pl.col("reject_reason").is_not_null()
    )
    if by_engine.height:
        count = counted(by_engine.height, "order")
        text = f"{count} cancelled by the engine: {_by_reason(by_engine)}"
        yield Notice("info", "cancelled_orders", text)
    scaled = entries.filter((pl.col("note") == "scaled") & (pl.col("status") == "filled")).height
    if scaled:
        text = f"{scaled:,} of {_entries(entries.height)} made smaller to fit the free margin"
        yield Notice("info", "scaled_orders", text)


def _is_other(result: Reported, orders: pl.DataFrame) -> pl.Series:
    """Whether an order is no entry: a change, or a close.

    The table names no closes. Of those that filled, no fill opened a trade; one that was refused
    for its size is a plain market order against an open position.
    """
    fills = result.fills.select("order_id", "trade_id")
    openers = fills.filter(pl.col("trade_id").is_first_distinct())["order_id"].implode()
    no_level = pl.all_horizontal(pl.col("price", "stop_loss", "take_profit").is_null())
    plain = (pl.col("type") == "market") & no_level
    too_small = plain & (pl.col("lots") == 0.0) & (pl.col("reject_reason") == "size")
    is_change = pl.col("type").is_in(_CHANGES)
    only_closed = (pl.col("status") == "filled") & ~pl.col("order_id").is_in(openers)
    had_nothing = plain & (pl.col("status") == "cancelled") & pl.col("reject_reason").is_null()
    not_there = pl.col("reject_reason").is_in(["not_found", "filled", "reduce_only"])
    numbers = _against_a_position(result, orders.filter(too_small)).implode()
    others = orders.select(
        pl.any_horizontal(is_change, only_closed, had_nothing, not_there.fill_null(value=False))
        | pl.col("order_id").is_in(numbers)
    )
    return others.to_series()


def _against_a_position(result: Reported, orders: pl.DataFrame) -> pl.Series:
    """Numbers of the orders in whose symbol a position of the other direction was open."""
    if not orders.height:
        return orders["order_id"]
    spans = ("symbol", "direction", "entry_time")
    held = pl.concat(
        [
            result.trades.select(*spans, pl.col("exit_time")),
            result.positions.select(
                *spans, pl.lit(None, dtype=result.trades.schema["exit_time"]).alias("exit_time")
            ),
        ]
    ).select(
        pl.col("symbol").cast(pl.String),
        pl.when(pl.col("direction").cast(pl.String) == "long")
        .then(pl.lit("sell"))
        .otherwise(pl.lit("buy"))
        .alias("side"),
        "entry_time",
        "exit_time",
    )
    time = pl.col("submitted_time")
    open_then = (pl.col("entry_time") <= time) & (
        pl.col("exit_time").is_null() | (time < pl.col("exit_time"))
    )
    return orders.join(held, on=["symbol", "side"]).filter(open_then)["order_id"].unique()


def _ambiguity(result: Reported) -> Iterator[Notice]:
    trades = result.trades
    # What was given up has a notice of its own.
    decided = trades.filter(pl.col("exit_reason").cast(pl.String) != "stale")
    count = decided["ambiguous"].sum()
    if count > _SHARE * result.trades.height:
        worst, best = result.pnl_interval
        text = (
            f"{count:,} of {counted(result.trades.height, 'trade')} "
            f"({100 * count / result.trades.height:.1f} %) decided by the intrabar policy; the "
            f"closed profit lies between {_money(worst)} and {_money(best)}"
        )
        yield Notice("warning", "ambiguous", text)


def _growth(result: Reported) -> Iterator[Notice]:
    if is_under_a_year(result.metrics):
        years = float(str(result.metrics["years"]))
        growth = formatted("cagr", result.metrics["cagr"])
        text = f"the CAGR of {growth} is extrapolated from {counted(round(years * 365.25), 'day')}"
        yield Notice("info", "short_period", text)


def _exposure(result: Reported, facts: Facts) -> Iterator[Notice]:
    fills = valued_fills(result)
    ratio, time = largest_exposure(result, fills)
    if ratio >= _SHOWN_AS_MORE:
        text = f"positions were worth up to {ratio:,.2f} times the equity, on {_moment(time)}"
        yield Notice("info" if facts.chose_leverage else "warning", "exposure", text)
    yield from _unreached(result, facts)
    if facts.has_sizer:
        return
    share = largest_opening(result, fills, _DEFAULT_LOTS)
    if share is not None and share < _SHARE:
        text = (
            "no sizer was given, so that an order is one lot: the largest position was "
            f"{100 * share:.2g} % of the equity; give one, such as sizer=omega.EquityPercent(50)"
        )
        yield Notice("warning", "small_positions", text)


def _unreached(result: Reported, facts: Facts) -> Iterator[Notice]:
    """Target weights of more than the equity that the money did not suffice for."""
    rows = pl.DataFrame(result.tables.weights())
    sums = rows.group_by("time", maintain_order=True).agg(
        pl.col("target", "realised").abs().sum(),
        pl.col("reason").is_in(_FOR_MONEY).any(),
    )
    short = sums.filter(
        "reason",
        pl.col("target") >= _SHOWN_AS_MORE,
        pl.col("realised") < _REACHED * pl.col("target"),
    ).sort("target", descending=True, maintain_order=True)
    if short.height:
        time, target, realised = short.select("time", "target", "realised").row(0)
        more = f"omega.Account(kind='margin', leverage={math.ceil(target - _ROUNDING)})"
        text = (
            f"targets of gross {target:.2f} reached {realised:.2f} on {_moment(time)}; give "
            f"{'a higher leverage' if facts.chose_leverage else more}"
        )
        yield Notice("warning", "unreached_targets", text)


def _far(result: Reported, facts: Facts) -> Iterator[Notice]:
    """Levels that no price reaches: given in points, or as shares, where prices are expected."""
    entry, stop, target = (pl.col(name) for name in ("entry_price", "stop_loss", "take_profit"))
    is_long = pl.col("direction").cast(pl.String) == "long"
    beyond = pl.when(is_long).then(stop <= 0.0).otherwise(stop >= _FAR_UP * entry)
    signed = pl.col("symbol").cast(pl.String).is_in(list(facts.signed))
    shares = pl.when(is_long).then(stop < _SHARE_OF_ENTRY * entry).otherwise(
        target < _SHARE_OF_ENTRY * entry
    ) | (is_long & (target > _TIMES_ENTRY * entry))
    trades = result.trades.filter((entry > 0.0) & ~signed)
    far = trades.filter(beyond).height
    if far:
        text = (
            f"{far:,} of {counted(result.trades.height, 'trade')} had a stop that no price "
            "reaches; distances are prices and not points: 20 pips of EURUSD are 0.0020"
        )
        yield Notice("warning", "far_stops", text)
    far = trades.filter(shares & ~beyond.fill_null(value=False)).height
    if far:
        text = (
            f"{far:,} of {counted(result.trades.height, 'trade')} had a stop or target below a "
            "tenth of the entry price, or above ten times it; a level is a price: for 5 % write "
            "omega.Distance.percent(5)"
        )
        yield Notice("warning", "far_stops", text)


def _near(result: Reported) -> Iterator[Notice]:
    """Levels that any bar reaches: in percent or in pips, where prices are expected."""
    trades, reason = result.trades, pl.col("exit_reason").cast(pl.String)
    quick = trades.filter(reason.is_in(_LEVELS) & (pl.col("bars_held") <= 1))
    is_fine = "intrabar='magnifier'" in str(result.config.get("execution"))
    if result.candles is None or is_fine or quick.height <= _SHARE_OF_TRADES * trades.height:
        return
    parts = quick.group_by(pl.col("symbol").cast(pl.String), maintain_order=True)
    near = sum(_count_of_near(own, result.candles.symbol(str(name))) for (name,), own in parts)
    if near > _SHARE_OF_TRADES * trades.height:
        text = (
            f"{near:,} of {counted(trades.height, 'trade')} ended within a bar, by a stop or "
            "target nearer than the spread or a fifth of a usual bar; a distance is a price: for "
            "2 % write omega.Distance.percent(2)"
        )
        yield Notice("warning", "near_stops", text)


def _count_of_near(trades: pl.DataFrame, store: CandleStore) -> int:
    """Count the trades of a symbol whose stop or target was in the noise of its candles."""
    bars = both_sides(store)
    usual, spread = bars.select(
        (pl.col("bid_high") - pl.col("bid_low")).median(),
        (pl.col("ask_close") - pl.col("bid_close")).median(),
    ).row(0)
    first = bars.select(pl.col("bid_high", "ask_low").gather(trades["entry_index"]))
    is_long = pl.col("direction").cast(pl.String) == "long"
    best = pl.when(is_long).then("bid_high").otherwise("ask_low")
    reason, stop = pl.col("exit_reason").cast(pl.String), pl.col("stop_loss")
    level = pl.when(reason == "take_profit").then("take_profit").otherwise(stop)
    # A trailing stop has followed the bar of the entry; other levels stand where they were.
    origin = pl.when(reason == "trailing_stop").then(best).otherwise("entry_price")
    is_near = (level - origin).abs() < max(_SHARE_OF_BAR * usual, spread)
    return trades.hstack(first).filter(is_near).height


def _of_settings(result: Reported, facts: Facts) -> Iterator[Notice]:
    """What follows from what the user gave, and left out."""
    yield from _start(result, facts)
    yield from _late(result, facts)
    held = nights(result, facts.without_swap)
    if held:
        shares = set(facts.without_swap) & set(facts.shares)
        of_shares = "carry=omega.Carry(debit=..., borrow=...)"
        of_others = "omega.Costs(swap_long=..., swap_short=...)"
        both = f"{of_others}, for shares {of_shares}" if shares else of_others
        text = (
            f"{counted(held, 'position-night')} without swap in {_listed(facts.without_swap)}; "
            f"give {of_shares if shares == set(facts.without_swap) else both}"
        )
        yield Notice("warning", "no_swap", text)
    if facts.is_free and result.fills.height:
        text = "every trade was free; give omega.Costs(...), or candles with a column spread"
        yield Notice("info", "no_costs", text)
    for symbol, currency in facts.borrowed:
        text = (
            f"{symbol} is quoted in {currency} and the account in {facts.currency}: its price is "
            f"borrowed in {currency}, and only the profit converted; account='cash' pays it at "
            "the rate of the day"
        )
        yield Notice("info", "borrowed_currency", text)
    if facts.zones is not None:
        days, shown = facts.zones
        text = (
            f"times are shown in {shown} and days are those of {days}; to have the days of "
            f"{shown}, give calendar={shown!r}"
        )
        yield Notice("info", "calendar_zone", text)
    if facts.without_preset:
        have = "has" if len(facts.without_preset) == 1 else "have"
        text = f"{_listed(facts.without_preset)} {have} no preset: a lot is one unit"
        yield Notice("info", "no_preset", text)


def _start(result: Reported, facts: Facts) -> Iterator[Notice]:
    """A start that the warm-up moved; without one, a warm-up that takes much of the data."""
    times = result.equity["time"]
    if facts.start is None or not times.len():
        return
    rows = times.to_physical()
    first = dict(result.tables.metrics()).get("first_decision")
    scale = 1_000 if result.tables.unit == "s" else 1  # Polars shows seconds as milliseconds
    decided = rows[0] if first is None else int(first) * scale
    least = 0 if facts.start_given else _SHARE * (rows[-1] - facts.start)
    if decided - facts.start > least:
        before, after = pl.Series([facts.start, decided]).cast(times.dtype)
        text = f"the warm-up moved the start from {_moment(before)} to {_moment(after)}"
        yield Notice("warning" if facts.start_given else "info", "start_moved", text)


def _late(result: Reported, facts: Facts) -> Iterator[Notice]:
    """Symbols whose candles begin after the first decision."""
    times, first = result.equity["time"], result.tables.first_decision
    if first is None or not times.len():
        return
    first *= 1_000 if result.tables.unit == "s" else 1
    late = [(symbol, begin) for symbol, begin in facts.begins if begin >= first]
    if late:
        moments = pl.Series([begin for _, begin in late]).cast(times.dtype)
        listed = [f"{one[0]} on {_moment(time)}" for one, time in zip(late, moments, strict=True)]
        more = f" and {len(listed) - _LISTED:,} more" if len(listed) > _LISTED else ""
        text = (
            f"{counted(len(late), 'symbol')} began after the first decision and joined when ready: "
            f"{', '.join(listed[:_LISTED])}{more}"
        )
        yield Notice("info", "late_symbols", text)


def _by_reason(orders: pl.DataFrame) -> str:
    """Reasons and how often each is, the most frequent first."""
    found = orders.group_by(pl.col("reject_reason").fill_null("unknown")).len()
    rows = found.sort("len", "reject_reason", descending=[True, False]).iter_rows()
    return ", ".join(f"{reason} {count:,}" for reason, count in rows)


def _closed(count: int) -> str:
    return f"{counted(count, 'position')} {'was' if count == 1 else 'were'} closed"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def _entries(count: int) -> str:
    return counted(count, "entry", "entries")


def _money(amount: object) -> str:
    return formatted("money", float(str(amount)) + 0.0)


def _moment(time: object) -> str:
    return formatted("time", time)
