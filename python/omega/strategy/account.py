"""Account state and requests of a strategy: native, so that a read is one step, or Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omega._core import AccountView
else:
    try:
        from omega._core import AccountView
    except ImportError:

        class AccountView:
            """Account, positions and orders of the run that a strategy is in."""

            _shown: Any
            """Gives what the strategy is tied to; of `omega.Strategy`."""

            _orders: Any
            """Gives what takes its orders."""

            def _see(self, run: object, *, heard: bool) -> None:
                """Read a run from now on, which here is what `_shown` gives."""

            @property
            def position(self) -> Any:  # noqa: ANN401 - typed by the native class
                """The oldest open position, or None."""
                return self._shown().position

            @property
            def positions(self) -> Any:  # noqa: ANN401 - as above
                """All open positions of all symbols, oldest first."""
                return self._shown().positions

            @property
            def pending(self) -> Any:  # noqa: ANN401 - as above
                """Orders that wait, oldest first."""
                return self._shown().pending

            @property
            def equity(self) -> Any:  # noqa: ANN401 - as above
                """Balance plus open profit at the newest bar's close, in account currency."""
                return self._shown().equity

            @property
            def balance(self) -> Any:  # noqa: ANN401 - as above
                """Cash after all booked profits and costs, in account currency."""
                return self._shown().balance

            def buy(self, *given: Any, **words: Any) -> Any:  # noqa: ANN401 - as above
                """Buy."""
                return self._orders().open("long", *given, **words)

            def sell(self, *given: Any, **words: Any) -> Any:  # noqa: ANN401 - as above
                """Sell short."""
                return self._orders().open("short", *given, **words)

            def close(self, *given: Any, **words: Any) -> Any:  # noqa: ANN401 - as above
                """Close positions."""
                return self._orders().close(*given, **words)

            def cancel(self, order: Any) -> Any:  # noqa: ANN401 - as above
                """Cancel an order that waits."""
                return self._orders().cancel(order)

            def modify(self, *given: Any, **words: Any) -> Any:  # noqa: ANN401 - as above
                """Change an order that waits, or the exits of a position."""
                return self._orders().modify(*given, **words)


__all__ = ["AccountView"]
