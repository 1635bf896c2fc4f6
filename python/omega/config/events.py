"""Corporate actions by date: splits, dividends, changes of symbols, delistings and halts."""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from omega.config.tables import (
    AnyTable,
    Column,
    Row,
    names_of,
    order_of,
    require_order,
    rows_of,
)
from omega.config.values import (
    Refused,
    check,
    flag,
    number,
    one_of,
    optional,
    settings,
    taken,
)
from omega.errors import ConfigError

_SYMBOL = Column("symbol", ("ticker", "sid"), None, "text")
_DATE = Column("date", ("ex_date", "ex", "time", "datetime"), kind="date")
_TABLES: dict[str, tuple[Column, ...]] = {
    "splits": (_SYMBOL, _DATE, Column("ratio", ("split", "splits", "stock_splits"))),
    "dividends": (
        _SYMBOL,
        _DATE,
        Column("amount", ("dividend", "dividends", "cash")),
        Column("pay", ("pay_date", "payment_date"), None, "date"),
        Column("tax", (), None),
    ),
    "symbols": (
        Column("old", ("from",), kind="text"),
        Column("new", ("to",), kind="text"),
        _DATE,
        Column("ratio", (), 1.0),
        Column("cash", (), 0.0),
    ),
    "delistings": (
        Column("symbol", ("ticker", "sid"), kind="text"),
        _DATE,
        Column("price", (), None),
        Column("return", ("delisting_return",), None),
        Column("exchange", (), None, "text"),
    ),
    "halts": (
        _SYMBOL,
        Column("from", ("start",), kind="date"),
        Column("to", ("end",), kind="date"),
    ),
    "rolls": (
        _SYMBOL,
        Column("time", ("date", "datetime"), kind="moment"),
        Column("bid", ("open", "price")),
        Column("ask", (), None),
        Column("adjust", (), "none", "text"),
        Column("size", (), "contracts", "text"),
    ),
}
ADJUSTS = ("none", "difference", "ratio")
"""What a roll makes of earlier prices."""
SIZES = ("contracts", "notional")
"""What is the same before and after a roll."""
_DAY = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_LAST_ROW = datetime(2050, 1, 1)  # noqa: DTZ001 - a date in a file without zones
"""Map files end with a row of a later date, as long as a symbol is traded."""


def _returns(given: object) -> object:
    if not isinstance(given, Mapping):
        raise Refused("a mapping from exchanges to returns, such as omega.delisting.SHUMWAY")
    change = number(minimum=-1)
    return {
        str(name).upper(): taken(f"Events.delisting_returns of {name}", one, change)
        for name, one in given.items()
    }


