"""Numbers as text, as the core writes them."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction


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
    digits = Decimal(repr(value))
    known = digits.as_tuple()
    if len(known.digits) > 15:  # noqa: PLR2004 - with fewer, half a place is more than it is off
        last_place = Decimal((0, (1,), int(known.exponent)))
        if abs(Fraction(value)) - abs(Fraction(digits)) == Fraction(last_place) / 2:
            digits += last_place.copy_sign(digits)
    return format(digits, "f").removesuffix(".0")
