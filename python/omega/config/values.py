"""Frozen value classes that are checked when they are created.

A class with annotated fields and a `__post_init__` that calls `check` becomes a frozen dataclass
that is compared by value, shows only the fields that differ from their defaults, and refuses an
unknown or impossible argument with an `omega.errors.ConfigError` of one sentence.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import numbers
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, dataclass_transform

from omega.errors import ConfigError, OmegaError

_Taken = TypeVar("_Taken")
Check = Callable[[object], _Taken]
"""Takes what was given and returns it in its final form; raises `Refused` where it cannot."""

_Class = TypeVar("_Class", bound=type)

_LONGEST = 300
"""Characters of a value that a message shows."""
_PLAIN = frozenset({int, float, str, bool})
_SCALARS = frozenset("biufU")
"""Kinds of NumPy scalars that Python has, too."""


class Refused(Exception):
    """A value is not what a check takes; its text states what would have been right."""


@dataclass_transform(frozen_default=True)
def value(cls: _Class) -> _Class:
    """Make a class a frozen value; its fields may be given by position or by name."""
    return _build(cls, kw_only=False)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def settings(cls: _Class) -> _Class:
    """Make a class a frozen value whose fields are given by name only."""
    return _build(cls, kw_only=True)


def check(instance: object, rule: Check[object], *names: str) -> None:
    """Replace the named fields of a new value by what `rule` makes of them."""
    for name in names:
        given = getattr(instance, name)
        made = taken(f"{type(instance).__name__}.{name}", given, rule)
        if made is not given:
            object.__setattr__(instance, name, made)


def taken(place: str, given: object, rule: Check[_Taken]) -> _Taken:
    """Return what `rule` makes of an argument; `place` names it where it is refused.

    Raises:
        ConfigError: The rule refuses it.

    Example:
        >>> taken("order_target weight", 1, number(maximum=1))
        1.0
    """
    try:
        return rule(given)
    except Refused as refused:
        raise ConfigError(f"{place}: given {shown(given)}, expected {refused}") from None


def shown(given: object) -> str:
    """Return how a message shows what was given: on one line, and cut where it is long.

    Example:
        >>> shown("EURUSD"), len(shown([0.5] * 1_000))
        ("'EURUSD'", 300)
    """
    try:
        text = repr(given)
    except ValueError:  # a whole number of thousands of digits
        return f"<{type(given).__name__}>"
    if "\n" in text:  # a table, or an array of several dimensions
        return f"<{type(given).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def require_texts(place: str, **given: object) -> None:
    """Refuse what is neither a text nor None, of the arguments of a call."""
    for name, one in given.items():
        if one is not None:  # as most are, in each run of a sweep
            taken(f"{place} {name}", one, optional(text))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the hint that names the closest known word, or lists all where none is close.

    Example:
        >>> nearest("fee_per_lots", ["fee_per_lot", "fee_min"])
        "Did you mean 'fee_per_lot'?"
    """
    words = list(known)
    close = closest(name, words)
    return f"Did you mean {close!r}?" if close else f"Known: {', '.join(words)}."


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known word that `name` was probably meant to be; case does not matter.

    Example:
        >>> closest("eurusdd", ["EURUSD", "GBPUSD"]), closest("cahs", ["cast", "cash"])
        ('EURUSD', 'cash')
    """
    spelled = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), spelled)
    swapped = [word for word in found if sorted(word) == sorted(name.lower())]
    return spelled[[*swapped, *found][0]] if found else None


def counted(number: int, noun: str, several: str = "") -> str:
    """Write how many there are of something.

    Example:
        >>> counted(1, "trade"), counted(1200, "trade"), counted(2, "entry", "entries")
        ('1 trade', '1,200 trades', '2 entries')
    """
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"


def number(
    *,
    above: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    infinite: bool = False,
) -> Check[float]:
    """Return a check for a number within bounds, finite by default; it becomes a `float`."""
    bounds = [
        f"above {above:g}" if above is not None else "",
        f"of {minimum:g} or more" if minimum is not None else "",
        f"not above {maximum:g}" if maximum is not None else "",
    ]
    wording = " ".join(["a number", " and ".join(bound for bound in bounds if bound)]).strip()
    lowest = -float("inf") if minimum is None else minimum
    highest = float("inf") if maximum is None else maximum

    def take(given: object) -> float:
        amount = as_float(given)
        taken = infinite or abs(amount) < float("inf")
        within = lowest <= amount <= highest and (above is None or amount > above)
        if not (taken and within):
            raise Refused(wording)
        return amount

    return take


MOST = 2**31 - 1
"""The largest count that both backends hold: more bars or positions than there ever are."""
_MOST_COUNTED = 2**1_000
"""What a float holds: backends take counts as such."""
CENTURY = 53_000_000
"""Minutes of a hundred years, which a time column of nanoseconds holds twice."""


def whole(minimum: int | None = None, maximum: int | None = None) -> Check[int]:
    """Return a check for a whole number; it becomes an `int`."""
    wording = "a whole number" if minimum is None else f"a whole number of at least {minimum}"
    wording += "" if maximum is None else f" and at most {maximum:,}"

    def take(given: object) -> int:
        if isinstance(given, bool) or not isinstance(given, numbers.Integral):
            raise Refused(wording)
        if minimum is not None and given < minimum:
            raise Refused(wording)
        if int(given) > _MOST_COUNTED if maximum is None else int(given) > maximum:
            raise Refused(wording)
        return int(given)

    return take


def one_of(*known: str) -> Check[str]:
    """Return a check for one of a closed set of words; case does not matter."""
    spelled = {word.lower(): word for word in known}

    def take(given: object) -> str:
        if isinstance(given, str) and given.lower() in spelled:
            return spelled[given.lower()]
        wording = "one of " + ", ".join(repr(word) for word in known)
        close = closest(given, known) if isinstance(given, str) else None
        raise Refused(f"{wording}. Did you mean {close!r}?" if close else wording)

    return take


def flag(given: object) -> bool:
    """Take `True` or `False` and nothing that merely counts as one of them."""
    taken = plain(given)
    if not isinstance(taken, bool):
        raise Refused("True or False")
    return taken


def text(given: object) -> str:
    """Take a text of at least one character, all of them Unicode characters."""
    if not isinstance(given, str) or not given:
        raise Refused("a text that is not empty")
    try:
        given.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which no other library takes
        raise Refused("a text of Unicode characters") from None
    return given


def plain(given: Any) -> Any:  # noqa: ANN401 - whatever was given
    """Return the Python value of a NumPy scalar, so that it is written down as a person would.

    Example:
        >>> import numpy as np
        >>> plain(np.float64(0.5)), plain(np.int64(3)), plain(np.True_), plain("as it is")
        (0.5, 3, True, 'as it is')
    """
    if type(given) in _PLAIN:
        return given
    kind = getattr(getattr(given, "dtype", None), "kind", None)
    return given.item() if kind in _SCALARS and given.shape == () else given


def optional(rule: Check[_Taken]) -> Check[_Taken | None]:
    """Return a check that also takes `None`."""

    def take(given: object) -> _Taken | None:
        if given is None:
            return None
        try:
            return rule(given)
        except Refused as refused:
            raise Refused(f"{refused}, or None") from None

    return take


def as_float(given: object) -> float:
    """Take any real number, NaN included, as a `float`; a bool is not a number."""
    if isinstance(given, bool) or not isinstance(given, numbers.Real):
        raise Refused("a number")
    try:
        return float(given)
    except OverflowError:  # a whole number of hundreds of digits
        raise Refused("a number below 1e308") from None


def _build(cls: _Class, *, kw_only: bool) -> _Class:
    built: Any = dataclasses.dataclass(frozen=True, kw_only=kw_only, repr=False, slots=True)(cls)
    built.__init__ = _explain(built.__init__, built)
    if "__repr__" not in vars(cls):
        built.__repr__ = _short_repr
    return built  # type: ignore[no-any-return]  # the class that came in


def _explain(init: Callable[..., None], cls: type) -> Callable[..., None]:
    """Wrap a constructor so that wrong arguments become a `ConfigError`."""
    known = [field.name for field in dataclasses.fields(cls)]

    @functools.wraps(init)
    def explained(self: object, *args: object, **kwargs: object) -> None:
        try:
            init(self, *args, **kwargs)
        except TypeError as error:
            unknown = [name for name in kwargs if name not in known]
            if unknown:
                name, moved = unknown[0], getattr(cls, "_elsewhere", {})
                hint = f"; {moved[name]} has it" if name in moved else f". {nearest(name, known)}"
                raise ConfigError(f"{cls.__name__} has no {name!r}{hint}") from None
            text = str(error)
            if not text.startswith(f"{cls.__qualname__}.__init__()"):
                raise _of_a_wrong_kind(cls, error) from error
            raise ConfigError(text.replace(".__init__()", "")) from None
        except ValueError as error:
            if isinstance(error, OmegaError):
                raise
            raise _of_a_wrong_kind(cls, error) from error

    return explained


def _of_a_wrong_kind(cls: type, error: Exception) -> ConfigError:
    return ConfigError(
        f"{cls.__name__}: one of the values is of a kind that it does not take ({error}). "
        f"help(omega.{cls.__name__}) lists what each may be"
    )


def _short_repr(self: Any) -> str:  # noqa: ANN401 - any value class
    fields = [
        f"{field.name}={_shown_field(given, field)}"
        for field in _fields(type(self))  # type: ignore[arg-type]  # a class has a hash
        if _differs(given := getattr(self, field.name), field.default)
    ]
    return f"{type(self).__name__}({', '.join(fields)})"


@functools.cache  # looked up anew, they took longest of what a run of 5,000 symbols writes down
def _fields(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cls)


def _differs(given: object, default: object) -> bool:
    """Return whether a field is worth showing; a frame is not compared: that is a frame again."""
    without = default is None or default is dataclasses.MISSING
    return given is not default and (without or given != default)


def _shown_field(given: object, field: dataclasses.Field[object]) -> str:
    if callable(given):  # by its name, as its address differs from run to run
        return str(getattr(given, "__qualname__", repr(given)))
    return repr(given) if field.repr else f"<{type(given).__name__}>"
