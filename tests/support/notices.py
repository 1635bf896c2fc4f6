"""Runs whose notices are looked at."""

from __future__ import annotations

from typing import Any

import omega
from omega.notices import Notice, in_order
from tests.support import candles

FLAT = candles.quoted(*[(100,)] * 5)


def run(
    backend: str,
    plan: Any,  # noqa: ANN401 - any form
    data: Any = FLAT,  # noqa: ANN401 - as above
    **settings: Any,  # noqa: ANN401 - of run_backtest
) -> dict[str, Notice]:
    """Give the notices of a run by kind, but for the one about its length."""
    strategy = candles.told(plan) if isinstance(plan, dict) else plan
    result = omega.run_backtest(data, strategy, backend=backend, **settings)
    assert list(result.notices) == list(in_order(result.notices))
    return {one.kind: one for one in result.notices if one.kind != "short_period"}


def long(**fields: Any) -> omega.Signal:  # noqa: ANN401 - of a signal
    return omega.Signal("long", **fields)
