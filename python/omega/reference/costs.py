"""Trading costs and order sizes (M3.1, M4.1 to M4.3).

All products and sums are evaluated from the left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from omega.contract import CostFields

BY_ACCOUNT = ("equity_percent", "risk_amount", "risk_percent")
"""Sizers that go by the account: their sizes give way where it cannot pay for them (M3)."""

_MASK = 2**64 - 1
_EQUAL_STEPS = 1e-9
_GOLDEN = 0x9E3779B97F4A7C15


def uniform(seed: int, order: int, leg: int) -> float:
    """SplitMix64's finaliser over seed, order number and leg: a number in [0, 1) (M4.1).

    Example:
        >>> uniform(7, 3, 1) == uniform(7, 3, 1) != uniform(8, 3, 1)
        True
    """
    return (key_bits(seed, order, leg) >> 11) / 9007199254740992.0


def key_bits(seed: int, first: int, second: int) -> int:
    """Return random bits of a key: the finaliser over the seed and the two numbers in turn."""
    state = _mix(seed + _GOLDEN & _MASK)
    state = _mix(state ^ first)
    return _mix(state ^ (second << 32))


def next_bits(bits: int) -> int:
    """Return more random bits of the same key."""
    return _mix(bits + _GOLDEN & _MASK)


def _mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


class Key(NamedTuple):
    """What the slippage of a fill depends on besides its price (M4.1)."""

    order: int
    leg: int
    slips: bool


def slippage(costs: CostFields, price: float, seed: int, key: Key) -> float:
    """The distance of one fill from its price, always against the trader (M4.1).

    Example:
        >>> own = {"slippage": 0.5, "slippage_random": 0.0, "slippage_percent": 0.1}
        >>> slippage(own, 100.0, 0, Key(0, 0, slips=True))
        0.6
    """
    if not key.slips:
        return 0.0
    pips, random = costs["slippage"], costs["slippage_random"]
    if random > 0.0:
        pips += uniform(seed, key.order, key.leg) * random
    return pips + abs(price) * costs["slippage_percent"] / 100.0


class Leg(NamedTuple):
    """A fill, as far as its fee depends on it."""

    sign: float
    lots: float
    units: float
    price: float
    notional: float
    is_maker: bool
    is_entry: bool
    time: int
    order: int


def fee(costs: CostFields, leg: Leg) -> float:
    """The fee of one leg (M4.2).

    Example:
        >>> own = {"fee_per_million": 20.0, "fee_per_lot": 3.0, "fee_percent": 0.01}
        >>> own |= {"fee_fixed": 4.0, "fee_maker": 0.02, "fee_taker": 0.05, "fee": None}
        >>> own |= {"fee_min": 0.0, "entry_only": False}
        >>> leg = Leg(1.0, 2.0, 200_000.0, 1.25, 250_000.0, False, True, 0, 0)
        >>> fee(own, leg), fee(own, leg._replace(is_maker=True))
        (165.0, 90.0)
    """
    if costs["entry_only"] and not leg.is_entry:
        return 0.0
    return with_own(costs, leg, own(costs, leg))


def with_own(costs: CostFields, leg: Leg, own: float) -> float:
    """The fee of one leg whose fee function gave so much."""
    parts = _proportional(costs, leg) + costs["fee_fixed"] + _by_role(costs, leg) + own
    return max(parts, costs["fee_min"])


class FeeParts(NamedTuple):
    """The fee of an entry of `x` lots: the greater of `constant + x * per_lot` and `minimum`."""

    constant: float
    per_lot: float
    minimum: float


def split(costs: CostFields, leg: Leg, own: float) -> FeeParts:
    """The fee of an entry by its size, where its function gave so much at the full size (M3).

    Example:
        >>> own = {"fee_per_million": 20.0, "fee_per_lot": 3.0, "fee_percent": 0.01}
        >>> own |= {"fee_fixed": 4.0, "fee_maker": 0.02, "fee_taker": 0.05, "fee_min": 9.0}
        >>> leg = Leg(1.0, 2.0, 200_000.0, 1.25, 250_000.0, False, True, 0, 0)
        >>> split(own, leg, 2.0)
        FeeParts(constant=6.0, per_lot=80.5, minimum=9.0)
        >>> split(own, leg._replace(is_maker=True), 2.0)
        FeeParts(constant=6.0, per_lot=43.0, minimum=9.0)
    """
    per_lot = variable(costs, leg) / leg.lots
    return FeeParts(costs["fee_fixed"] + own, per_lot, costs["fee_min"])


def variable(costs: CostFields, leg: Leg) -> float:
    """The part of the fee of one leg that grows with its size."""
    return _proportional(costs, leg) + _by_role(costs, leg)


def _proportional(costs: CostFields, leg: Leg) -> float:
    return (
        leg.notional * costs["fee_per_million"] / 1e6
        + leg.lots * costs["fee_per_lot"]
        + leg.notional * costs["fee_percent"] / 100.0
    )


def _by_role(costs: CostFields, leg: Leg) -> float:
    return leg.notional * costs["fee_maker" if leg.is_maker else "fee_taker"] / 100.0


def own(costs: CostFields, leg: Leg) -> float:
    """What the user's function gives; an entry without a notional is refused, and has none."""
    function = costs["fee"]
    if function is None or not math.isfinite(leg.notional):
        return 0.0
    return function("buy" if leg.sign > 0.0 else "sell", *leg[1:])


def per_night(costs: CostFields, sign: float, mark: float) -> float:
    """Price units a night for a direction, at the price of the last mark (M4.3).

    Example:
        >>> own = {"swap_long": -1.0, "swap_long_percent": -7.3}
        >>> per_night(own, 1.0, 50.0)
        -1.01
    """
    if sign > 0.0:
        points, percent = costs["swap_long"], costs["swap_long_percent"]
    else:
        points, percent = costs["swap_short"], costs["swap_short_percent"]
    return points + abs(mark) * percent / 100.0 / 365.0


def nights(last: int, now: int, triple_day: int | None) -> int:
    """How often swap is booked between two UTC days, counted from 1970-01-01 (M4.3).

    Example:
        >>> nights(0, 1, 3)  # 1970-01-01 was a Thursday: 3
        3
        >>> nights(1, 4, 3)  # Friday, Saturday, Sunday
        1
        >>> nights(1, 4, None)
        3
    """
    if triple_day is None:
        return now - last
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
