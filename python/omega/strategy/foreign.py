"""Strategies in C, and in any language that can call and be called by C.

A function over the structs of `omega.h` decides; the core calls it without the interpreter. Nothing
checks what such a function does: one that writes where it must not breaks the process.
"""

from __future__ import annotations

import copy
import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omega.config.values import plain
from omega.errors import ConfigError

if TYPE_CHECKING:
    from omega._core import Indicator

_FUNCTION: Any = ctypes.CFUNCTYPE(None).__mro__[1]
"""The base of all functions of ctypes, which has no public name."""

AnyFunction = Any
"""An address, a capsule, or a function of ctypes."""


class Foreign:
    """A strategy of another language; `omega.foreign` makes one.

    Attributes:
        context: What its functions keep: of a result's `strategy` as the run left it.
        warmup: Complete bars needed before the first decision, besides its indicators' own.
    """

    def __init__(
        self,
        functions: tuple[AnyFunction, AnyFunction | None],
        context: Any,  # noqa: ANN401 - whatever has memory of its own
        indicators: Callable[[Any], Sequence[Indicator]] | None,
        warmup: int,
    ) -> None:
        self.context, self.indicators, self.warmup = context, indicators, warmup
        self._functions = functions
        on_bar, on_fill = functions
        self.on_bar = _address_of("function", on_bar)
        self.on_fill = None if on_fill is None else _address_of("on_fill", on_fill)
        self.address_of_context()  # refused here, and not when the run begins

    def __repr__(self) -> str:
        name = getattr(self._functions[0], "__name__", None)
        return f"foreign({name or hex(self.on_bar)})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Foreign:
        """Copy the context: a run works on one of its own (rule D4)."""
        context = self.context
        if isinstance(context, (ctypes.Structure, ctypes.Array)):
            context = type(context).from_buffer_copy(context)
        elif not callable(context):
            context = copy.deepcopy(context, memo)
        return Foreign(self._functions, context, self.indicators, self.warmup)

    @property
    def keeps(self) -> object:
        """What must live as long as a run."""
        return (self._functions, self.context)

    def address_of_context(self) -> int:
        """Return the address of the context, 0 where there is none.

        Raises:
            ConfigError: It has no memory that a function may write to.
        """
        given = self.context
        if given is None:
            return 0
        if isinstance(given, int) and not isinstance(given, bool) and given > 0:
            return given
        if isinstance(given, (ctypes.Structure, ctypes.Array)):
            return ctypes.addressof(given)
        if isinstance(given, bytearray):
            return ctypes.addressof((ctypes.c_char * len(given)).from_buffer(given))
        if isinstance(given, np.ndarray) and given.flags.c_contiguous and given.flags.writeable:
            return given.ctypes.data
        raise ConfigError(
            f"foreign: context: given {type(given).__name__}, expected a structure or array of "
            "ctypes, a bytearray, a writeable NumPy array in one piece, or an address"
        )


def foreign(
    function: AnyFunction,
    *,
    context: Any = None,  # noqa: ANN401 - whatever has memory of its own
    indicators: Callable[[Any], Sequence[Indicator]] | None = None,
    on_fill: AnyFunction | None = None,
    warmup: int = 0,
) -> Foreign:
    """Take a strategy of another language: a C function over the structs of ``omega.h``.

    `omega.get_include` returns the folder of the header. The function is called once a
    bar, or where `when=` holds, without the interpreter; runs of a sweep call it on several
    threads. Nothing checks what it does: a function that reads or writes beyond what it was given
    breaks the process, with no exception and no result.

    Args:
        function: An `omega_callback`: its address, a capsule, or a function of ctypes.
        context: What it gets as its second argument, and what it keeps its state in: a structure
            or array of ctypes, a bytearray or a NumPy array, of which each run gets a copy that
            `result.strategy.context` shows afterwards; or an address, which all runs share.
        indicators: A function that gets what declares indicators and returns a list of them, the
            frame's `columns` in that order.
        on_fill: An `omega_event_callback`, called for each fill before the decision.
        warmup: Complete bars needed before the first decision, besides the indicators' own.

    Raises:
        ConfigError: It is no function, or the context has no memory to write to.

    Example:
        >>> import ctypes, omega
        >>> on_bar = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)
        >>> strategy = omega.foreign(on_bar(lambda frame, context: 0))
        >>> omega.run_backtest(candles, strategy).trades.height
        0
    """
    if indicators is not None and not callable(indicators):
        raise ConfigError(
            f"foreign: indicators: given {indicators!r}, expected a function such as "
            "lambda self: [self.sma(20)]"
        )
    return Foreign((function, on_fill), context, indicators, warmup)


def get_include() -> str:
    """Return the folder of ``omega.h``, for the compiler's option -I.

    Example:
        >>> from pathlib import Path
        >>> (Path(get_include()) / "omega.h").is_file()
        True
    """
    return str(Path(__file__).parent.parent / "include")


def _address_of(name: str, given: AnyFunction) -> int:
    given = plain(given)
    address: int | None = None
    if isinstance(given, int) and not isinstance(given, bool):
        address = given
    elif isinstance(given, _FUNCTION):
        address = ctypes.cast(given, ctypes.c_void_p).value
    elif type(given).__name__ == "PyCapsule":
        address = _of_capsule(given)
    elif isinstance(getattr(given, "address", None), int):  # of Numba
        address = given.address
    if not address or address < 0:
        raise ConfigError(
            f"foreign: {name}: given {given!r}, expected the address of a C function, a capsule "
            "that holds one, or a function of ctypes"
        )
    return address


def _of_capsule(capsule: object) -> int | None:
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.argtypes, name_of.restype = [ctypes.py_object], ctypes.c_char_p
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.argtypes, pointer_of.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    found: int | None = pointer_of(capsule, name_of(capsule))
    return found
