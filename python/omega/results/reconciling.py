"""Reconciles a broker's fills with those of a run: each difference by kind, in money."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from omega.config.values import counted, number, taken
from omega.contract import ArrowLike
from omega.errors import ConfigError
from omega.libraries import arguments_of
from omega.report._candles import moments
from omega.report._reported import Reported
from omega.results.holdings import valued_fills

KINDS = ("price", "size", "fee", "time", "missing", "extra")
_NEEDED = ("time", "symbol", "side", "price", "lots")
_ALIASES = {"size": "lots", "quantity": "lots", "qty": "lots", "volume": "lots",
            "datetime": "time", "timestamp": "time", "commission": "fee"}  # fmt: skip
_SIDES = {"buy": "buy", "sell": "sell", "b": "buy", "s": "sell", "long": "buy", "short": "sell"}
_CLOSE = 1e-9
"""Two numbers this near to each other, as a share of them, are one number written twice."""

Rows: TypeAlias = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Reconciliation:
    """The fills of a broker beside those of a run.

    Money is in account currency, as the account changed: what is bought is paid and what is sold is
    received, at the run's rate of conversion. It is the broker's less the run's: below zero the
    broker did worse. Where both ended flat, it adds up to the difference of their net profits.

    Attributes:
        differences: A row for each difference: ``kind`` ("price", "size", "fee", "time", "missing":
            only in the run, "extra": only at the broker), ``symbol``, ``side``, ``time``,
            ``run_row`` and ``broker_row`` (rows of the two tables, from 0; orders that were joined
            count as one), ``run`` and ``broker`` (the value at each; of a time seconds since 1970),
            and ``money``.
        matched: A row for each pair: ``run_row``, ``broker_row``, and whether they are ``same``.

    Example:
        >>> from omega.results.result import example_result
        >>> result = example_result()
        >>> reconcile(result, fills_of(result))
        Reconciliation(6 fills matched, no difference)
    """

    differences: pl.DataFrame
    matched: pl.DataFrame

    @property
    def money(self) -> float:
        """What all differences come to, in account currency."""
        return float(self.differences["money"].sum())

    @property
    def by_kind(self) -> pl.DataFrame:
        """How many differences of each kind there are, and what they come to."""
        kinds = pl.DataFrame({"kind": list(KINDS)}, schema={"kind": pl.Enum(KINDS)})
        found = self.differences.group_by("kind").agg(
            pl.len().cast(pl.Int64).alias("count"), pl.col("money").sum()
        )
        joined = kinds.join(found, on="kind", how="left", maintain_order="left")
        return joined.with_columns(pl.col("count", "money").fill_null(0))

    def __repr__(self) -> str:
        pairs = self.matched.height
        text = f"Reconciliation({counted(pairs, 'fill')} matched, "
        if not self.differences.height:
            return f"{text}no difference)"
        counts = ", ".join(
            f"{count:,} {kind}" for kind, count, _ in self.by_kind.iter_rows() if count
        )
        return f"{text}{counts}; {self.money:,.2f})"


def fills_of(result: Reported) -> pl.DataFrame:
    """Return the fills of a run as `reconcile` takes those of a broker.

    Returns:
        ``time``, ``symbol``, ``side`` ("buy" or "sell"), ``price``, ``lots`` and ``fee``, and for
        money ``units``: account currency per lot and unit of price.

    Example:
        >>> from omega.results.result import example_result
        >>> fills_of(example_result()).select("side", "lots", "price").row(1)
        ('sell', 10000.0, 1.12)
    """
    sizes = dict(zip(result.symbols, result.tables.contract_sizes, strict=True))
    size = pl.col("symbol").replace_strict(
        list(sizes), list(sizes.values()), return_dtype=pl.Float64
    )
    side = pl.when(pl.col("opens") == pl.col("is_long")).then(pl.lit("buy"))
    return valued_fills(result).select(
        "time",
        "symbol",
        side.otherwise(pl.lit("sell")).alias("side"),
        "price",
        "lots",
        "fee",
        (size * pl.col("rate")).alias("units"),
    )


def reconcile(
    result: Reported,
    fills: ArrowLike,
    *,
    within: timedelta = timedelta(hours=1),
    time_tolerance: timedelta = timedelta(0),
    price_tolerance: float = 0.0,
    columns: Mapping[str, str] | None = None,
) -> Reconciliation:
    """Match the fills of a broker with those of a run, and report what each difference cost.

    Fills of one symbol and side belong together, those nearest in time first, then those nearest in
    size and price. Executions of one order (a column ``order_id``) are joined first: their sizes
    and fees added up, at their mean price.

    Args:
        result: The run.
        fills: What the broker did: ``time``, ``symbol``, ``side``, ``price``, ``lots``, and where
            known ``fee`` (a cost is positive) and ``order_id``; times as those of the run.
        within: How far apart in time two fills may be and still be one.
        time_tolerance: Up to which distance times count as the same.
        price_tolerance: Up to which distance prices count as the same, in quote currency.
        columns: Their names in the table, as {"price": "Fill price"}.

    Returns:
        The pairs and differences. A fee that the broker's table does not have is no difference.

    Raises:
        ConfigError: A column is missing, has no number, or names a side or symbol that is unknown.

    Example:
        >>> from omega.results.result import example_result
        >>> result = example_result()
        >>> broker = fills_of(result).with_columns(lots=pl.col("lots") + (pl.col("price") > 1.115))
        >>> reconcile(result, broker).by_kind.filter(pl.col("count") > 0).select("kind").item()
        'size'
    """
    with arguments_of("reconcile"):
        _check_tolerances(within, time_tolerance)
        price_tolerance = taken(
            "price_tolerance", price_tolerance, number(minimum=0, infinite=True)
        )
        ours = fills_of(result)
        theirs = _taken(fills, columns or {}, ours)
        _refuse_unknown(theirs["symbol"], result.symbols)
        pairs = _matched(ours, theirs, within)
        found = list(_differences(ours, theirs, pairs, (time_tolerance, price_tolerance)))
    differing = {(row["run_row"], row["broker_row"]) for row in found}
    return Reconciliation(
        _table(found, ours),
        pl.DataFrame(
            [(one, other, (one, other) not in differing) for one, other in sorted(pairs.items())],
            schema={"run_row": pl.UInt32, "broker_row": pl.UInt32, "same": pl.Boolean},
            orient="row",
        ),
    )


def _check_tolerances(within: object, time: object) -> None:
    for name, given in (("within", within), ("time_tolerance", time)):
        if not isinstance(given, timedelta) or given < timedelta(0):
            raise ConfigError(f"{name}: given {given!r}, expected a timedelta of 0 or more")


def _taken(fills: ArrowLike, columns: Mapping[str, str], ours: pl.DataFrame) -> pl.DataFrame:
    """The broker's fills under the names and types of the run's."""
    frame = pl.DataFrame(fills)
    names = {name.lower(): name for name in frame.columns}
    renamed = {
        names[alias]: name
        for alias, name in _ALIASES.items()
        if alias in names and name not in names
    }
    renamed |= {names[name]: name for name in (*_NEEDED, "fee", "order_id") if name in names}
    renamed = {own: name for own, name in renamed.items() if own not in columns.values()}
    frame = frame.rename(renamed | {own: name for name, own in columns.items()}, strict=False)
    if missing := [name for name in _NEEDED if name not in frame.columns]:
        raise ConfigError(
            f"fills: no column {', '.join(map(repr, missing))} in {frame.columns}; expected "
            f"{', '.join(_NEEDED)}, or columns={{{missing[0]!r}: 'its name'}}"
        )
    if "fee" not in frame.columns:
        frame = frame.with_columns(fee=pl.lit(None, pl.Float64))
    for name in ("price", "lots", "fee"):
        if not frame.schema[name].is_numeric() and frame.schema[name] != pl.Null:
            raise ConfigError(f"fills: {name!r} holds {frame.schema[name]}, expected numbers")
    if not frame.schema["time"].is_temporal():
        raise ConfigError(f"fills: 'time' holds {frame.schema['time']}, expected datetimes")
    frame = frame.with_columns(
        pl.col("symbol").cast(pl.String),
        pl.col("side").cast(pl.String).str.to_lowercase().replace_strict(_SIDES, default=None),
        pl.col("price", "lots", "fee").cast(pl.Float64),
    )
    _refuse_bad_rows(frame, ours)
    return _joined(frame.with_columns(pl.col("lots").abs()))


def _refuse_unknown(symbols: pl.Series, known: Sequence[str]) -> None:
    """Refuse fills of symbols that the run does not have: nothing is known of their money."""
    strange = ~symbols.is_in(list(known))
    if strange.any():
        row = int(strange.arg_max() or 0)
        raise ConfigError(
            f"fills: 'symbol' in row {row} is {symbols[row]!r}, expected one of the run: "
            f"{', '.join(known[:5])}. Rename it, or leave out fills of other symbols"
        )


def _refuse_bad_rows(frame: pl.DataFrame, ours: pl.DataFrame) -> None:
    for name in _NEEDED:
        bad = frame[name].is_null()
        if name in ("price", "lots"):
            bad = bad | ~frame[name].is_finite()
        if bad.any():
            expected = "buy or sell" if name == "side" else "a value"
            raise ConfigError(
                f"fills: {name!r} in row {bad.arg_max()} is missing or unknown, expected {expected}"
            )
    zone, known = (getattr(one.schema["time"], "time_zone", None) for one in (frame, ours))
    if (zone is None) != (known is None):
        raise ConfigError(
            f"fills: times {'without a zone' if zone is None else f'of {zone}'}, expected them "
            f"{'with one' if known else 'without one'} as those of the run; use "
            "`dt.replace_time_zone`"
        )


def _joined(frame: pl.DataFrame) -> pl.DataFrame:
    """Join the executions of an order."""
    if "order_id" not in frame.columns:
        return frame.select(*_NEEDED, "fee")
    worth = (pl.col("price") * pl.col("lots")).sum() / pl.col("lots").sum()
    alone = pl.col("order_id").is_null()
    key = pl.when(alone).then(pl.int_range(pl.len())).otherwise(None).alias("alone")
    several = pl.len() > 1
    return (
        frame.with_columns(key)
        .group_by("order_id", "alone", "symbol", "side", maintain_order=True)
        .agg(
            pl.col("time").first(),
            pl.when(several).then(worth).otherwise(pl.col("price").first()).alias("price"),
            pl.col("lots").sum(),
            pl.when(pl.col("fee").is_not_null().any()).then(pl.col("fee").sum()).alias("fee"),
        )
        .select(*_NEEDED, "fee")
    )


def _matched(ours: pl.DataFrame, theirs: pl.DataFrame, within: timedelta) -> dict[int, int]:
    """Return the broker's row of each row of the run that has one."""
    groups: dict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, table in enumerate((ours, theirs)):
        for row, key in enumerate(table.select("symbol", "side").iter_rows()):
            groups[key][side].append(row)
    pairs: dict[int, int] = {}
    columns = [_columns(table) for table in (ours, theirs)]
    reach = int(within / timedelta(microseconds=1)) * 1_000
    for left, right in groups.values():
        candidates = sorted(_candidates(left, right, columns, reach))
        taken: set[int] = set()
        for *_, row, other in candidates:
            if row not in pairs and other not in taken:
                pairs[row] = other
                taken.add(other)
    return pairs


