"""Instruments: contract sizes, ticks and steps (M1), and presets by name."""

from __future__ import annotations

from omega.config.values import check, closest, flag, number, optional, text, value
from omega.errors import ConfigError, UnknownInstrument
from omega.libraries import arguments_of

__all__ = ["Instrument", "equity", "get", "index", "names"]

_RATES = ("margin_rate", "usual_margin_rate", "maintenance_rate")
_OPTIONAL_SIZES = ("tick_size", "pip_size", "volume_min", "volume_step", "volume_max")


@value
class Instrument:
    """What is traded, as far as prices, sizes and money depend on it (rule M1).

    Attributes:
        symbol: Its name in the data; None stands for every symbol of the run.
        contract_size: Units in one lot.
        tick_size: Smallest step of a price; None leaves prices as they are.
        pip_size: What slippage in pips is counted in; None is the tick size, or one unit of price.
        volume_min: Smallest size of an order, in lots.
        volume_step: Step that sizes are rounded down to, in lots.
        volume_max: Largest size of an order, in lots.
        base_currency: What is bought.
        quote_currency: What it is paid in; None is the account currency.
        margin_rate: Share of the notional that is held as margin; 0.05 is a leverage of 20. It
            counts before the leverage of the account (rule M7).
        usual_margin_rate: The same where neither `margin_rate` nor the account's leverage is given;
            presets have one.
        margin_per_lot: The margin of a lot in quote currency, whatever its price, as exchanges set
            it for futures; in place of `margin_rate` and of the account's leverage. It goes with no
            stop-out level.
        maintenance_rate: Share of the notional that stop-outs go by; None is the margin rate.
        liquidation_fee: Percent of the notional that a stop-out or a ruin adds to the fee.
        allow_negative: Prices may be zero or negative, as in spreads and some futures.

    Example:
        >>> Instrument("GOOG", tick_size=0.01, volume_step=1, quote_currency="USD")
        Instrument(symbol='GOOG', tick_size=0.01, volume_step=1.0, quote_currency='USD')
    """

    symbol: str | None = None
    contract_size: float = 1.0
    tick_size: float | None = None
    pip_size: float | None = None
    volume_min: float | None = None
    volume_step: float | None = None
    volume_max: float | None = None
    base_currency: str | None = None
    quote_currency: str | None = None
    margin_rate: float | None = None
    usual_margin_rate: float | None = None
    margin_per_lot: float | None = None
    maintenance_rate: float | None = None
    liquidation_fee: float = 0.0
    allow_negative: bool = False

    def __post_init__(self) -> None:
        """Check every field, and that the smallest size is not above the largest."""
        check(self, optional(text), "symbol")
        check(self, number(above=0), "contract_size")
        check(self, optional(number(above=0)), *_OPTIONAL_SIZES)
        check(self, optional(text), "base_currency", "quote_currency")
        check(self, optional(number(minimum=0, maximum=1)), *_RATES)
        check(self, optional(number(minimum=0)), "margin_per_lot")
        check(self, number(minimum=0), "liquidation_fee")
        check(self, flag, "allow_negative")
        if self.margin_per_lot is not None and self.margin_rate is not None:
            raise ConfigError(
                f"Instrument.margin_per_lot: given {self.margin_per_lot:g} beside margin_rate="
                f"{self.margin_rate:g}, expected one of them"
            )
        if self.volume_min is not None and self.volume_max is not None:
            self._check_volumes(self.volume_min, self.volume_max)

    def _check_volumes(self, smallest: float, largest: float) -> None:
        if smallest > largest:
            message = (
                f"Instrument.volume_min: given {smallest:g}, "
                f"expected at most volume_max, which is {largest:g}"
            )
            raise ConfigError(message)


@arguments_of("instruments.get")
def get(symbol: str) -> Instrument:
    """Return the preset of a symbol; case and a separator ("EUR/USD", "eur_usd") do not matter.

    Args:
        symbol: Name of a preset.

    Raises:
        UnknownInstrument: There is none; the message names the nearest.

    Example:
        >>> get("eur/usd").pip_size
        0.0001
    """
    found = preset(symbol)
    if found is None:
        close = closest(_key(symbol), _PRESETS)
        hint = f"Did you mean {close!r}?" if close else "omega.instruments.names() lists them."
        raise UnknownInstrument(
            f"no preset for {symbol!r}. {hint} Or write omega.Instrument({symbol!r}, ...)"
        )
    return found


def preset(symbol: str) -> Instrument | None:
    """Return the preset of a symbol, as `get`; None where there is none."""
    return _PRESETS.get(_key(symbol))


def _key(symbol: str) -> str:
    return "".join(letter for letter in symbol.upper() if letter.isalnum())