@settings
class Events:
    """What happens to symbols by date (rules A1 to A8, R3), over prices as they were traded.

    Each table is a frame of Polars, pandas or Arrow, a dict of columns, or a list of dicts. Its
    dates are the first days on which things are so: ex-dates, and days without trading. A table
    without a column `symbol` is about the only symbol of the run; rows of symbols that the run does
    not have are left out.

    Attributes:
        splits: Columns symbol, date, ratio: new shares for an old one; 0.1 is one for ten.
        dividends: Columns symbol, date (the ex-date), amount in quote currency for each share after
            a split of the same date; also pay (when it is paid) and tax (a part of 1).
        symbols: Columns old, new, date: renamed symbols and mergers; also ratio (new shares for an
            old one) and cash for each old share.
        delistings: Columns symbol, date; also price, or return (the change of the last close), and
            exchange. Without a price the trade is ambiguous: its worst is a price of 0.
        halts: Columns symbol, from, to: the days without a bar do not make the symbol stale.
        rolls: Columns symbol, time and bid: at the bar that opens then the contract is another one,
            and bid (and ask) is the open of the old one; also adjust ("none", "difference" or
            "ratio") and size ("contracts" or "notional"). `omega.Continuous` makes them.
        reinvest: Whether dividends buy more of the same at the close before (rule A5), without an
            order and a cost.
        pay: "ex" books dividends at the open of the ex-date; "date" on their pay date, until which
            they are in the equity alone.
        tax: Part of 1 of each dividend of a long position that is kept back.
        delisting_returns: By exchange, the return of delistings without a price, such as
            `omega.delisting.SHUMWAY`.
        prices: "raw": the candles are as they were traded. Adjusted prices hold the events already,
            and are refused.

    Example:
        >>> events = Events(splits=[{"date": "2020-08-31", "ratio": 4}], tax=0.15)
        >>> events.splits
        ((None, datetime.date(2020, 8, 31), 4.0),)
    """

    splits: AnyTable = ()
    dividends: AnyTable = ()
    symbols: AnyTable = ()
    delistings: AnyTable = ()
    halts: AnyTable = ()
    rolls: AnyTable = ()
    reinvest: bool = False
    pay: str = "ex"
    tax: float = 0.0
    delisting_returns: Mapping[str, float] | None = None
    prices: str = "raw"

    def __post_init__(self) -> None:
        """Take the tables, and check every field."""
        for name, columns in _TABLES.items():
            rows = rows_of(f"Events.{name}", getattr(self, name), columns)
            object.__setattr__(self, name, rows)
        check(self, flag, "reinvest")
        check(self, one_of("ex", "date"), "pay")
        check(self, number(minimum=0, maximum=1), "tax")
        check(self, optional(_returns), "delisting_returns")
        check(self, one_of("raw", "adjusted"), "prices")
        self._refuse_adjusted()
        self._check_rows()

    def _refuse_adjusted(self) -> None:
        if self.prices == "adjusted":
            raise ConfigError(
                "Events.prices: given 'adjusted', expected 'raw'. Adjusted prices hold splits and "
                "dividends already, which would count twice; give prices as they were traded, or "
                "leave the events away"
            )

    def _check_rows(self) -> None:
        for place, values, least in (
            ("Events.splits: ratio", [row[2] for row in self.splits], False),
            ("Events.symbols: ratio", [row[3] for row in self.symbols], False),
            ("Events.dividends: amount", [row[2] for row in self.dividends], True),
            ("Events.symbols: cash", [row[4] for row in self.symbols], True),
            ("Events.dividends: tax", [row[4] or 0.0 for row in self.dividends], True),
            ("Events.delistings: price", [row[2] or 0.0 for row in self.delistings], True),
        ):
            for row, amount in enumerate(values):
                if amount < 0.0 or (amount == 0.0 and not least):
                    expected = "0 or more" if least else "a number above 0"
                    raise ConfigError(
                        f"{place}: given {amount:g} in row {row}, expected {expected}"
                    )
        self._check_taxes()
        self._check_returns()
        self._check_days()
        if self.pay == "date":
            for row, dividend in enumerate(self.dividends):
                if dividend[3] is None:
                    raise ConfigError(
                        f"Events.dividends: given no pay date in row {row} with pay='date', "
                        "expected one in each row. Use pay='ex', or add a column pay"
                    )

    def _check_taxes(self) -> None:
        for row, dividend in enumerate(self.dividends):
            if dividend[4] is not None and dividend[4] > 1.0:
                raise ConfigError(
                    f"Events.dividends: tax: given {dividend[4]:g} in row {row}, expected a part "
                    "of 1; 0.15 keeps 15 % back"
                )

    def _check_returns(self) -> None:
        for row, delisting in enumerate(self.delistings):
            if delisting[3] is not None and delisting[3] < -1.0:
                raise ConfigError(
                    f"Events.delistings: return: given {delisting[3]:g} in row {row}, expected -1 "
                    "(all is lost) or more; -0.3 is a loss of 30 %"
                )

    def _check_days(self) -> None:
        """Refuse what can only be a slip, and would do harm in silence."""
        known = set()
        for row, (symbol, day, ratio) in enumerate(self.splits):
            if (symbol, day) in known:
                raise ConfigError(
                    f"Events.splits: given a second split of {symbol or 'the symbol'} on {day} "
                    f"(ratio {ratio:g}, row {row}), expected one. Leave it out, or multiply both"
                )
            known.add((symbol, day))
        for row, (old, new, *_) in enumerate(self.symbols):
            if old == new:
                raise ConfigError(
                    f"Events.symbols: given {old} that becomes itself in row {row}, expected two "
                    "symbols. A row of splits changes lots alone"
                )
        self._check_renames()
        for row, (*_, adjust, size) in enumerate(self.rolls):
            for name, given, words in (("adjust", adjust, ADJUSTS), ("size", size, SIZES)):
                if given not in words:
                    raise ConfigError(
                        f"Events.rolls: given {name} {given!r} in row {row}, expected one of "
                        f"{', '.join(words)}"
                    )
        for row, (symbol, begin, end) in enumerate(self.halts):
            require_order("Events.halts", row, symbol, (begin, end))

    def _check_renames(self) -> None:
        """Refuse a symbol that comes back: its candles would be those of two symbols."""
        gone: dict[str, object] = {}
        for old, new, day, *_ in sorted(self.symbols, key=lambda row: order_of(row[2])):
            gone.setdefault(old, day)
            if new in gone:
                raise ConfigError(
                    f"Events.symbols: given {old} that becomes {new} on {day}, and {new} became "
                    f"another symbol on {gone[new]}, expected a name that was not used before. "
                    "Give its later candles a name of their own"
                )

    def __add__(self, other: Events) -> Events:
        """Put the tables of both together; the other fields are those of the first."""
        if not isinstance(other, Events):
            return NotImplemented
        joined: dict[str, Any] = {
            name: getattr(self, name) + getattr(other, name) for name in _TABLES
        }
        return Events(
            reinvest=self.reinvest,
            pay=self.pay,
            tax=self.tax,
            delisting_returns=self.delisting_returns,
            **joined,
        )

    @classmethod
    def from_lean(
        cls,
        factor_file: str | Path,
        map_file: str | Path | None = None,
        *,
        symbol: str | None = None,
        **fields: Any,  # noqa: ANN401 - those of the class
    ) -> Events:
        r"""Read the splits and dividends of a LEAN factor file, and the symbols of a map file.

        Each row of a factor file has the last day of its factors, for prices and for splits, and
        the close of that day: the event is on the next day.

        Args:
            factor_file: Rows of date, price factor, split factor and close.
            map_file: Rows of the last date of each ticker, and the ticker.
            symbol: The symbol of the run; by default the file's last ticker, in upper case.
            fields: Fields of the class, such as `tax`.

        Raises:
            ConfigError: A row is of another shape.

        Example:
            >>> import tempfile
            >>> file = Path(tempfile.mkdtemp()) / "acme.csv"
            >>> rows = ["20200101,0.45,0.5,0", "20200602,0.99,0.5,100", "20200603,1,0.5,99"]
            >>> _ = file.write_text("\n".join([*rows, "20501231,1,1,0"]))
            >>> events = Events.from_lean(file)
            >>> [row[1].isoformat() for row in events.dividends], events.splits[0][2]
            (['2020-06-03'], 2.0)
        """
        tickers = [] if map_file is None else _rows(map_file, 2)
        name = symbol or (tickers[-1][1] if tickers else Path(factor_file).stem).upper()
        splits, dividends = _of_factors(Path(factor_file).name, _rows(factor_file, 4), name)
        renamed = [
            {"old": old[1].upper(), "new": new[1].upper(), "date": _day(old[0])}
            for old, new in itertools.pairwise(tickers)
            if old[1] != new[1]
        ]
        gone = [] if not tickers or tickers[-1][0] >= f"{_LAST_ROW:%Y%m%d}" else [tickers[-1]]
        return cls(
            splits=splits,
            dividends=dividends,
            symbols=renamed,
            delistings=[{"symbol": name, "date": _day(row[0])} for row in gone],
            **fields,
        )

    @classmethod
    def from_yahoo(
        cls,
        frame: AnyTable,
        *,
        symbol: str | None = None,
        prices: str = "split_adjusted",
        **fields: Any,  # noqa: ANN401 - those of the class
    ) -> Events:
        """Read the columns Dividends and Stock Splits that Yahoo gives beside prices.

        Yahoo adjusts prices and dividends for later splits: over its candles a split has happened
        already, and only dividends are events. With `yf.download` give `auto_adjust=False`, since
        its default adjusts prices for dividends as well, which would then count twice.

        Args:
            frame: Rows of dates, in a column or the index, with both columns.
            symbol: The symbol of the run; its only one by default.
            prices: What the candles of the run are: "split_adjusted", as Yahoo gives them, or
                "raw", as they were traded. Over raw prices splits are events, and dividends before
                a split are given back their size of the day.
            fields: Fields of the class, such as `tax`.

        Example:
            >>> rows = {"Date": ["2020-08-07", "2020-08-31"], "Dividends": [0.205, 0.0],
            ...         "Stock Splits": [0.0, 4.0]}
            >>> events = Events.from_yahoo(rows)
            >>> events.splits, events.dividends[0][2]
            ((), 0.205)
            >>> Events.from_yahoo(rows, prices="raw").dividends[0][2]
            0.82
        """
        taken("Events.from_yahoo prices", prices, one_of("split_adjusted", "raw"))
        if hasattr(frame, "reset_index"):  # of pandas, with the dates as its index
            frame = frame.reset_index()
        columns = (
            Column("date", ("datetime", "index"), kind="date"),
            Column("dividends", (), 0.0),
            Column("stock_splits", (), 0.0),
        )
        found = rows_of("Events.from_yahoo", frame, columns)
        rows = sorted(found, key=lambda row: order_of(row[0]))
        if rows and not names_of(frame) & {"dividends", "stock_splits"}:
            raise ConfigError(
                "Events.from_yahoo: expected a column Dividends, Stock Splits or both, given none; "
                "yfinance writes them where actions=True, else give dividends= and splits="
            )
        splits, dividends, later = [], [], 1.0
        for day, dividend, ratio in reversed(rows):
            if dividend:
                dividends.append((symbol, day, dividend * later, None, None))
            if prices == "raw" and ratio not in (0.0, 1.0):
                splits.append((symbol, day, ratio))
                later *= ratio
        return cls(splits=tuple(splits[::-1]), dividends=tuple(dividends[::-1]), **fields)


