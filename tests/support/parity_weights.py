"""Target weights for two backends: a table, and rules of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from hypothesis import strategies as st

from omega.strategy.weights import Weights
from tests.support.draws import one_of_each, rarely

_RULES = one_of_each(
    ["change", "change", "1d", "times"],
    ["decision", "fill"],
    rarely(0.0, 0.05, 200.0),
    rarely(0.0, 0.05),
    rarely(None, 0.4),
    rarely(0.0, 0.1),
    ["sell", "hold"],
)


@st.composite
def weights(draw: st.DrawFn, names: Sequence[str], times: Sequence[datetime]) -> Weights:
    """Target weights of symbols at some of these times."""
    when, size_at, least, band, turnover, buffer, missing = draw(_RULES)
    shares = [None, 0.0, 0.2, 1 / 3, 0.5, 0.9, -0.4, 2.5]
    cells = one_of_each(range(len(times)), range(len(names)), shares)
    rows = {(times[at], names[who]): share for at, who, share in draw(st.lists(cells, max_size=12))}
    table = {
        "time": pl.Series([time for time, _ in rows], dtype=pl.Datetime("us", "UTC")),
        "symbol": pl.Series([name for _, name in rows], dtype=pl.String),
        "weight": pl.Series(list(rows.values()), dtype=pl.Float64),
    }
    return Weights(
        pl.DataFrame(table),
        when=list(times[::3]) if when == "times" else when,
        size_at=size_at,
        min_trade=least,
        band=band,
        max_turnover=turnover,
        cash_buffer=buffer,
        missing=missing,
    )
