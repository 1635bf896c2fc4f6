"""Units of indicators of back-adjusted prices (rule R1).

A level moves with the prices; a distance between two of them, and what is made of distances alone,
does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_LEVELS_OF = "sma ema wma dema tema hma rma bollinger rolling_mean rolling_min rolling_max"
_LEVELS_OF += " rolling_median rolling_quantile"
_LEVELS = "vwap keltner donchian supertrend parabolic_sar ichimoku"
_DISTANCES = "momentum macd rolling_std slope true_range atr rsi stochastic williams_r cci dmi adx"
_DISTANCES += " aroon choppiness correlation zscore"

UNITS_OF_MOVED: Mapping[str, str] = {
    **dict.fromkeys(_LEVELS_OF.split(), "source"),
    **dict.fromkeys(_LEVELS.split(), "price"),
    **dict.fromkeys(_DISTANCES.split(), ""),
    "obv": "volume",
}
"""What the outputs of an indicator are in; what is not here depends on the level of prices."""
_SUMS, _DIFFERENCE, _EXTREMES = (0, 1), 1, (4, 5)
"""By the place of an operation."""


def rolled_unit(name: str, parameters: Sequence[float], units: Sequence[str]) -> str:
    """Return what columns are in that are put together, or one and a number.

    Example:
        >>> rolled_unit("of_two", [1.0], ["price", "price"])
        ''
        >>> rolled_unit("of_two", [0.0], ["price", ""])
        'price'
    """
    operation = int(parameters[0])
    if name == "with_number":
        is_turned = operation == _DIFFERENCE and parameters[2] == 1.0  # a number less a price
        return units[0] if operation in (*_SUMS, *_EXTREMES) and not is_turned else ""
    if operation in _EXTREMES:
        return units[0] if len(set(units)) == 1 else ""
    if operation not in _SUMS:
        return ""
    if units[0] == units[1]:
        return "" if operation == _DIFFERENCE or units[0] == "price" else units[0]
    is_level = units[0] == "price" or (units[1] == "price" and operation != _DIFFERENCE)
    return "price" if is_level and "" in units else ""
