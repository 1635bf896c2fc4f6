"""What a fill costs: slippage and fees (M4.1, M4.2, M4.4).

All products and sums are evaluated from the left.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from omega.contract import CostFields

_MASK = 2**64 - 1
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