def _rows(path: str | Path, width: int) -> list[list[str]]:
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise ConfigError(
            f"Events.from_lean: given {str(path)!r}, which cannot be read ({problem}), expected a "
            "text file of LEAN's"
        ) from problem
    for place, row in enumerate(rows):
        if len(row) < width or not _DAY.fullmatch(row[0]):
            raise ConfigError(
                f"{Path(path).name}: given {row} in row {place}, expected {width} columns, the "
                "first of them a date such as 20200131: a file of LEAN's"
            )
    return rows


def _day(last: str) -> str:
    """Return the day after the last one."""
    day = datetime.strptime(last, "%Y%m%d")  # noqa: DTZ007 - a date
    return f"{day + timedelta(days=1):%Y-%m-%d}"


def _factors(file: str, place: int, row: list[str]) -> tuple[str, float, float, float]:
    """Return the day, both factors and the close of a row."""
    try:
        price, split, close = map(float, row[1:4])
    except ValueError:
        price = split = close = math.nan
    if not (0.0 < price < math.inf and 0.0 < split < math.inf and 0.0 <= close < math.inf):
        raise ConfigError(
            f"{file}: given {row} in row {place}, expected two factors above 0 and a close after "
            "the date"
        )
    return row[0], price, split, close


def _of_factors(file: str, rows: list[list[str]], symbol: str) -> tuple[list[Any], list[Any]]:
    """Return splits and dividends between the rows of a factor file."""
    splits, dividends = [], []
    pairs = itertools.pairwise(_factors(file, place, row) for place, row in enumerate(rows))
    for (day, price, split, close), (_, next_price, next_split, _) in pairs:
        ratio = float(Fraction(next_split / split).limit_denominator(100))
        if ratio != 1.0:
            splits.append({"symbol": symbol, "date": _day(day), "ratio": ratio})
        amount = close * (1.0 - price / next_price) / ratio
        if price != next_price and close > 0.0:
            dividends.append({"symbol": symbol, "date": _day(day), "amount": amount})
    return splits, dividends


__all__ = ["Events", "Row"]
