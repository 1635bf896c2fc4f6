"""Pickles and copies of views of a run: they hold values, and not the run.

An indicator takes its values along, and a bar, position, order, fill or trade its fields.
"""

from __future__ import annotations

import copyreg
import dataclasses
from collections.abc import Iterator, Mapping
from types import ModuleType, NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omega.run.context import Context

_VIEWS = ("Bar", "SideView", "Position", "PendingOrder", "Fill", "Trade")


class DetachedView:
    """A view of a run that is over, by its fields.

    Example:
        >>> DetachedView("Fill", {"price": 1.5, "lots": 2.0}).price
        1.5
    """

    def __init__(self, kind: str, fields: Mapping[str, Any]) -> None:
        vars(self).update(fields)
        self._kind = kind

    def __repr__(self) -> str:
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return f"{self._kind}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


class DetachedIndicator:
    """An indicator of a run that is over: `[-1]` is the value at its end.

    Example:
        >>> DetachedIndicator("sma(2)", np.array([1.0, 2.0]))[-1]
        2.0
    """

    def __init__(self, name: str, values: NDArray[np.float64]) -> None:
        self.name, self._values = name, values
        self._values.flags.writeable = False

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: int) -> float:
        if not -len(self) <= key < 0:
            raise IndexError(
                f"{self.name}[{key}] with {len(self)} values known: expected -1 to -{len(self)}"
            )
        return float(self._values[key])

    def window(self, length: int) -> NDArray[np.float64]:
        """Return the last values, read-only."""
        if not 1 <= length <= len(self):
            raise IndexError(
                f"{self.name}.window({length}) with {len(self)} values known: expected 1 to "
                f"{len(self)}"
            )
        return self._values[len(self) - length :]

    def __repr__(self) -> str:
        return f"<{self.name}: {self[-1] if len(self) else 'no value yet'}>"


def register(views: ModuleType) -> None:
    """Let the views of a backend be pickled and copied."""
    for name in _VIEWS:
        copyreg.pickle(getattr(views, name), _view)
    copyreg.pickle(views.Indicator, _indicator)
    copyreg.pickle(Context, _no_run)  # a position manager may hold one


def _indicator(view: Any) -> tuple[Any, ...]:  # noqa: ANN401 - of either backend
    known = len(view)
    values = np.array(view.window(known) if known else [], dtype=np.float64)
    return DetachedIndicator, (view.name, values)


def _view(view: Any) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    fields = {}
    for name in _names(view):
        try:
            fields[name] = getattr(view, name)
        except (AttributeError, ValueError):
            continue  # hidden, or a volume that the data does not have
    return DetachedView, (type(view).__name__, fields)


def _names(view: object) -> Iterator[str]:
    """Yield the names of the fields of a view; the reference keeps some in a row behind it."""
    row = getattr(view, "_row", None)
    if dataclasses.is_dataclass(row):
        yield from (field.name for field in dataclasses.fields(row))
    for kind in (type(view), type(row)):
        for name in dir(kind):
            if not name.startswith("_") and not callable(getattr(kind, name)):
                yield name


def _no_run(_context: Context) -> tuple[Any, ...]:
    return NoneType, ()