def names() -> list[str]:
    """Return the symbols that have a preset, sorted.

    Example:
        >>> "XAUUSD" in names()
        True
    """
    return sorted(_PRESETS)


def equity(symbol: str, *, currency: str = "USD", tick_size: float = 0.01) -> Instrument:
    """Return a share: one unit a lot, whole shares, prices in cents.

    Example:
        >>> equity("GOOG").volume_step
        1.0
    """
    return Instrument(
        symbol,
        tick_size=tick_size,
        pip_size=tick_size,
        volume_min=1.0,
        volume_step=1.0,
        quote_currency=currency,
    )


def index(
    symbol: str, *, currency: str = "USD", contract_size: float = 1.0, tick_size: float = 0.1
) -> Instrument:
    """Return an index contract: a pip is one point, sizes from 0.1 lots in steps of 0.1.

    Example:
        >>> index("US500").pip_size
        1.0
    """
    return Instrument(
        symbol,
        contract_size=contract_size,
        tick_size=tick_size,
        pip_size=1.0,
        volume_min=0.1,
        volume_step=0.1,
        quote_currency=currency,
    )


def _currency_pair(symbol: str) -> Instrument:
    """Return a currency pair: a tick of 0.00001, or 0.001 where the yen (or forint) is quoted."""
    base, quote = symbol[:3], symbol[3:]
    tick, pip = (0.001, 0.01) if quote in {"JPY", "HUF"} else (0.00001, 0.0001)
    leverage = 30.0 if {base, quote} <= _MAJOR else 20.0
    return Instrument(
        symbol,
        contract_size=100_000.0,
        tick_size=tick,
        pip_size=pip,
        volume_min=0.01,
        volume_step=0.01,
        volume_max=100.0,
        base_currency=base,
        quote_currency=quote,
        usual_margin_rate=1.0 / leverage,
    )


def _spot(  # noqa: PLR0917 - a row of a table
    symbol: str, contract_size: float, tick: float, pip: float, volume: float, leverage: float
) -> Instrument:
    """Return a metal or coin against a currency; `volume` is the smallest size and its step."""
    return Instrument(
        symbol,
        contract_size=contract_size,
        tick_size=tick,
        pip_size=pip,
        volume_min=volume,
        volume_step=volume,
        base_currency=symbol[:-3],
        quote_currency=symbol[-3:],
        usual_margin_rate=1.0 / leverage,
    )


# The usual margin rates are the caps for retail clients in the EU and the UK.
_MAJOR = {"USD", "EUR", "JPY", "GBP", "CAD", "CHF"}
_CURRENCY_PAIRS = """
    EURUSD GBPUSD AUDUSD NZDUSD USDJPY USDCHF USDCAD
    EURGBP EURJPY EURCHF EURCAD EURAUD EURNZD GBPJPY GBPCHF GBPCAD GBPAUD GBPNZD
    AUDJPY AUDCHF AUDCAD AUDNZD NZDJPY NZDCHF NZDCAD CADJPY CADCHF CHFJPY
    USDSEK USDNOK USDDKK USDPLN USDHUF USDCZK USDTRY USDZAR USDMXN USDSGD USDHKD USDCNH
    EURSEK EURNOK EURDKK EURPLN EURHUF EURCZK EURTRY
""".split()  # noqa: SIM905 - sixty names read better as text

_METALS_AND_COINS = (
    _spot("XAUUSD", 100.0, 0.01, 0.1, 0.01, 20.0),
    _spot("XAGUSD", 5_000.0, 0.001, 0.01, 0.01, 10.0),
    _spot("XPTUSD", 100.0, 0.01, 0.1, 0.01, 10.0),
    _spot("XPDUSD", 100.0, 0.01, 0.1, 0.01, 10.0),
    _spot("XAUEUR", 100.0, 0.01, 0.1, 0.01, 20.0),
    _spot("BTCUSD", 1.0, 0.01, 1.0, 0.00001, 2.0),
    _spot("ETHUSD", 1.0, 0.01, 0.1, 0.0001, 2.0),
    _spot("LTCUSD", 1.0, 0.01, 0.01, 0.001, 2.0),
    _spot("BCHUSD", 1.0, 0.01, 0.1, 0.001, 2.0),
    _spot("SOLUSD", 1.0, 0.01, 0.01, 0.001, 2.0),
    _spot("XRPUSD", 1.0, 0.0001, 0.0001, 1.0, 2.0),
    _spot("ADAUSD", 1.0, 0.0001, 0.0001, 1.0, 2.0),
    _spot("DOGEUSD", 1.0, 0.00001, 0.0001, 1.0, 2.0),
)

_PRESETS = {
    str(preset.symbol): preset
    for preset in (*map(_currency_pair, _CURRENCY_PAIRS), *_METALS_AND_COINS)
}
