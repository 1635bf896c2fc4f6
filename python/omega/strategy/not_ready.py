"""The bar that a callback gets while the first symbol of a run is not ready (rule L2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omega._core import Bar


class NotReadyBar:
    """The bar of a symbol that has not had the bars that the strategy needs of it.

    Its prices, times and windows are an `IndexError`; `bar.symbols` and `bar[symbol]` show the
    symbols that are ready.

    Args:
        symbol: Its name.
        ready: The newest bar of a symbol that is ready.
    """

    __slots__ = ("_ready", "symbol")

    def __init__(self, symbol: str, ready: Bar) -> None:
        self.symbol, self._ready = symbol, ready

    def __repr__(self) -> str:
        return f"<no bar of {self.symbol}: it is not ready>"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are ready."""
        return self._ready.symbols

    def __getitem__(self, symbol: str) -> Bar:
        return self._ready[symbol]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it raises
        if not hasattr(type(self._ready), name):
            missing = f"{type(self._ready).__name__!r} object has no attribute {name!r}"
            raise AttributeError(missing, name=name, obj=self)
        return getattr(self._ready[self.symbol], name)
