"""Strategies to start from: a program each, over prices that come with the package.

`python -m omega.examples` runs them all, `python -m omega.examples.sma_cross` one, and each file
runs as well where it is copied out alone. The prices are invented, a random walk: what earns money
in them does so by luck.
"""

NAMES = (
    "buy_and_hold",
    "sma_cross",
    "zscore_reversion",
    "donchian_breakout",
    "rsi_reversion",
    "session_range",
    "pairs",
    "grid",
    "trailing_trend",
    "momentum",
    "sixty_forty",
    "long_short",
    "perpetual",
    "rolled_future",
)
"""The examples, in the order in which to read them."""
