"""What crosses to a backend: settings, the context of each symbol, callbacks, components, tables.

`omega._core` and `omega.reference` take the same values and give the same ones. The names of the
fields are those that the binding reads.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from omega._core import CandleStore, Indicator, Mask

ArrowLike: TypeAlias = Any
"""A table or column that exports Arrow (PyCapsule), or a frame of pandas or DuckDB."""
AnyForm: TypeAlias = Any
"""A strategy of any form: see `omega.run_backtest` and `omega.protocols`."""
Component: TypeAlias = Any
"""A component of the user's own, such as an executor; `omega.protocols` has what each can do."""
Callback: TypeAlias = Callable[..., Any]
"""A function of the user's; what it returns is checked when it is called."""
FeeCallback: TypeAlias = Callable[[str, float, float, float, float, bool, bool, int, int], float]
"""Takes the parts of a fill, from side to number of its order, in the order of `FeeBasis`."""
Progress: TypeAlias = Callable[[int, int], object]
"""Called with the steps done and the steps in all."""
Cooldowns: TypeAlias = tuple[int, int, int]
"""Bars after an entry; time after an entry and after an exit, in the unit of the time column."""
Noted: TypeAlias = tuple[float, float, int | None] | None
"""The lowest equity inside bars, the largest fall to one, and the time of the ruin."""
ManagerFields: TypeAlias = tuple[str, float | None, float | None, int | None, int | None]
"""A built-in position manager: its name, two numbers, a duration and a number of bars."""


class InstrumentFields(TypedDict):
    """Contract size, steps and margin rates of a symbol; the liquidation fee in percent."""

    contract_size: float
    tick_size: float | None
    pip_size: float | None
    volume_min: float | None
    volume_step: float | None
    volume_max: float | None
    margin_rate: float
    margin_per_lot: float | None
    maintenance_rate: float
    liquidation_fee: float


class CostFields(TypedDict):
    """Fees in account currency; slippage and swap in price, and in percent of it."""

    fee_per_million: float
    fee_per_lot: float
    fee_percent: float
    fee_fixed: float
    fee_maker: float
    fee_taker: float
    fee: FeeCallback | None
    fee_min: float
    entry_only: bool
    slippage: float
    slippage_random: float
    slippage_percent: float
    swap_long: float
    swap_short: float
    swap_long_percent: float
    swap_short_percent: float
    triple_day: int | None


class SymbolFields(TypedDict):
    """What is traded, what that costs, and which bars hold the end of a session (by open time).

    `impact` is by bar the part of the price that a fill of one unit moves it by (M13).
    """

    instrument: InstrumentFields
    costs: CostFields
    session_ends: NDArray[np.int64] | None
    impact: NDArray[np.float64] | None


class AccountFields(TypedDict):
    """What kind of account it is ("cash" or "margin"), and what is tested of it (M7 to M9)."""

    kind: str
    tests_margin: bool
    stops_at_ruin: bool


RateColumns: TypeAlias = tuple[list[int], list[float]]
"""Days, and the rate a year from each of them on; NaN where there is none."""
EventRow: TypeAlias = tuple[
    int, str, int, int | None, float | None, float | None, int | None, int | None
]
"""Symbol, kind, date, first bar, two numbers, when it is paid, and the symbol after it (A)."""
RollRow: TypeAlias = tuple[int, int, int, float, float, str, bool]
"""Symbol, time, bar, bid and ask of the old contract, what becomes of earlier prices, and whether
the same value is held afterwards (R3)."""
FundingRow: TypeAlias = tuple[int, int, int, float, float | None]
"""Bar, its open time, the time of the payment, its rate and the mark, where one is given (C3)."""


class EventFields(TypedDict):
    """Corporate actions, by symbol the intervals in which it was halted, and rolls (A, R)."""

    rows: Collection[EventRow]
    halts: Sequence[Sequence[tuple[int, int]]]
    rolls: Sequence[RollRow]


class CarryFields(TypedDict):
    """Interest, borrow fees and funding, booked daily; borrow and funding by symbol (C)."""

    cash: RateColumns | None
    debit: RateColumns | None
    days_of_year: float
    borrow: Sequence[RateColumns | None]
    rounds_collateral: bool
    funding: Sequence[Sequence[FundingRow]]


