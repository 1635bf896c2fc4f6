"""The space of a sweep: lists of values and ranges of numbers by parameter, checked and counted."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, SupportsInt, TypeAlias, TypeGuard

from omega.config.values import Refused, check, flag, number, optional, plain, value
from omega.errors import ConfigError

_STEPS = re.compile(r"(-?[\d.]+):(-?[\d.]+)(?::([\d.]+))?")
"""A range as the command line takes it."""

Value: TypeAlias = Any
"""A value of a parameter: a number, a text, a setting, anything."""
Metrics: TypeAlias = Mapping[str, Any]
"""The metrics of one run by name."""
Parameters: TypeAlias = dict[str, Any]
"""The parameters of one run by name."""


_BEGIN_END_STEP = 3


@value
class Between:
    """A range of numbers, both ends included; whole ones where both ends are.

    Attributes:
        low: The least.
        high: The greatest.
        step: From one value to the next; None for all whole numbers, or all numbers.
        log: Whether small numbers are drawn as often as large ones, by their magnitude.

    Example:
        >>> Between(0.1, 0.5, step=0.1).values()
        (0.1, 0.2, 0.3, 0.4, 0.5)
        >>> Between(5, 50).at(0.5), Between(1.0, 100.0, log=True).values() is None
        (28, True)
    """

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        """Check that the range holds something."""
        check(self, _bound, "low", "high")
        check(self, optional(_step), "step")
        check(self, flag, "log")
        if self.low > self.high:
            raise ConfigError(
                f"Between: given low={self.low!r} and high={self.high!r}, expected low first"
            )
        if self.log and (self.step is not None or self.low <= 0):
            raise ConfigError(f"{self!r}: with log=True, low must be above 0 and step None")

    def size(self) -> int | None:
        """How many values there are; None where they cannot be counted.

        Example:
            >>> Between(5, 50).size()
            46
        """
        step = self._whole_step()
        if step is None:
            return None
        return _count(self.low, self.high, step)

    def values(self) -> tuple[float, ...] | None:
        """Return all values in order; None where they cannot be counted.

        Example:
            >>> Between(1, 3).values()
            (1, 2, 3)
        """
        size = self.size()
        return None if size is None else tuple(self.value(index) for index in range(size))

    def value(self, index: int) -> float:
        """Return the value of a number that counts from 0, as it would be written.

        Raises:
            ConfigError: The values cannot be counted.

        Example:
            >>> Between(0.1, 0.5, step=0.1).value(2)
            0.3
        """
        step = self._whole_step()
        if step is None:
            raise ConfigError(f"{self!r}: its values cannot be counted; give a step")
        if isinstance(self.low, int) and isinstance(step, int):
            return self.low + index * step
        return _stepped(self.low, step, index)

    def at(self, place: float) -> float:
        """Return the value at a place from 0 to 1 (left out) of the range.

        Example:
            >>> Between(0.0, 4.0).at(0.25)
            1.0
        """
        size = self.size()
        if size is None or self.log:
            low, high = self.low, self.high + (size is not None)
            if self.log:
                low, high = math.log(low), math.log(high)
            found = low + (high - low) * place
            found = math.exp(found) if self.log else found
            found = found if size is None else math.floor(found)
            return min(max(found, self.low), self.high)
        return self.value(min(int(place * size), size - 1))

    def _whole_step(self) -> float | None:
        whole_ones = isinstance(self.low, int) and isinstance(self.high, int)
        return 1 if self.step is None and whole_ones else self.step


Values: TypeAlias = "tuple[Any, ...] | Between"
"""What a parameter may be: one of so many, or a number of a range."""


def _bound(given: object) -> float:
    """Take a finite number; whole ones stay whole."""
    return int(given) if _is_whole(given) else number()(given)


def _step(given: object) -> float:
    """Take a number above 0; whole ones stay whole."""
    amount = number(above=0)(given)
    return int(amount) if _is_whole(given) else amount


def _is_whole(given: object) -> TypeGuard[SupportsInt]:
    return isinstance(given, numbers.Integral) and not isinstance(given, bool)


@lru_cache(maxsize=1_024, typed=True)
def _count(low: float, high: float, step: float) -> int:
    """How many steps there are, both ends included; kept, as each draw requests it."""
    return int((_exact(high) - _exact(low)) // _exact(step)) + 1


@lru_cache(maxsize=65_536, typed=True)
def _stepped(low: float, step: float, index: int) -> float:
    """The number that a person would write; kept, as exact fractions are slow."""
    return float(_exact(low) + index * _exact(step))


def _exact(given: float) -> Fraction:
    """The number that a person wrote: 0.1 is a tenth."""
    return Fraction(repr(given))


def space_of(given: object) -> dict[str, Values]:
    """Take the values of each parameter by its name."""
    if not isinstance(given, Mapping):
        raise Refused("the values of each parameter, as {'fast': [5, 10], 'slow': Between(20, 50)}")
    return {_name(name): _values(name, values) for name, values in given.items()}


def _name(given: object) -> str:
    if not isinstance(given, str) or not given:
        raise Refused(f"names of parameters; {given!r} is none")
    return given


def _values(name: str, given: Value) -> Values:
    """Take what a parameter may be: a range, or anything that lists values in an order."""
    if isinstance(given, Between):
        return given
    single = isinstance(given, (str, bytes, Mapping)) or hasattr(given, "columns")
    if single or not isinstance(given, Iterable):
        kind = type(given).__name__
        if isinstance(given, str) and (steps := _STEPS.fullmatch(given)):
            first, last, step = steps.groups()
            raise Refused(
                f"values for {name!r}; {given!r} is for the command line. Write "
                f"Between({first}, {last}{f', step={step}' if step else ''}), or a list"
            )
        raise Refused(f"a list of values for {name!r}, not a single {kind}; write [...] around it")
    if isinstance(given, (set, frozenset)):
        raise Refused(f"values in an order for {name!r}; a set has none")
    listed = tuple(plain(one) for one in given)
    _refuse_repeated(name, listed)
    if not listed:
        raise Refused(f"at least one value for {name!r}")
    return listed


def _refuse_repeated(name: str, listed: tuple[Value, ...]) -> None:
    """Refuse a number or text that comes twice: the same run, or begin, end and step."""
    seen: set[Any] = set()
    for one in listed:
        if isinstance(one, (int, float, str)) and (type(one), one) in seen:
            hint = "a sweep makes a run once"
            if len(listed) == _BEGIN_END_STEP and all(_is_whole(part) for part in listed):
                first, last, step = listed
                if 0 < step <= last - first:
                    hint = f"did you mean range({first}, {last + 1}, {step})?"
            raise Refused(f"each value of {name!r} once, and {one!r} is there twice; {hint}")
        seen.add((type(one), one) if isinstance(one, (int, float, str)) else id(one))


def size_of(values: Values) -> int | None:
    """How many values there are; None where they cannot be counted."""
    return values.size() if isinstance(values, Between) else len(values)


def value_of(values: Values, index: int) -> Value:
    """Return the value of a number that counts from 0."""
    return values.value(index) if isinstance(values, Between) else values[index]


def value_at(values: Values, place: float) -> Value:
    """Return the value at a place from 0 to 1 (left out) of all."""
    return values.at(place) if isinstance(values, Between) else values[int(place * len(values))]


def combination(space: Mapping[str, Values], index: int) -> Parameters:
    """Return a combination by its number; the last name changes first, as in nested loops."""
    chosen: Parameters = {}
    for name, values in reversed(list(space.items())):
        index, place = divmod(index, size_of(values) or 1)
        chosen[name] = value_of(values, place)
    return {name: chosen[name] for name in space}


def is_skewed(values: Values) -> bool:
    """Whether some values are to be drawn more often than others."""
    return isinstance(values, Between) and values.log


def combinations(space: Mapping[str, Values]) -> int | None:
    """How many combinations there are; None where one parameter cannot be counted."""
    sizes = [size_of(values) for values in space.values()]
    counted = [size for size in sizes if size is not None]
    return math.prod(counted) if len(counted) == len(sizes) else None
