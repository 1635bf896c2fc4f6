"""The account: balance, ledger, closed trades and the equity curve (M2, M5)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from omega.contract import Noted
from omega.reference.rows import (
    EquityRow,
    Fill,
    LedgerLine,
    Moment,
    Position,
    Trade,
    split_outcomes,
)


def total(values: Iterable[float]) -> float:
    """From the first to the last, starting at 0; Python's own `sum` may compensate."""
    result = 0.0
    for value in values:
        result += value
    return result


class Portfolio:
    """One account in one currency."""

    def __init__(self, cash: float, time: int) -> None:
        self.balance = cash
        self.ledger = [LedgerLine(time, "deposit", None, cash, cash)]
        self.trades: list[Trade] = []
        self.equity: list[EquityRow] = []
        self._lows: dict[int, float] = {}
        self._ruin: int | None = None
        self.receivable = 0.0
        """Dividends that were earned and are not paid yet."""

    @property
    def marked_equity(self) -> float:
        """The equity at the last mark; the cash before the first."""
        return self.equity[-1].equity if self.equity else self.balance

    def book(self, time: int, kind: str, trade_id: int | None, amount: float) -> None:
        """Change the balance by one ledger line (M5)."""
        self.balance += amount
        self.ledger.append(LedgerLine(time, kind, trade_id, amount, self.balance))

    def book_entry(self, position: Position, fill: Fill) -> None:  # noqa: ARG002 - of the hook
        """Book the fee of an entry."""
        self.book_fee(fill)

    def book_fee(self, fill: Fill) -> None:
        """Book the fee of a leg, where there is one."""
        if fill.fee != 0.0:
            self.book(fill.time, "fee", fill.trade_id, -fill.fee)

    def book_exit(
        self, position: Position, fill: Fill, reason: str, share: float, rate: float
    ) -> Trade:
        """Book profit and fee of a part closed, and write its trade (M2.1, M4.2)."""
        lots = fill.lots
        gross_pnl = position.profit(fill.price, lots, rate)
        fees = position.entry_fee * share + fill.fee
        swap = position.swap * share
        net_pnl = gross_pnl - fees + swap
        worst, best = split_outcomes(position.turned_down, share)[0] or (net_pnl, net_pnl)
        risk = 0.0
        if position.initial_stop is not None:
            distance = abs(position.entry_price - position.initial_stop)
            risk = distance * lots * position.contract_size * rate
        against = position.profit(position.worst_price, lots, rate)
        favour = position.profit(position.best_price, lots, rate)
        trade = Trade.of(
            position,
            fill,
            reason,
            gross_pnl=gross_pnl,
            fees=fees,
            swap=swap,
            net_pnl=net_pnl,
            net_pnl_worst=min(worst, net_pnl),
            net_pnl_best=max(best, net_pnl),
            r_multiple=net_pnl / risk if risk > 0.0 else None,
            mae=min(0.0, against, gross_pnl),
            mfe=max(0.0, favour, gross_pnl),
        )
        self._book_profit(trade, position.sign * trade.units * trade.exit_price * rate)
        self.book_fee(fill)
        self.trades.append(trade)
        return trade

    def _book_profit(self, trade: Trade, paid: float) -> None:
        """Book the profit of a trade, of what a split leaves what is paid and what it had cost."""
        time, number, profit = trade.exit_time, trade.trade_id, trade.gross_pnl
        if trade.exit_reason == "split_cash":
            self.book(time, "split_cash", number, paid)
            profit -= paid
        kind = "delisting" if trade.exit_reason == "delisted" else "pnl"
        self.book(time, kind, number, profit)

    def mark(self, now: Moment, positions: Iterable[Position], *, values: bool) -> None:
        """Mark positions to the close of a bar, and what they are worth (M5, L1.7, M7)."""
        for position in positions:
            close = now.bar.exit_side(position.sign).close
            position.marked_price = close
            position.open_profit = position.profit(close, position.lots, now.rate)
            if values:
                position.value = abs(position.lots * position.contract_size * close * now.rate)

    def note(self, equity: float) -> None:
        """Note an equity inside the bar of the next row (M9)."""
        row = len(self.equity)
        if equity < self._lows.get(row, math.inf):  # not one that is no number
            self._lows[row] = equity

    def note_ruin(self, time: int) -> None:
        """Note the time of the ruin; of several the first (M8)."""
        if self._ruin is None:
            self._ruin = time

    @property
    def noted(self) -> Noted:
        """The least equity noted, the largest part of its peak that one was below it, the ruin.

        The peak is that of the rows before.
        """
        if not self._lows and self._ruin is None:
            return None
        peak, deepest = self.ledger[0].amount, 0.0
        for place, row in enumerate(self.equity):
            low = self._lows.get(place)
            if low is not None and peak > 0.0:
                deepest = max(deepest, (peak - low) / peak)
            peak = max(peak, row.equity)
        return min(self._lows.values(), default=math.inf), deepest, self._ruin

    def write_row(self, time: int, positions: Sequence[Position]) -> None:
        """Write the equity row of a bar (M5.1)."""
        profit = total(position.open_profit for position in positions)
        equity = self.balance + profit + self.receivable
        self.equity.append(EquityRow(time, self.balance, equity, len(positions)))

    def write_flat_rows(self, times: Sequence[int]) -> None:
        """Write the rows of bars before the first decision (L2)."""
        cash = self.ledger[0].amount
        self.equity += [EquityRow(time, cash, cash, 0) for time in times]

    def rewrite_last_row(self) -> None:
        """Write the last row again, after all was closed at its close (L4.1)."""
        self.write_row(self.equity.pop().time, [])