class ExecutionFields(TypedDict):
    """The rules of matching and the limits; times in the unit of the time column.

    `participation` is a share of the volume, whether of the bar before, and whether the rest is
    tried again. `sessions` are times of the day in UTC; `session_times` are begins and ends in
    turn, of each symbol, and empty where orders are taken at any time.
    """

    intrabar: str
    market_fill: str
    position_mode: str
    close_at_end: bool
    limit_improvement: bool
    participation: tuple[float, bool, bool] | None
    stop_out_level: float | None
    max_positions: int | None
    max_positions_per_symbol: int | None
    cooldown_bars: int
    cooldown_entry: int
    cooldown_exit: int
    sessions: Sequence[tuple[int, int]]
    session_times: Sequence[NDArray[np.int64]]
    blackouts: Sequence[tuple[int, int]]
    stale_after: int | None


class Settings(ExecutionFields):
    """All that a run needs beside data and strategy."""

    semantics: str
    account: AccountFields
    start: int | None
    end: int | None
    cash: float
    seed: int
    strict: bool
    align: str
    sizer: tuple[str, float]
    symbols: Sequence[SymbolFields]
    managers: Sequence[ManagerFields]
    member_times: Sequence[NDArray[np.int64]]
    events: EventFields | None
    carry: CarryFields | None


class SymbolContext(TypedDict):
    """What a symbol's candles are read with: the conversion rate and the finer candles.

    The rate is that of `rate_store` where there is one, divided by where it is `rate_inverse`.
    """

    rate: float
    rate_store: CandleStore | None
    rate_inverse: bool
    magnifier: CandleStore | None


class TimeframeFields(TypedDict):
    """A higher timeframe: a grid, or candles and when each is complete, of each symbol.

    A grid is step and offset, or boundaries. With both a grid and candles, these are what stands in
    place of those that the grid makes, which are complete when those are.
    """

    name: str
    grids: Sequence[tuple[int, int] | NDArray[np.int64]] | None
    given: Sequence[CandleStore | None]
    ends: Sequence[NDArray[np.int64]] | None


class ClockFields(TypedDict):
    """The days of a run (T4), and when bars of its symbols are complete (TF1).

    `starts` are where days begin, and one end, from the day with the number `first_day` on; None
    for those of UTC. By symbol, `dates` is whether its bars are dates, and `closes` when each bar
    is complete, where the data has it. `longest` is whether a bar may last longer than the
    shortest step.
    """

    starts: NDArray[np.int64] | None
    first_day: int
    dates: Sequence[bool]
    closes: Sequence[NDArray[np.int64] | None]
    longest: bool


LocalDays: TypeAlias = tuple[int, Sequence[int]]
"""The number of the first day of a calendar, and where days begin."""


class Callbacks(TypedDict):
    """What the loop calls; functions of a class are unbound, with their instance beside them."""

    on_bar: Callback | None
    triggers: Sequence[tuple[Callback, Mask]]
    on_fill: Callback | None
    on_exit: Callback | None
    instance: object | None
    manage: Callback | None


class CompiledFacts(TypedDict):
    """What is known of the code of a compiled class."""

    reads_equity: bool
    remembers: bool
    idle: int | None


class ForeignFields(TypedDict):
    """A strategy of another language: addresses of its functions, and what they read.

    `compiled` is there where the engine compiled them.
    """

    on_bar: int | None
    triggers: Sequence[tuple[int, Mask]]
    on_fill: int | None
    compiled: CompiledFacts | None
    context: int
    columns: Sequence[Indicator]
    keeps: object


class ScheduleFields(TypedDict):
    """Strategies that follow each other in one run, each made when it begins.

    `stages` are the first step of each, and its border ("keep", "cancel" or "flat"). `make` takes
    the place of a stage and returns its strategy: of the core, of another language, or callbacks;
    `kind` is one of ("core", "foreign" or "python"). `needs` are the complete bars that the first
    decision needs of each track. `disturbed` are whether entries and exits go out a step later, a
    seed, and the share of entries that are lost.
    """

    stages: Sequence[tuple[int, str]]
    make: Callable[[int], object]
    kind: str
    needs: Sequence[int]
    disturbed: tuple[bool, bool, int, float]


class Components(TypedDict):
    """What an engine adds to a run with Omega's own executor."""

    slices: Mapping[str, object]
    takes_slices: bool
    adapt: Callback | None
    cooldown: Cooldowns
    portfolio: Component | None


