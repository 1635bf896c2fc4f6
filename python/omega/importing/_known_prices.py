"""Usual prices of currency pairs and metals, to detect a wrong scale.

The units of each currency that a dollar has cost since 1990, in whole ranges: they are for telling
a factor of ten, not for judging a price.
"""

from __future__ import annotations

import math

_PER_DOLLAR = {
    "USD": (1.0, 1.0), "EUR": (0.6, 1.25), "GBP": (0.4, 0.95), "JPY": (75.0, 170.0),
    "CHF": (0.7, 1.85), "CAD": (0.9, 1.65), "AUD": (0.9, 2.1), "NZD": (1.1, 2.6),
    "SGD": (1.15, 1.9), "HKD": (7.6, 7.9), "NOK": (4.9, 12.0), "SEK": (5.1, 11.6),
    "DKK": (4.6, 9.0), "PLN": (2.0, 5.1), "CZK": (14.4, 42.0), "HUF": (140.0, 450.0),
    "TRY": (0.3, 60.0), "ZAR": (2.5, 20.0), "MXN": (2.8, 26.0), "CNH": (5.9, 8.8),
    "RUB": (5.0, 125.0), "THB": (24.0, 57.0), "ILS": (2.7, 5.0),
    "XAU": (1 / 6_000, 1 / 240), "XAG": (1 / 130, 1 / 3.4),
}  # fmt: skip
_MARGIN = 2.0
_CODE = 3
_SCALES = range(1, 9)


def range_of(symbol: str | None) -> tuple[float, float] | None:
    """Return the lowest and highest price that is likely; None where the symbol is no such pair.

    Example:
        >>> [round(price, 1) for price in range_of("USDJPY")]
        [37.5, 340.0]
    """
    plain = (symbol or "").upper().replace("/", "").replace("_", "")
    base, quote = (_PER_DOLLAR.get(code) for code in (plain[:_CODE], plain[_CODE : 2 * _CODE]))
    if base is None or quote is None:
        return None
    return quote[0] / base[1] / _MARGIN, quote[1] / base[0] * _MARGIN


def is_far(symbol: str | None, price: float) -> bool:
    """Return whether a price is far from every one that is known of a symbol."""
    known = range_of(symbol)
    return known is not None and not known[0] <= price <= known[1]


def scale_for(symbol: str | None, price: float) -> float | None:
    """Return the power of ten that makes a likely price of a number of points.

    Example:
        >>> scale_for("USDJPY", 108_550), scale_for("EURUSD", 130_584), scale_for("SPY", 4e6)
        (0.001, 1e-05, None)
    """
    known = range_of(symbol)
    if known is None:
        return None
    middle = math.sqrt(known[0] * known[1])
    fitting = [power for power in _SCALES if known[0] <= price / 10.0**power <= known[1]]
    nearest = min(fitting, key=lambda power: abs(math.log(price / 10.0**power / middle)),
                  default=None)  # fmt: skip
    return None if nearest is None else float(f"1e-{nearest}")
