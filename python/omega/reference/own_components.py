"""Adapters from a user's own executor and portfolio to the protocols of the loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from omega.contract import Callback, Callbacks, Component, ForeignComponents
from omega.reference import rows, views
from omega.reference.caller import Caller, checked, noted
from omega.reference.context import Context
from omega.reference.executor import LastTrades, State
from omega.reference.portfolio import Portfolio, total
from omega.reference.unreported_exits import Exits
from omega.strategy.actions import Action, Cancel, Close, Modify
from omega.strategy.not_ready import NotReadyBar


class ForeignExecutor:
    """An executor of the user's own, as the loop drives it.

    What it does with signals is its own business. The loop knows whether something is open, and
    when each symbol was last traded.
    """

    def __init__(
        self, executor: Component, context: Context, watch: Exits, *, has_cooldown: bool
    ) -> None:
        self.executor, self.context, self.has_cooldown = executor, context, has_cooldown
        self.watch = watch
        self.last_trades = {symbol: LastTrades() for symbol in context.symbols}
        self.submitted: list[Action] = []
        self.has_positions = False
        self.exits = 0

    def is_idle(self) -> bool:
        """Whether nothing is open."""
        with noted(self.context, "engine"):
            return not self.executor.active_positions

    def submit(self, actions: list[Action]) -> int:
        """Keep the signals for the open of the step."""
        self.submitted = list(actions)
        actions.clear()
        return len(self.submitted)

    def on_open(self, nows: Mapping[str, rows.Known]) -> None:
        """Hand over the signals."""
        self._note_exits()
        for signal in self.submitted:
            with noted(self.context, "engine"):
                self._process(signal, nows)
        self.submitted = []
        self._set_active(is_active=not self.is_idle())

    def _process(self, signal: Action, nows: Mapping[str, rows.Known]) -> None:
        """Hand over a signal; an entry counts where it was accepted."""
        # To know whether it was costs a look at the positions, which only a cool-down is worth.
        before = len(self.executor.active_positions) if self.has_cooldown else 0
        with self.watch.watching_all(nows[self.context.symbols[0]].time):
            answer = self.executor.process_signal(signal)
        self._note_exits()
        if not self.has_cooldown or isinstance(signal, (Close, Cancel, Modify)):
            return
        is_accepted = bool(answer)
        if answer is None:
            is_accepted = len(self.executor.active_positions) > before
        if is_accepted:
            now = nows[getattr(signal, "symbol", None) or self.context.symbols[0]]
            self.last_trades[now.symbol].entry = (now.index, now.time)

    def on_bar(self, now: rows.Moment) -> None:
        """Let it look for exits, where something is open in the symbol."""
        with noted(self.context, "engine"):
            if not self.has_positions or not self._is_active(now.symbol):
                return
            if self._call_with_bar(self.executor.evaluate_exits, now):
                self.last_trades[now.symbol].exit = now.time

    def on_close(
        self,
        nows: Sequence[rows.Moment],  # noqa: ARG002 - of the loop
        managed: Sequence[Action],
        after: Mapping[str, rows.Known],
        *,
        inside: bool = False,  # noqa: ARG002 - of the loop
    ) -> None:
        """Take note of what the manager closed, and hand over what it wants."""
        self._note_exits()
        for action in managed:
            with noted(self.context, "engine"):
                with self.watch.watching_all(after[self.context.symbols[0]].time):
                    self.executor.process_signal(action)
                self._note_exits()

    def quiet(self, time: int) -> int:  # noqa: ARG002 - of the loop
        """Take no step by itself: the portfolio writes its row each time."""
        self._set_active(is_active=False)
        return 0

    def state(self) -> State:
        """Return what is known of it."""
        return State(self.last_trades, has_positions=self.has_positions)

    def _set_active(self, *, is_active: bool) -> None:
        self.has_positions = self.watch.is_active = is_active

    def _note_exits(self) -> None:
        """Take note of exits that others made since it last looked."""
        for symbol, time in self.watch.take():
            self.exits += 1
            self.last_trades[symbol].exit = time

    def finish(self, closes: Mapping[str, rows.Moment]) -> bool:
        """Let an executor that can do so close what is open at the last close (L4)."""
        close = getattr(self.executor, "close_at_end", None)
        if close is None:
            return False
        with noted(self.context, "engine"):
            for symbol, now in closes.items():
                if self._is_active(symbol):
                    self._call_with_bar(close, now)
        return True

    def _is_active(self, symbol: str) -> bool:
        """Whether something active belongs to a symbol, as far as it names one."""
        first, *others = self.context.symbols
        return not others or any(
            (getattr(one, "symbol", symbol) or first) == symbol
            for one in self.executor.active_positions
        )

    def _call_with_bar(self, method: Callback, now: rows.Moment) -> int:
        """Call with both sides of a bar; give how many exits there were."""
        bar = views.Bar(self.context.sources[now.symbol], now.index, fresh=True)
        before = len(self.executor.active_positions)
        answer = method(bar.bid, bar.ask)
        if answer is None:
            exits = max(before - len(self.executor.active_positions), 0)
        else:
            exits = len(answer) if hasattr(answer, "__len__") else int(answer)
        self.exits += exits
        return exits


class ForeignRows:
    """A portfolio beside such an executor, which books with it by itself; it writes the rows."""

    def __init__(self, portfolio: Component, context: Context, watch: Exits) -> None:
        self.portfolio, self.context, self.watch = portfolio, context, watch
        self.last = 0

    def write_row(self, time: int, positions: Sequence[object]) -> None:  # noqa: ARG002 - one loop
        """Let it write the row of a step."""
        self.last = time
        with noted(self.context, "engine"), self.watch.watching_all(time):
            self.portfolio.update(time)

    def rewrite_last_row(self) -> None:
        """Let it write the last row again."""
        with noted(self.context, "engine"):
            rewrite(self.portfolio, self.last)


class ForeignCaller(Caller):
    """The strategy of an engine whose executor is the user's own."""

    who = "engine"

    def __init__(
        self, context: Context, parts: ForeignComponents, decide: Callback, watch: Exits
    ) -> None:
        callbacks: Callbacks = {
            "on_bar": decide,
            "triggers": [],
            "on_fill": None,
            "on_exit": None,
            "instance": None,
            "manage": parts["manager"],
        }
        super().__init__(context, callbacks, parts["slices"], parts["adapt"])
        self.executor, self.portfolio = parts["executor"], parts["portfolio"]
        self.watch = watch

    def _open_in(self, symbol: str) -> tuple[Sequence[Any], Sequence[Any]]:
        return self.portfolio.get_open_positions(symbol), self.executor.active_positions

    def _managed(self, call: Callback, symbol: str) -> object:
        one = self.world.symbols[symbol].base
        with self.watch.watching([symbol], one.times[one.visible - 1]):
            return call()

    def _checked(self, item: object) -> Action:
        # An older system's own class is its executor's to read, and so is which symbols there are.
        return cast("Action", item) if hasattr(item, "direction") else checked(item)


