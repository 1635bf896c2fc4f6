"""User-defined fee functions in the form that both backends call (rule M4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from omega.config.costs import Costs, FeeBasis
from omega.config.times import from_units
from omega.config.values import Refused, as_float
from omega.contract import FeeCallback
from omega.data.store import CandleStore
from omega.errors import CallbackFailed


def fee_functions(
    costs: Sequence[Costs], store: CandleStore, symbols: Sequence[str]
) -> list[FeeCallback | None]:
    """Return the fee function of each symbol, if it has one."""
    return [
        None
        if own.fee is None
        else FeeFunction(own.fee, symbol, *store.native.time_range(symbol)[2:])
        for own, symbol in zip(costs, symbols, strict=True)
    ]


@dataclass(frozen=True)
class FeeFunction:
    """A function of the user's: the parts of a fill in, a fee that was checked out."""

    function: Callable[[FeeBasis], float]
    symbol: str
    unit: str
    zone: str | None

    def __call__(self, *parts: object) -> float:
        """Call it; what it raises passes as it was raised, with the fill as a note.

        Raises:
            CallbackFailed: It gave something else than a finite number of 0 or more.
        """
        *before, time, order_id = parts
        moment = from_units(cast("int", time), self.unit, self.zone)
        fill = FeeBasis._make((self.symbol, *before, moment, order_id))
        try:
            given: object = self.function(fill)
        except BaseException as error:
            error.add_note(f"raised by the fee function for {_described(fill)}")
            raise
        try:
            fee = as_float(given)
        except Refused:
            fee = math.nan
        if not 0.0 <= fee < math.inf:
            raise CallbackFailed(
                f"the fee function gave {given!r} for {_described(fill)}, expected a finite number "
                "of 0 or more, in account currency"
            )
        return fee


def _described(fill: FeeBasis) -> str:
    return (
        f"the fill of order {fill.order_id}: {fill.side} {fill.lots} {fill.symbol} at "
        f"{fill.price} ({fill.time})"
    )
