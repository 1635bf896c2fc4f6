"""Sizes of orders: the rules of sizers, and the volume step (M3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

BY_ACCOUNT = ("equity_percent", "risk_amount", "risk_percent")
"""Sizers that go by the account: their sizes give way where it cannot pay for them (M3)."""

_EQUAL_STEPS = 1e-9


class Basis(NamedTuple):
    """What a sizer may know (M3.1): the reference price of the order, equity, the last rate."""

    price: float
    stop_loss: float | None
    equity: float
    rate: float


def lots_of(sizer: tuple[str, float], instrument: Mapping[str, Any], basis: Basis) -> float | None:
    """The size that a sizer gives, before rounding; None where it needs a stop loss (M3.1).

    Example:
        >>> basis = Basis(price=100.0, stop_loss=95.0, equity=5_000.0, rate=1.0)
        >>> lots_of(("risk_percent", 1.0), {"contract_size": 10.0, "volume_max": None}, basis)
        1.0
    """
    price, stop_loss, equity, rate = basis
    kind, amount = sizer
    per_lot = instrument["contract_size"] * rate
    if kind == "fixed_lots":
        return amount
    if kind == "fixed_units":
        lots = amount / instrument["contract_size"]
    elif kind == "equity_percent":
        lots = over(equity * amount / 100.0, abs(price) * per_lot)
    elif stop_loss is None:
        return None
    elif kind == "risk_amount":
        lots = over(amount, abs(price - stop_loss) * per_lot)
    else:
        lots = over(equity * amount / 100.0, abs(price - stop_loss) * per_lot)
    most: float | None = instrument["volume_max"]
    return most if most is not None and lots > most else lots


def order_size(instrument: Mapping[str, Any], lots: float) -> float | None:
    """A size rounded down to the volume step; None where no order may have it (M3.1).

    Example:
        >>> order_size({"volume_step": 0.01, "volume_min": 0.01, "volume_max": None}, 0.299999)
        0.29
    """
    least, most = instrument["volume_min"], instrument["volume_max"]
    lots = round_down(instrument["volume_step"], lots)
    if not (math.isfinite(lots) and lots > 0.0):
        return None
    too_small = least is not None and lots < least
    too_large = most is not None and lots > most
    return None if too_small or too_large else lots


def round_down(step: float | None, lots: float, *, tolerance: float = _EQUAL_STEPS) -> float:
    """A size rounded down to a volume step (M3.1).

    Example:
        >>> round_down(0.1, 0.3), round_down(None, 0.25)
        (0.3, 0.25)
    """
    if step is None:
        return lots
    steps = _floor(lots / step + tolerance)
    per_lot = _floor(1.0 / step)
    if 1.0 / step - per_lot >= 0.5:  # noqa: PLR2004 - rounds half up
        per_lot += 1.0
    exact = per_lot >= 1.0 and abs(per_lot * step - 1.0) < 1e-12  # noqa: PLR2004 - M3.1
    return steps / per_lot if exact else steps * step


def part_to_close(instrument: Mapping[str, Any], held: float, fraction: float) -> float:
    """The lots that a fraction below 1 closes: a step at least, and no rest too small (M3).

    Example:
        >>> part_to_close({"volume_step": 1.0, "volume_min": 3.0}, 5.0, 0.5)
        2.0
        >>> part_to_close({"volume_step": 1.0, "volume_min": 3.0}, 3.0, 0.5)
        3.0
    """
    step, least = instrument["volume_step"], instrument["volume_min"]
    lots = max(round_down(step, held * fraction), step or 0.0)
    tolerance = _EQUAL_STEPS * (1.0 if step is None else step)
    rest = held - lots
    too_small = least is not None and rest < least - 2.0 * tolerance
    return held if rest < tolerance or too_small else lots


def _floor(value: float) -> float:
    return float(math.floor(value)) if math.isfinite(value) else value


def over(a: float, b: float) -> float:
    """Divide as IEEE does: by zero gives an infinity, or NaN."""
    if b != 0.0:
        return a / b
    return math.nan if a == 0.0 or math.isnan(a) else math.copysign(math.inf, a)