def _columns(table: pl.DataFrame) -> list[np.ndarray[Any, Any]]:
    return [moments(table["time"]), table["lots"].to_numpy(), table["price"].to_numpy()]


def _candidates(
    left: Sequence[int], right: Sequence[int], columns: list[list[np.ndarray[Any, Any]]], reach: int
) -> Iterator[tuple[int, float, float, int, int]]:
    """Yield what could be one fill, with its distances in time, size and price."""
    (time, lots, price), (other_time, other_lots, other_price) = columns
    ordered = sorted(right, key=lambda row: other_time[row])
    known = other_time[ordered] if ordered else np.empty(0, np.int64)
    for row in left:
        first, last = np.searchsorted(known, [time[row] - reach, time[row] + reach + 1])
        for other in ordered[first:last]:
            yield (
                abs(int(time[row]) - int(other_time[other])),
                abs(float(lots[row] - other_lots[other])),
                abs(float(price[row] - other_price[other])),
                row,
                other,
            )


def _differences(
    ours: pl.DataFrame,
    theirs: pl.DataFrame,
    pairs: Mapping[int, int],
    tolerances: tuple[timedelta, float],
) -> Iterator[dict[str, Any]]:
    run, broker = ours.rows(named=True), theirs.rows(named=True)
    partners = {other: row for row, other in pairs.items()}
    nearby = _units_of(ours)
    for row, one in enumerate(run):
        if row in pairs:
            yield from _of_pair((row, one), (pairs[row], broker[pairs[row]]), tolerances)
        else:
            yield _whole("missing", one, row, None, -_flow(one, one["units"]))
    for row, one in enumerate(broker):
        if row not in partners:
            yield _whole("extra", one, None, row, _flow(one, nearby.get(one["symbol"], 1.0)))