class Forwarding(Portfolio):
    """Omega's books beside a portfolio of the user's own, whose cash is the account's balance."""

    def __init__(self, foreign: Component, context: Context) -> None:
        self.foreign, self.context = foreign, context
        self._own = 0.0
        super().__init__(float(foreign.cash), 0)

    @property
    def balance(self) -> float:
        """What sizes and margins are measured by."""
        return float(self.foreign.cash)

    @balance.setter
    def balance(self, value: float) -> None:
        self._own = value

    def book(self, time: int, kind: str, trade_id: int | None, amount: float) -> None:
        """Change Omega's own balance; register a night."""
        self._own += amount
        self.ledger.append(rows.LedgerLine(time, kind, trade_id, amount, self._own))
        if kind == "swap":
            held = self.context.state.positions
            position = next(one for one in held if one.trade_id == trade_id)
            self._call("register_fee", -amount, time, "swap", self._shown(position))

    def book_entry(self, position: rows.Position, fill: rows.Fill) -> None:
        """Book the fee of an entry, and register both."""
        super().book_entry(position, fill)
        shown = self._shown(position)
        self._call("register_entry", shown)
        self._fee(fill, "entry", shown)

    def book_exit(
        self, position: rows.Position, fill: rows.Fill, reason: str, share: float, rate: float
    ) -> rows.Trade:
        """Book an exit, and register it and its fee."""
        trade = super().book_exit(position, fill, reason, share, rate)
        shown = views.Trade(trade, self.context.sources[trade.symbol])
        self._call("register_exit", shown)
        self._fee(fill, "exit", shown)
        return trade

    def write_row(self, time: int, positions: Sequence[rows.Position]) -> None:
        """Write Omega's own row, and let the other portfolio write its own."""
        self._write(time, positions)
        if positions and hasattr(self.foreign, "mark"):
            self._call("mark", [self._shown(position) for position in positions])
        self._call("update", time)

    def rewrite_last_row(self) -> None:
        """Write the last row again, and let the other portfolio do so."""
        last = self.equity.pop().time
        self._write(last, [])
        with noted(self.context, "portfolio"):
            rewrite(self.foreign, last)

    def _write(self, time: int, positions: Sequence[rows.Position]) -> None:
        equity = self._own + total(position.open_profit for position in positions)
        self.equity.append(rows.EquityRow(time, self._own, equity, len(positions)))

    def _fee(self, fill: rows.Fill, kind: str, shown: object) -> None:
        if fill.fee != 0.0:
            self._call("register_fee", fill.fee, fill.time, kind, shown)

    def _shown(self, position: rows.Position) -> views.Position:
        return views.Position(position, self.context.sources[position.symbol])

    def _call(self, method: str, *arguments: object) -> None:
        with noted(self.context, "portfolio"):
            getattr(self.foreign, method)(*arguments)


def rewrite(portfolio: Component, time: int) -> None:
    """Let a portfolio write its last row again; by `update` where it knows no other way."""
    if hasattr(portfolio, "rewrite_last_row"):
        portfolio.rewrite_last_row()
    else:
        portfolio.update(time)


def with_slices(decide: Callback, slices: Mapping[str, object]) -> Callback:
    """Make a function of a bar of one of an index and slices."""

    def on_bar(bar: object) -> object:
        # While the first symbol is not ready (L2) it has no bar to give the number of.
        number = -1 if isinstance(bar, NotReadyBar) else cast("views.Bar", bar).index
        return decide(number, slices)

    return on_bar
