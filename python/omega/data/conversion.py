"""Conversion of quote currency into account currency (rules M2 and M10).

The rate is a number, or that of a conversion pair, whose name states whether it multiplies or
divides.
"""

from __future__ import annotations

import dataclasses
import numbers
import os.path
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from omega.config.instruments import Instrument
from omega.contract import ArrowLike
from omega.data.columns import DEFAULT_SYMBOL
from omega.data.dataset import Dataset
from omega.data.store import CandleStore
from omega.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Pair:
    """A conversion pair; `inverse` where it is quoted the other way round."""

    store: CandleStore
    inverse: bool


@dataclasses.dataclass(frozen=True)
class _Currencies:
    """The two currencies of a rate."""

    quote: str
    account: str

    @property
    def names(self) -> str:
        return f"{self.account}{self.quote} or {self.quote}{self.account}"

    def inverse(self, name: str) -> bool | None:
        """Return whether a pair of this name divides; None where it lacks one of the currencies."""
        letters = _letters(name)
        if letters.startswith(_letters(self.quote + self.account)):
            return False
        return True if letters.startswith(_letters(self.account + self.quote)) else None

    def is_of(self, key: str) -> bool:
        """Return whether a key of `conversion` is the currency or a pair of it."""
        return _letters(key) == _letters(self.quote) or self.inverse(key) is not None

    def pair(self, names: Iterable[str]) -> str | None:
        """Find the pair among some names; one without a suffix comes first."""
        known = [name for name in names if self.inverse(name) is not None]
        return min(known, key=lambda name: (len(name), self.inverse(name)), default=None)


def rate_of(
    traded: Mapping[str, CandleStore],
    instrument: Instrument,
    account: str,
    conversion: Mapping[str, Any],
) -> float | Pair:
    """Find the rate of an instrument's quote currency.

    Raises:
        ConfigError: There is none, there are two, or candles do not name the pair.
    """
    quote = instrument.quote_currency or account
    if quote == account:
        return 1.0
    both = _Currencies(quote, account)
    keys = [key for key in conversion if both.is_of(key)]
    if len(keys) > 1:
        raise ConfigError(
            f"conversion: given {' and '.join(keys)}, expected one rate of {quote} in {account}"
        )
    if keys:
        return _given(conversion[keys[0]], keys[0], both)
    name = both.pair(traded)
    if name is not None:
        return Pair(traded[name], bool(both.inverse(name)))
    others = f", and conversion has only {', '.join(map(str, conversion))}" if conversion else ""
    raise ConfigError(
        f"{instrument.symbol} is quoted in {quote} and the account is in {account}{others}: give "
        f"conversion={{{quote!r}: rate}}, a number; or candles named {both.names}, in conversion "
        f"or as data beside it; or account_currency={quote!r}"
    )


def refuse_unused(
    instruments: Iterable[Instrument], account: str, conversion: Mapping[str, Any]
) -> None:
    """Refuse rates of which none converts anything, and one beside them that is no rate.

    Raises:
        ConfigError: There are.
    """
    quotes = list(dict.fromkeys(one.quote_currency or account for one in instruments))
    pairs = [_Currencies(quote, account) for quote in quotes if quote != account]
    unused = [key for key in conversion if not any(both.is_of(key) for both in pairs)]
    if unused and len(unused) == len(conversion):
        raise ConfigError(
            f"conversion: given {', '.join(map(repr, unused))}, by which nothing is converted: the "
            f"symbols of this run are quoted in {', '.join(quotes)}, and the account is in "
            f"{account}. Leave it out, or set quote_currency= of the instrument"
        )
    for key in unused:
        given = conversion[key]
        if isinstance(given, (bool, numbers.Real)):
            _rate(given, key)
        elif given is None or (isinstance(given, str) and not Path(given).exists()):
            raise ConfigError(f"conversion[{key!r}]: given {given!r}, expected a number or candles")


def _rate(given: object, key: str) -> float:
    rate = float(given)  # type: ignore[arg-type]  # a number
    if given is True or not 0.0 < rate < float("inf"):
        raise ConfigError(
            f"conversion[{key!r}]: given {given!r}, expected a number above 0, or candles"
        )
    return rate


def _letters(name: object) -> str:
    return "".join(filter(str.isalpha, str(name))).upper()


def _given(
    given: ArrowLike,
    key: str,
    both: _Currencies,
) -> float | Pair:
    inverse = both.inverse(key)  # None under a currency: then the candles name the pair
    if isinstance(given, (bool, numbers.Real)):
        rate = _rate(given, key)
        return 1.0 / rate if inverse else rate
    store = _named(given, None if inverse is None else key)
    unnamed = store.symbols == [DEFAULT_SYMBOL]
    if unnamed and inverse is not None:
        return Pair(store, inverse)
    name = both.pair(
        name for name in store.symbols if inverse is None or both.inverse(name) == inverse
    )
    if name is None:
        named = "without a pair" if unnamed else f"of {', '.join(store.symbols[:5])}"
        names = both.names if inverse is None else key
        raise ConfigError(
            f"conversion: given candles {named} under {key!r}, expected candles named {names}. "
            f"Write the pair as the key, such as {{{both.account + both.quote!r}: candles}}, or "
            "give a store, a data set, a file or a symbol column of that name"
        )
    return Pair(store.symbol(name), bool(both.inverse(name)))


def _named(
    given: ArrowLike,
    pair: str | None,
) -> CandleStore:
    """Return candles under the name that they have themselves, or else that of the pair or file."""
    if isinstance(given, CandleStore):
        return given
    own = getattr(given, "symbol", None)  # of a data set or an import
    name = own if isinstance(own, str) else pair
    if name is not None and not isinstance(given, Mapping):
        return CandleStore(given, symbol=name)
    store = CandleStore(given)
    if store.symbols == [DEFAULT_SYMBOL] and isinstance(given, (str, Path, Dataset)):
        return CandleStore(given, symbol=_file_name(given))
    return store


def _file_name(given: str | Path | Dataset) -> str | None:
    """Return the name of a file; of several what all begin with."""
    dataset = given if isinstance(given, Dataset) else Dataset(given)
    names = [Path(str(one.path)).stem for one in dataset.files]
    return os.path.commonprefix(names) or None  # noqa: RUF071 - characters, these are no paths