def _units_of(ours: pl.DataFrame) -> dict[str, float]:
    """Return the last conversion of each symbol, for fills that the run has no rate of."""
    return dict(ours.group_by("symbol").agg(pl.col("units").last()).iter_rows())


def _sign(fill: Rows) -> float:
    return -1.0 if fill["side"] == "buy" else 1.0


def _flow(fill: Rows, units: float) -> float:
    """Return what a fill paid into the account."""
    worth: float = fill["price"] * fill["lots"] * units
    return _sign(fill) * worth - (fill["fee"] or 0.0)


def _of_pair(
    ours: tuple[int, Rows], theirs: tuple[int, Rows], tolerances: tuple[timedelta, float]
) -> Iterator[dict[str, Any]]:
    """Take a pair apart: price at the run's size, size at the broker's price, fee, and time."""
    (row, run), (other, broker) = ours, theirs
    sign, units = _sign(run), run["units"]
    place = {"symbol": run["symbol"], "side": run["side"], "time": run["time"]}
    place |= {"run_row": row, "broker_row": other}

    def found(kind: str, one: float, two: float, money: float) -> dict[str, Any]:
        return {"kind": kind, **place, "run": one, "broker": two, "money": money}

    price, size = run["price"], run["lots"]
    if not _near(price, broker["price"], tolerances[1]):
        money = sign * (broker["price"] - price) * size * units
        yield found("price", price, broker["price"], money)
    if not _near(size, broker["lots"]):
        money = sign * broker["price"] * (broker["lots"] - size) * units
        yield found("size", size, broker["lots"], money)
    if broker["fee"] is not None and not _near(run["fee"], broker["fee"]):
        yield found("fee", run["fee"], broker["fee"], run["fee"] - broker["fee"])
    if abs(broker["time"] - run["time"]) > tolerances[0]:
        yield found("time", _seconds(run["time"]), _seconds(broker["time"]), 0.0)


