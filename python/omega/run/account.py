"""The account and the instruments of a run, assembled from the arguments and checked."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from omega.config import instruments as presets
from omega.config.account import Account
from omega.config.instruments import Instrument
from omega.config.values import shown
from omega.contract import AccountFields, InstrumentFields
from omega.data.columns import DEFAULT_SYMBOL
from omega.errors import ConfigError

T = TypeVar("T")

_CASH, _CURRENCY = 10_000.0, "USD"
_ACCOUNT, _INSTRUMENT = Account(), Instrument()
_FIELDS = [field.name for field in dataclasses.fields(Instrument)]
"""As they are where nothing is given: their fields are checked once, not in each run."""


def account_of(
    given: Account | str | None, cash: float | None, currency: str | None
) -> tuple[Account, float, str]:
    """Return the account, its cash and its currency; "cash" and "margin" stand for their kinds.

    Raises:
        ConfigError: It is no account, or cash or currency are given twice.
    """
    account = Account(kind=given) if isinstance(given, str) else given
    account = _ACCOUNT if account is None else account
    if not isinstance(account, Account):
        raise ConfigError(f"account: given {given!r}, expected an Account, 'cash' or 'margin'")
    is_beside = cash is not None or currency is not None
    beside = Account(cash=cash, currency=currency) if is_beside else _ACCOUNT
    for name, parameter in (("cash", "cash"), ("currency", "account_currency")):
        here, there = getattr(account, name), getattr(beside, name)
        if None not in (here, there) and here != there:
            raise ConfigError(
                f"{parameter}: given {there!r} beside Account({name}={here!r}), expected one of "
                "them"
            )
    money = [one.cash for one in (account, beside) if one.cash is not None]
    names = [one.currency for one in (account, beside) if one.currency is not None]
    return account, (money or [_CASH])[0], (names or [_CURRENCY])[0]


def account_fields(account: Account, semantics: str) -> AccountFields:
    """Return the kind of the account and what it tests; the first version's rules test no ruin."""
    first = semantics == "1"
    if first and account.kind == "cash":
        raise ConfigError(
            "semantics: given 1 with a cash account, expected 2. The rules of the first release "
            "have no cash account"
        )
    return {
        "kind": "cash" if account.kind == "cash" else "margin",
        "tests_margin": first or account.leverage != math.inf,
        "stops_at_ruin": not first and account.ruin == "stop",
    }


def instrument_fields(instrument: Instrument, account: Account, semantics: str) -> InstrumentFields:
    """Return contract size, steps and margin rates."""
    per_lot = _margin_per_lot(instrument, account, semantics)
    rate = _margin_rate(instrument, account, semantics) if per_lot is None else 0.0
    own = None if account.leverage == math.inf else instrument.maintenance_rate
    first = semantics == "1"
    return {
        "contract_size": instrument.contract_size,
        "tick_size": instrument.tick_size,
        "pip_size": instrument.pip_size,
        "volume_min": instrument.volume_min,
        "volume_step": instrument.volume_step,
        "volume_max": instrument.volume_max,
        "margin_rate": rate,
        "margin_per_lot": per_lot,
        "maintenance_rate": rate if own is None or first else own,
        "liquidation_fee": 0.0 if first else instrument.liquidation_fee,
    }


def _margin_per_lot(instrument: Instrument, account: Account, semantics: str) -> float | None:
    """Return the fixed margin of a lot, where it has one and the account holds margin (M7)."""
    if instrument.margin_per_lot is None or account.leverage == math.inf:
        return None
    words = {
        "semantics=1": semantics == "1",
        "a cash account": account.kind == "cash",
        "a stop-out level": account.stop_out_level is not None,
    }
    for other, is_given in words.items():
        if is_given:
            raise ConfigError(
                f"Instrument.margin_per_lot: given {instrument.margin_per_lot:g} with {other}, "
                "expected none. Use margin_rate, or leave one of them out"
            )
    return instrument.margin_per_lot


def _margin_rate(instrument: Instrument, account: Account, semantics: str) -> float:
    """Return the share of a notional that is held as margin (M7)."""
    if account.leverage == math.inf:
        return 0.0
    by_leverage = None if account.leverage is None else 1.0 / account.leverage
    rates = [instrument.margin_rate, by_leverage]
    if semantics == "1":
        rates += [0.0]
    elif account.kind == "cash":
        return 1.0
    else:
        rates += [instrument.usual_margin_rate]
        rates += [] if account.kind == "margin" else [1.0]
    found = next((rate for rate in rates if rate is not None), None)
    if found is None:
        is_share = instrument.base_currency is None and instrument.contract_size == 1.0
        raise ConfigError(
            f"account: given kind='margin' without a leverage, and {instrument.symbol} has no "
            f"margin rate; write Account(leverage={2 if is_share else 30}), or an Instrument with "
            "a margin_rate"
        )
    return found


def instruments_for(
    given: Instrument | Mapping[str, Instrument] | str | None,
    symbols: Sequence[str],
    semantics: str,
) -> list[Instrument]:
    """Choose the instrument of each symbol (M1).

    One given alone is that of the symbol it names, or of every symbol where it names none.
    """
    if given is None:
        return _usual(symbols, semantics)
    if isinstance(given, Instrument):
        if given.symbol is None:
            return [_named(given, symbol) for symbol in symbols]
        if list(symbols) == [DEFAULT_SYMBOL]:  # candles without a name
            return [given]
        if given.symbol not in symbols:
            raise ConfigError(
                f"instruments: given {given!r} for {', '.join(symbols[:5])}, expected that of one "
                "of them, an Instrument without a symbol for all, a mapping by symbol, or 'auto'"
            )
        others = _usual(symbols, semantics)
        named = zip(symbols, others, strict=True)
        return [given if name == given.symbol else other for name, other in named]
    if isinstance(given, str) and given == "auto":
        return [presets.get(symbol) for symbol in symbols]
    if isinstance(given, Mapping):
        return [by_symbol("instruments", given, symbol, Instrument) for symbol in symbols]
    raise ConfigError(
        f"instruments: given {shown(given)}, expected an Instrument, a mapping by symbol, 'auto' "
        "or None"
    )


def _named(instrument: Instrument, symbol: str) -> Instrument:
    """Return an instrument that stands for every symbol the name of one."""
    # Its fields are checked already: of 500 symbols, to check them again took longest.
    named = object.__new__(Instrument)
    for name in _FIELDS:
        object.__setattr__(named, name, getattr(instrument, name))
    object.__setattr__(named, "symbol", symbol)
    return named


def by_symbol(parameter: str, given: Mapping[str, T], symbol: str, kind: type[T]) -> T:
    """Return what a mapping has for a symbol.

    Raises:
        ConfigError: It has nothing, or something of another class.
    """
    if symbol not in given:
        names = ", ".join(map(str, given)) or "no symbol"
        raise ConfigError(
            f"{parameter}: none for {symbol!r}; given {names}, expected each symbol of the run"
        )
    found = given[symbol]
    if not isinstance(found, kind):
        raise ConfigError(
            f"{parameter}: given {shown(found)} for {symbol!r}, expected omega.{kind.__name__}(...)"
        )
    return found


def _usual(symbols: Sequence[str], semantics: str) -> list[Instrument]:
    """Return the preset of each symbol, or one unit a lot where it has none."""
    known = [None if semantics == "1" else presets.preset(symbol) for symbol in symbols]
    found = zip(symbols, known, strict=True)
    return [preset or _named(_INSTRUMENT, symbol) for symbol, preset in found]
