"""nautilus_trader: an event loop in Rust and Cython, a strategy called once a bar.

It has no fill at the next open: an order fills at the close of the bar that it was sent on. In this
series that is the same price.
"""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.events import PositionClosed
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from benchmarks.compare.measure import CASH, FAST, MINUTE, SLOW, Answer, Bars, measure

VENUE = Venue("SIM")
DIGITS = 9  # of 1/512
INSTRUMENT = Equity(
    InstrumentId(Symbol("SYMBOL"), VENUE),
    Symbol("SYMBOL"),
    USD,
    price_precision=DIGITS,
    price_increment=Price(1 / 512, DIGITS),
    lot_size=Quantity.from_int(1),
    ts_event=0,
    ts_init=0,
    margin_init=Decimal(0),
    margin_maint=Decimal(0),
)
BARS = BarType.from_str(f"{INSTRUMENT.id}-1-MINUTE-LAST-EXTERNAL")


class SmaCross(Strategy):
    """Reverse where the averages of the close cross."""

    def __init__(self) -> None:
        super().__init__()
        self.fast, self.slow = SimpleMovingAverage(FAST), SimpleMovingAverage(SLOW)
        self.above: bool | None = None
        self.profits: list[float] = []
        self.opened = False

    def on_start(self) -> None:
        """Ask for the bars, and have the averages follow them."""
        self.register_indicator_for_bars(BARS, self.fast)
        self.register_indicator_for_bars(BARS, self.slow)
        self.subscribe_bars(BARS)

    def on_bar(self, _bar: Bar) -> None:
        """Turn to the side of the faster average."""
        if not self.slow.initialized:
            return
        above = self.fast.value > self.slow.value
        if self.above is not None and above != self.above:
            self.turn(OrderSide.BUY if above else OrderSide.SELL)
        self.above = above

    def turn(self, side: OrderSide) -> None:
        """Close what is open and open the other way, with one order."""
        size = Quantity.from_int(2 if self.opened else 1)
        self.submit_order(self.order_factory.market(INSTRUMENT.id, side, size))
        self.opened = True

    def on_position_closed(self, event: PositionClosed) -> None:
        """Keep what the position has brought; the engine's own figure is rounded to cents."""
        side = 1 if event.entry == OrderSide.BUY else -1
        self.profits.append((event.avg_px_close - event.avg_px_open) * side)


def load(bars: Bars) -> list[Bar]:
    """Make an object of each bar."""
    one = Quantity.from_int(1_000_000)
    closes = (bars.times() + MINUTE).tolist()
    columns = (column.tolist() for column in (bars.open, bars.high, bars.low, bars.close))
    return [
        Bar(BARS, *(Price(price, DIGITS) for price in prices), one, time, time)
        for time, *prices in zip(closes, *columns, strict=True)
    ]


def run(bars: list[Bar]) -> list[float]:
    """Trade, and give the profits."""
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.MARGIN, [Money(CASH, USD)], USD)
    engine.add_instrument(INSTRUMENT)
    engine.add_data(bars)
    strategy = SmaCross()
    engine.add_strategy(strategy)
    engine.run()
    engine.dispose()
    return strategy.profits


if __name__ == "__main__":
    measure("nautilus_trader", load, run, Answer.of)
