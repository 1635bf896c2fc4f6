"""Numbers as text, as the core writes them."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

_NEVER_A_TIE = 15
"""With so many digits or fewer, half a place is more than a number is off what is shown of it."""


def shown(value: float) -> str:
    """A number with its shortest digits, without an exponent; a tie of two goes up.

    Example:
        >>> shown(1.0), shown(1e-7), shown(0.97162628173828125)
        ('1', '0.0000001', '0.9716262817382813')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0.0 else "-inf"
    text = repr(value)
    if len(text) <= _NEVER_A_TIE and "e" not in text:
        return text.removesuffix(".0")
    digits = Decimal(text)
    known = digits.as_tuple()
    places = -int(known.exponent)
    # A tie ends one place further on, and a fraction of so many bits has as many decimals.
    bits = value.as_integer_ratio()[1].bit_length() - 1
    if len(known.digits) > _NEVER_A_TIE and bits <= max(places + 1, 0):
        last_place = Decimal((0, (1,), -places))
        if abs(Fraction(value)) - abs(Fraction(digits)) == Fraction(last_place) / 2:
            digits += last_place.copy_sign(digits)
    return format(digits, "f").removesuffix(".0")
