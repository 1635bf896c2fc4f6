"""Returns of delistings whose price is not known, by exchange.

Example:
    >>> SHUMWAY["NASDAQ"]
    -0.55
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SHUMWAY: Mapping[str, float] = MappingProxyType({"NYSE": -0.30, "AMEX": -0.30, "NASDAQ": -0.55})
"""Average returns of delistings for performance: T. Shumway, "The Delisting Bias in CRSP Data",
The Journal of Finance 52 (1997); for Nasdaq T. Shumway and V. A. Warther, "The Delisting Bias in
CRSP's Nasdaq Data and Its Implications for the Size Effect", The Journal of Finance 54 (1999)."""