def _near(one: float, other: float, tolerance: float = 0.0) -> bool:
    return abs(one - other) <= max(tolerance, _CLOSE * max(abs(one), abs(other)))


def _whole(
    kind: str, fill: Rows, row: int | None, other: int | None, money: float
) -> dict[str, Any]:
    return {
        "kind": kind, "symbol": fill["symbol"], "side": fill["side"], "time": fill["time"],
        "run_row": row, "broker_row": other,
        "run": None if row is None else fill["lots"],
        "broker": None if other is None else fill["lots"], "money": money,
    }  # fmt: skip


def _seconds(time: Any) -> float:  # noqa: ANN401 - a datetime with or without a zone
    return float(pl.Series([time]).dt.epoch("us")[0]) / 1e6


def _table(rows: list[dict[str, Any]], ours: pl.DataFrame) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {
        "kind": pl.Enum(KINDS), "symbol": pl.String(), "side": pl.String(),
        "time": ours.schema["time"], "run_row": pl.UInt32(), "broker_row": pl.UInt32(),
        "run": pl.Float64(), "broker": pl.Float64(), "money": pl.Float64(),
    }  # fmt: skip
    table = pl.DataFrame({name: [row[name] for row in rows] for name in schema}, schema=schema)
    return table.sort("time", maintain_order=True)
