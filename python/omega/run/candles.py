"""The candle store of a run, read by the rules of its instruments."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from omega.config import instruments as presets
from omega.config.instruments import Instrument
from omega.config.values import shown
from omega.contract import ArrowLike
from omega.data.columns import DEFAULT_SYMBOL
from omega.data.name_and_time_checks import refuse_checks
from omega.data.store import CandleStore
from omega.errors import ConfigError
from omega.run.continuous import unrolled

Instruments = Instrument | Mapping[str, Instrument] | str | None


def store_of_run(
    data: ArrowLike,
    symbol: str | None,
    validate: str | Mapping[str, str],
    instruments: Instruments,
    *,
    cast: bool = False,
) -> CandleStore:
    """Take candles; those without a name are of the symbol that the only instrument names.

    Raises:
        ConfigError: The rows are to be reported, which makes no run.
        InvalidCandleData: They break a rule.
    """
    if validate == "report":
        raise ConfigError(
            "validate: 'report' gives a table and no run; use "
            'CandleStore(data, validate="report").validate()'
        )
    if isinstance(data, CandleStore):
        refuse_checks(validate, cast=cast)
        data.require_valid()
        return _chosen(data, symbol)
    named = instruments.symbol if isinstance(instruments, Instrument) else None
    plain, rolls = unrolled(data, symbol or named or DEFAULT_SYMBOL)
    store = CandleStore(
        plain,
        symbol=symbol,
        validate=validate,
        cast=cast,
        allow_negative=_negative(instruments),
        default_symbol=named,
    )
    store.rolls = rolls
    return store


def _chosen(store: CandleStore, symbol: str | None) -> CandleStore:
    """Return the candles of a symbol of a store, which has its names already."""
    if symbol is None or store.symbols == [symbol]:
        return store
    if symbol in store.symbols:
        return store.symbol(symbol)
    raise ConfigError(
        f"symbol: given {shown(symbol)} for candles of {', '.join(store.symbols[:5])}, expected "
        "their own name. Leave it out, or name them where the store is made, as "
        "CandleStore(data, symbol=...)"
    )


def _negative(instruments: Instruments) -> Callable[[str], bool]:
    """Return which symbols' prices may be zero or below."""

    def of(symbol: str) -> bool:
        if isinstance(instruments, Instrument):
            own = instruments if instruments.symbol in (None, symbol) else None
        elif isinstance(instruments, Mapping):
            own = instruments.get(symbol)
        else:
            own = presets.preset(symbol)
        return isinstance(own, Instrument) and own.allow_negative

    return of
