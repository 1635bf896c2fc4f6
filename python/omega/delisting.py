"""Returns of delistings whose price is not known, by exchange.

>>> omega.delisting.SHUMWAY["NASDAQ"]
-0.55
"""

from __future__ import annotations

__all__ = ["SHUMWAY"]


class Returns(dict[str, float]):
    """Average returns of delistings for performance, by exchange.

    Sources: T. Shumway, "The Delisting Bias in CRSP Data", The Journal of Finance 52 (1997), for
    NYSE and AMEX; T. Shumway and V. A. Warther, "The Delisting Bias in CRSP's Nasdaq Data and Its
    Implications for the Size Effect", The Journal of Finance 54 (1999), for Nasdaq.

    Example:
        >>> SHUMWAY["NYSE"], SHUMWAY["NASDAQ"]
        (-0.3, -0.55)
    """


SHUMWAY = Returns(NYSE=-0.30, AMEX=-0.30, NASDAQ=-0.55)