class ForeignComponents(TypedDict):
    """An engine with an executor of the user's own."""

    decide: Callback
    takes_slices: bool
    adapt: Callback | None
    slices: Mapping[str, object]
    executor: Component
    portfolio: Component
    manager: Callback | None
    cooldown: Cooldowns


@dataclasses.dataclass(frozen=True)
class SymbolSignals:
    """The signal columns of a symbol, by its place: masks, or columns of one value for each bar."""

    symbol: int
    entry: Mask | Indicator | None
    direction: Mask | Indicator | str | None
    exit: Mask | Indicator | None
    long_entry: Mask | Indicator | None
    long_exit: Mask | Indicator | None
    short_entry: Mask | Indicator | None
    short_exit: Mask | Indicator | None
    stop_loss: tuple[bool, Indicator] | None
    take_profit: tuple[bool, Indicator] | None
    size: Indicator | None


@dataclasses.dataclass(frozen=True)
class SignalColumns:
    """Signal columns over the candles of a run, those of each symbol that is traded."""

    symbols: Sequence[SymbolSignals]
    reverse: bool
    accumulate: bool
    warmup: int | None


class RuleFields(TypedDict):
    """How sizes follow from targets, as both backends read it (rules W2, W5, W7 and W9)."""

    size_at: str
    min_trade: float
    band: float
    max_turnover: float | None
    cash_buffer: float


class WeightFields(TypedDict):
    """Sets of target weights, one after the other in columns, and when they are acted on.

    `offsets` are the rows before each set, and in all; a weight of NaN leaves a symbol alone;
    `schedule` is None where changes decide.
    """

    times: NDArray[np.int64]
    offsets: NDArray[np.int64]
    symbols: NDArray[np.uint32]
    weights: NDArray[np.float64]
    schedule: NDArray[np.int64] | None
    missing: str
    rules: RuleFields


class ResultTables(Protocol):
    """What a backend returns: `omega._core.RunTables`, or anything that can do the same.

    Each table exports Arrow, with the columns of the page "Results".
    """

    @property
    def symbols(self) -> list[str]:
        """Names of the symbols, in store order."""

    @property
    def contract_sizes(self) -> list[float]:
        """Units in one lot, by symbol."""

    @property
    def unit(self) -> str:
        """Unit of the times: "s", "ms", "us" or "ns"."""

    @property
    def timezone(self) -> str | None:
        """Time zone in which times are shown."""

    @property
    def days(self) -> LocalDays | None:
        """The days that returns are of; None for those of UTC."""

    @property
    def first_decision(self) -> int | None:
        """Time of the first step at which the strategy could act."""

    @property
    def noted(self) -> Noted:
        """The least equity inside bars, and the deepest fall to one, where they were noted."""

    def trades(self) -> ArrowLike:
        """Closed trades."""

    def intervals(self) -> ArrowLike:
        """Worst and best net profit of each trade, row by row."""

    def orders(self) -> ArrowLike:
        """Orders."""

    def fills(self) -> ArrowLike:
        """Executions."""

    def equity(self) -> ArrowLike:
        """The equity curve."""

    def times(self) -> ArrowLike:
        """The times of the equity curve, without its other columns."""

    def ledger(self) -> ArrowLike:
        """Changes of the balance."""

    def positions(self) -> ArrowLike:
        """Positions still open."""

    def weights(self) -> ArrowLike:
        """What became of target weights."""

    def metrics(self) -> list[tuple[str, float | int | None]]:
        """Names and values, in order; times as integers in the unit."""

    def daily_returns(self) -> NDArray[np.float64] | None:
        """The return of each day; None where days have no return."""
        ...

    def fingerprint(self) -> str:
        """The hash of trades, orders and equity."""

    def first_broken_ledger_line(self) -> int | None:
        """The first ledger line whose amount doesn't lead to its balance."""


class RunReport(Protocol):
    """What a run counted and how long it took."""

    @property
    def bars_processed(self) -> int:
        """Steps walked."""

    @property
    def signals_generated(self) -> int:
        """Actions of the strategy."""

    @property
    def exits_triggered(self) -> int:
        """Positions, or parts of positions, closed."""

    @property
    def total_time_ms(self) -> float:
        """Time of the whole run."""

    @property
    def callback_time_ms(self) -> float:
        """The part of it spent in the strategy."""

    @property
    def start_index(self) -> int:
        """The first step."""
