"""What trading costs and how large an order is (M3.1, M4.1 to M4.3).

All products and sums are evaluated from the left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

_MASK = 2**64 - 1
_EQUAL_STEPS = 1e-9


def uniform(seed: int, order: int, leg: int) -> float:
    """SplitMix64's finaliser over seed, order number and leg: a number in [0, 1) (M4.1).

    Example:
        >>> uniform(7, 3, 1) == uniform(7, 3, 1) != uniform(8, 3, 1)
        True
    """
    state = _mix(seed + 0x9E3779B97F4A7C15 & _MASK)
    state = _mix(state ^ order)
    state = _mix(state ^ (leg << 32))
    return (state >> 11) / 9007199254740992.0


def _mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


def slippage(costs: Mapping[str, Any], seed: int, order: int, leg: int) -> float:
    """The distance of one fill, always against the trader (M4.1).

    Example:
        >>> slippage({"slippage": 0.5, "slippage_random": 0.0}, 0, 0, 0)
        0.5
    """
    fixed, random = float(costs["slippage"]), float(costs["slippage_random"])
    return fixed + uniform(seed, order, leg) * random if random > 0.0 else fixed


def fee(costs: Mapping[str, Any], lots: float, notional: float) -> float:
    """The fee of one leg (M4.2).

    Example:
        >>> fee({"fee_per_million": 20.0, "fee_per_lot": 3.0, "fee_percent": 0.01, "fee_min": 0.0},
        ...     2.0, 250_000.0)
        36.0
    """
    parts: float = (
        notional * costs["fee_per_million"] / 1e6
        + lots * costs["fee_per_lot"]
        + notional * costs["fee_percent"] / 100.0
    )
    return max(parts, float(costs["fee_min"]))


def nights(last: int, now: int, triple_day: int) -> int:
    """How often swap is booked between two UTC days, counted from 1970-01-01 (M4.3).

    Example:
        >>> nights(0, 1, 3)  # 1970-01-01 was a Thursday: 3
        3
        >>> nights(1, 4, 3)  # Friday, Saturday, Sunday
        1
    """
    weeks, rest = divmod(now - last, 7)
    weights = [1] * 5 + [0] * 2
    weights[triple_day] = 3
    return weeks * sum(weights) + sum(weights[(last + day + 3) % 7] for day in range(rest))


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
        lots = _over(equity * amount / 100.0, abs(price) * per_lot)
    elif stop_loss is None:
        return None
    elif kind == "risk_amount":
        lots = _over(amount, abs(price - stop_loss) * per_lot)
    else:
        lots = _over(equity * amount / 100.0, abs(price - stop_loss) * per_lot)
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


def round_down(step: float | None, lots: float) -> float:
    """A size rounded down to a volume step (M3.1).

    Example:
        >>> round_down(0.1, 0.3), round_down(None, 0.25)
        (0.3, 0.25)
    """
    if step is None:
        return lots
    steps = _floor(lots / step + _EQUAL_STEPS)
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


def _over(a: float, b: float) -> float:
    """Divide as IEEE does: by zero gives an infinity, or NaN."""
    if b != 0.0:
        return a / b
    return math.nan if a == 0.0 or math.isnan(a) else math.copysign(math.inf, a)
