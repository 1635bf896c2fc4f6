"""The look-ahead check: what a strategy decides on a bar must not change with later bars.

The report names each column and each order that depends on bars still to come, and the first bar on
which it does. The page "Does my strategy look ahead?" describes the method.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from omega.config.sizers import FixedLots
from omega.config.values import counted, flag, nearest, taken, whole
from omega.contract import AnyForm, ArrowLike
from omega.data.store import CandleStore
from omega.data.timeframes import timeframe_jobs
from omega.errors import ConfigError, OmegaError, WarmupIndexNotFound
from omega.libraries import arguments_of, text_of
from omega.lookahead.columns import (
    Finding,
    Uncheckable,
    check_column,
    evenly,
    first_difference,
    floats,
    named,
    scattered,
)
from omega.lookahead.market import SEEN, Market, as_seen, moment_of, tables_before
from omega.lookahead.requests import Difference, first_changed
from omega.lookahead.tables import shown_early
from omega.lookahead.user_columns import future_values
from omega.results.result import notices_without_tables
from omega.run.backtest import run_backtest
from omega.run.candles import store_of_run
from omega.run.copying import copied
from omega.run.rolls import with_events
from omega.strategy.base import Strategy
from omega.strategy.expressions import Evaluation, observed
from omega.strategy.native import Native
from omega.strategy.requests import Request, requests_to
from omega.strategy.signal_columns import Signals

if TYPE_CHECKING:
    from omega.results.result import BacktestResult
    from omega.run.backtest import AnyStrategy

__all__ = ["LookaheadReport", "check_lookahead"]

_FACTORS = (1.5, 0.5)
"""What comes next is far above the last price, then far below it."""

_LEVELS = ("price", "stop_loss", "take_profit")
_WITHOUT_LOTS = ("rejected", "working")
_BY_THE_STRATEGY = "raised by the strategy"


@dataclass(frozen=True, repr=False)
class LookaheadReport:
    """What a strategy knew too early, and what could not be checked.

    Attributes:
        findings: One row for each column, order or error that depends on later bars: kind, name,
            symbol, timeframe, bar, time, value, value_then, bars_ahead.
        unchecked: Sentences about what could not be checked, and why.
        bars: Bars that the strategy was called on.
        columns: Columns that were compared.
        prefixes: Runs over the first bars with a made-up bar after them.

    Example:
        >>> import omega, polars as pl
        >>> from datetime import datetime
        >>> quotes = pl.DataFrame({
        ...     "time": [datetime(2024, 1, day) for day in range(1, 7)],
        ...     "bid": [1.0, 3.0, 2.0, 4.0, 3.0, 5.0], "ask": [1.0, 3.0, 2.0, 4.0, 3.0, 5.0],
        ... })
        >>> tomorrow = omega.Signals(entry=pl.col("close").shift(-1) > pl.col("close"))
        >>> report = omega.check_lookahead(tomorrow, quotes)
        >>> report.clean, report.findings["bars_ahead"].to_list()[0]
        (False, 1)
    """

    findings: pl.DataFrame
    unchecked: tuple[str, ...]
    bars: int
    columns: int
    prefixes: int

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return self.findings.is_empty()

    def __bool__(self) -> bool:
        """Refuse to be taken for its answer, which could be read either way."""
        raise TypeError("a LookaheadReport is neither true nor false; ask report.clean")

    def __repr__(self) -> str:
        """Everything that was found, a line each."""
        looked = (
            f"{counted(self.bars, 'bar')}, {counted(self.columns, 'column')} compared, "
            f"{counted(self.prefixes, 'run')} over the first bars"
        )
        found = len(self.findings)
        headline = "nothing looks ahead" if self.clean else counted(found, "finding")
        lines = [f"LookaheadReport: {headline} ({looked})"]
        lines += [f"  {_sentence(row)}" for row in self.findings.iter_rows(named=True)]
        lines += [f"  not checked: {sentence}" for sentence in self.unchecked]
        return "\n".join(lines)


def check_lookahead(
    strategy: AnyStrategy | Callable[[Any], Any],
    data: ArrowLike,
    *,
    exhaustive: bool = False,
    prefixes: int = 8,
    build: bool = False,
    **settings: Any,  # noqa: ANN401 - as run_backtest
) -> LookaheadReport:
    """Look for decisions that depend on bars which were still to come.

    Columns that the strategy declares (expressions, functions, signal columns, conditions) are
    computed again over the first bars alone and compared with the same over all. Then the strategy
    is run over the first bars followed by a made-up bar, far above and far below the last price,
    and its orders are compared. So a single bar of the future is enough to be seen.

    Args:
        strategy: As for `run_backtest`; or, with `build`, a function that makes it.
        data: As for `run_backtest`.
        exhaustive: Whether every prefix is checked; else some are, around decisions and all over
            the data, always the same ones. It takes as many runs as there are bars.
        prefixes: Lengths of which runs are made, where not all are.
        build: Whether `strategy` is a function of the candles that makes the strategy, for columns
            that are made before a run, as by a join. It is called with a Polars frame that has
            `time`, `open` to `ask_close` and `volume` (of several symbols with a frame for each),
            and returns a strategy, or a mapping of settings of `run_backtest` with "strategy", and
            with "data" where columns stand beside the candles.
        settings: Of `run_backtest`, such as `timeframes`, `when`, `start` or `instruments`.

    Returns:
        The report; `report.clean` is the answer.

    Raises:
        ConfigError: A setting is unknown, or strategy and data have changed places.
        OmegaError: The run over all bars is refused, with the reason of `run_backtest`.

    Example:
        >>> import omega, polars as pl
        >>> from datetime import datetime
        >>> quotes = pl.DataFrame({
        ...     "time": [datetime(2024, 1, day) for day in range(1, 7)],
        ...     "bid": [1.0, 3.0, 2.0, 4.0, 3.0, 5.0], "ask": [1.0, 3.0, 2.0, 4.0, 3.0, 5.0],
        ... })
        >>> class Momentum(omega.Strategy):
        ...     def on_bar(self, bar):
        ...         if bar.index > 0 and bar.close > bar.ago(1).close and self.position is None:
        ...             self.buy()
        >>> check_lookahead(Momentum, quotes).clean
        True
    """
    with arguments_of("check_lookahead"):
        taken("prefixes", prefixes, whole(minimum=1))
        taken("exhaustive", exhaustive, flag)
        taken("build", build, flag)
        kind = data if isinstance(data, type) else type(data)
        if issubclass(kind, (Strategy, Signals, Native)):
            raise ConfigError(
                f"check_lookahead: given {kind.__name__} as the data, expected check_lookahead("
                "strategy, data): other than in run_backtest, the strategy comes first"
            )
        _refuse_unknown(settings)
        lengths = None if exhaustive else prefixes
    return _Check(strategy, data, build=build, settings=settings).report(lengths)


@dataclass(frozen=True)
class _Seen:
    """What a run showed: its orders, its steps, its columns."""

    orders: pl.DataFrame
    steps: NDArray[np.int64]
    columns: list[Evaluation]
    timeframes: Any
    managed: bool
    """Whether managers act at the end of each step, on the made-up bar as well."""
    requests: Sequence[Request] | None
    """What a strategy in Python requested, in order."""


class _Check:
    """A strategy and its candles, which may be run without the later ones."""

    def __init__(
        self,
        strategy: AnyForm,
        data: ArrowLike,
        *,
        build: bool,
        settings: dict[str, Any],
    ) -> None:
        self.strategy, self.build = strategy, build
        symbol, validate = settings.pop("symbol", None), settings.pop("validate", "error")
        instruments, cast = settings.get("instruments"), settings.pop("cast", False)
        store = store_of_run(data, symbol, validate, instruments, cast=cast)
        if store.rolls:
            settings["events"] = with_events(settings.get("events"), store.rolls)
        store.require_valid()
        for name in ("start", "end"):
            settings[name] = moment_of(settings.get(name), store.time_unit)
        progress = settings.pop("progress", False)
        self.progress = progress if callable(progress) else None
        self.settings = settings
        self.market = Market(store)
        self.unchecked: dict[str, None] = {}

    def report(self, prefixes: int | None) -> LookaheadReport:
        """Compare columns, then decisions."""
        whole = self.run(None)
        decisions = self._decisions(whole)
        found, compared = self._columns(whole, decisions, exhaustive=prefixes is None)
        found += self._tables(whole)
        steps = range(len(whole.steps)) if prefixes is None else _chosen(decisions, whole, prefixes)
        by_runs, runs = self._decided(whole, list(steps))
        known = {one.name for one in found}
        found += [one for one in by_runs if one.name not in known]
        return LookaheadReport(
            findings=_table(found, self.market.frames[self.market.first].schema["time"]),
            unchecked=tuple(self.unchecked),
            bars=len(whole.steps),
            columns=compared,
            prefixes=runs,
        )

    def run(self, time: int | None, factor: float = 1.0) -> _Seen:
        """Run over all candles, or over those before a step and a made-up bar at it."""
        market = self.market
        store = market.whole() if time is None else market.before(time, factor)
        columns: list[Evaluation] = []

        def keep(evaluation: Evaluation) -> pl.Series:
            if time is not None and not self.build:
                # What was made before the run is as long as all candles are.
                evaluation = replace(
                    evaluation, values=evaluation.values.head(evaluation.candles.height)
                )
            columns.append(evaluation)
            return evaluation.values

        requests: list[Request] = []
        with observed(keep), requests_to(requests.append):
            given = {**self.settings, "data": store, **self._made(store)}
            given["timeframes"] = tables_before(given.get("timeframes", ()), time)
            if not isinstance(given["data"], CandleStore):  # made by the user's function
                given["validate"] = "off"
            result: BacktestResult = run_backtest(**given)
        of_run = notices_without_tables(result)  # those of its tables would take as long as the run
        self.unchecked |= {one.text: None for one in of_run if one.kind == "uncompiled"}
        times = result.equity["time"]
        first = times.search_sorted(result.metrics["first_decision"])
        steps = times[first:].to_physical().to_numpy()
        own = getattr(result.strategy, "position_manager", None)
        stated = given.get("position_manager")
        managed = bool(own if stated is None else stated)
        in_python = not isinstance(result.strategy, (Signals, Native))
        # After the last step it hears of fills and exits, and what it requests comes too late.
        heard = requests[: result.stats.signals_generated] if in_python else None
        return _Seen(result.orders, steps, columns, given["timeframes"], managed, heard)

    def _made(self, store: CandleStore) -> dict[str, Any]:
        """Return the strategy, which each run copies (rule D4), and what was made beside it."""
        if not self.build:
            # A copy, as nothing is to be noted on an object that was only looked at.
            is_own = isinstance(self.strategy, Strategy)
            return {"strategy": copied(self.strategy, None)[0] if is_own else self.strategy}
        made = self.strategy(as_seen(store))
        given = dict(made) if isinstance(made, Mapping) and "strategy" in made else None
        _refuse_unknown(given or {})
        return given or {"strategy": made}

    def _decisions(self, whole: _Seen) -> list[int]:
        """Return the steps at which something was ordered."""
        times = whole.orders["submitted_time"].to_physical().unique().sort()
        steps = whole.steps.searchsorted(times.to_numpy())
        return sorted({min(int(step), len(whole.steps) - 1) for step in steps})

    def _columns(
        self, whole: _Seen, decisions: Sequence[int], *, exhaustive: bool
    ) -> tuple[list[Finding], int]:
        """Compare each declared column; those of a strategy that is built are compared by runs."""
        if self.build:
            return [], len(whole.columns)
        first, found = self.market.first, []
        known = [self.market.newest_before(first, int(whole.steps[step]))[0] for step in decisions]
        several = {(named(one), one.timeframe, one.symbol): one for one in whole.columns}
        for column in several.values():
            found += self._of_the_data(column)
            of_interest = known if column.timeframe is None else []
            try:
                finding = check_column(column, first, of_interest, exhaustive=exhaustive)
            except Uncheckable as error:
                hint = "Give a function that makes it, and build=True"
                self.unchecked[f"column {named(column)}: {error}. {hint}"] = None
                continue
            if finding is not None:
                found.append(finding)
        return found, len(several)

    def _tables(self, whole: _Seen) -> list[Finding]:
        """Look at the bars of tables that were given."""
        stores = list(self.market.stores.values())
        is_first = self.settings.get("semantics") == 1
        jobs = timeframe_jobs(whole.timeframes, stores, longest_counts=not is_first)
        found = [
            shown_early(job.name, store, job.given[store.symbols[0]], ends)
            for job in jobs
            if job.given is not None and job.ends is not None
            for store, ends in zip(stores, job.ends, strict=True)
        ]
        return [one for one in found if one is not None]

    def _of_the_data(self, column: Evaluation) -> list[Finding]:
        """Look at the columns of the user's own that a column reads; each is named once."""
        own = [name for name in column.expression.meta.root_names() if name not in SEEN]
        symbol, found = column.symbol or self.market.first, []
        for name in own:
            values = future_values(column.candles, name)
            place = (symbol, column.timeframe)
            if values is not None:
                moment, then = column.candles["time"][values.bar], "not known yet"
                words = f"{name}: it holds {values.what}"
                value = f"{values.value:.10g}"
                found.append(
                    Finding("data", words, *place, values.bar, moment, value, then, values.ahead)
                )
                continue
            self.unchecked[
                f"column {named(column)}: it reads {name!r} of the data, and how that was made "
                "cannot be seen. If it was computed from the candles, do so in a function and "
                "pass build=True"
            ] = None
        return found

    def _decided(self, whole: _Seen, steps: Sequence[int]) -> tuple[list[Finding], int]:
        """Run over prefixes until one decides otherwise."""
        for done, step in enumerate(steps):
            time = int(whole.steps[step])
            for factor in _FACTORS:
                found = self._decided_before(whole, time, factor)
                if found and self._repeats(whole):
                    return found, len(_FACTORS) * (done + 1)
                if found:
                    return [], len(_FACTORS) * (done + 1)
            if self.progress is not None:
                self.progress(done + 1, len(steps))
        return [], len(_FACTORS) * len(steps)

    def _decided_before(self, whole: _Seen, time: int, factor: float) -> list[Finding]:
        """Compare what is decided up to a step with what all bars gave."""
        try:
            part = self.run(time, factor)
        except WarmupIndexNotFound:
            return []
        except Exception as error:  # noqa: BLE001 - that it fails is the finding
            notes = " ".join(getattr(error, "__notes__", []))
            if isinstance(error, OmegaError) or _BY_THE_STRATEGY not in notes:
                what = "decisions over the first bars: a run over them fails"
                self.unchecked[f"{what}: {text_of(error)}"] = None
                return []
            bar, moment = self.market.newest_before(self.market.first, time)
            name, then = type(error).__name__, f"{type(error).__name__}: {text_of(error)}"
            place = (self.market.first, None, bar, moment)
            return [Finding("error", name, *place, "no error", then)]
        found = self._changed_columns(whole, part, time) if self.build else []
        order = self._changed_order(whole, part, time)
        return found if order is None else [*found, order]

    def _changed_columns(self, whole: _Seen, part: _Seen, time: int) -> list[Finding]:
        """Compare the columns of two runs row by row, up to a step."""
        found = []
        for ours, theirs in zip(whole.columns, part.columns, strict=False):
            known = int(theirs.candles["time"].to_physical().search_sorted(time))
            known -= ours.timeframe is not None  # the last of these may not be complete
            here, there = (floats(one.values.head(max(known, 0))) for one in (ours, theirs))
            row = first_difference(here, there)
            if row is not None:
                symbol, moment = ours.symbol or self.market.first, ours.candles["time"][row]
                place = (symbol, ours.timeframe, row, moment)
                values = f"{here[row]:.10g}", f"{there[row]:.10g}"
                found.append(Finding("column", ours.name, *place, *values))
        return found

    def _changed_order(self, whole: _Seen, part: _Seen, time: int) -> Finding | None:
        """Find the first order that is another one without later bars."""
        last = pl.col("submitted_time").to_physical()
        # Quotes may repeat a time, and then the step at hand is one of several.
        is_repeated = np.count_nonzero(whole.steps == time) > 1
        if whole.requests is not None and part.requests is not None:
            surely = whole.orders.filter(last < time if is_repeated else last <= time)
            later = whole.orders.filter(last > time)
            changed = first_changed(
                whole.requests, part.requests, surely["order_id"], later["order_id"]
            )
            return None if changed is None else self._found(changed, whole.orders, time)
        until = last < time if whole.managed or is_repeated else last <= time
        ours, theirs = (_rows_of(one.orders.filter(until)) for one in (whole, part))
        for here, there in zip_longest(ours, theirs):
            pair = [one for one in (here, there) if one is not None]
            sized = self._sized() and all(one["status"] not in _WITHOUT_LOTS for one in pair)
            values = _words(here, sized=sized), _words(there, sized=sized)
            if values[0] == values[1]:
                continue
            symbol, order = str(pair[0]["symbol"]), f"{pair[0]['type']} {pair[0]['side']}"
            bar, moment = self.market.newest_before(symbol, pair[0]["submitted_time"])
            return Finding("order", order, symbol, None, bar, moment, *values)
        return None

    def _found(self, changed: Difference, orders: pl.DataFrame, time: int) -> Finding:
        """Return where the request is that differs without later bars."""
        symbol = changed.symbol or self.market.first
        row = orders.filter(pl.col("order_id") == changed.number)
        at = row["submitted_time"].to_physical()
        bar, moment = self.market.newest_before(symbol, at[0] if at.len() else time)
        return Finding("order", changed.name, symbol, None, bar, moment, *changed.values)

    def _sized(self) -> bool:
        """Whether sizes are the strategy's own: sizers may look at the price of the fill."""
        return isinstance(self.settings.get("sizer"), (FixedLots, type(None)))

    def _repeats(self, whole: _Seen) -> bool:
        """Whether the same candles give the same orders again."""
        again = self.run(None)
        if again.orders.equals(whole.orders):
            return True
        self.unchecked[
            "decisions: two runs over the same candles decide differently. The strategy keeps "
            "something between runs, or draws random numbers; set it up anew in init()"
        ] = None
        return False


def _rows_of(orders: pl.DataFrame) -> list[dict[str, Any]]:
    return orders.with_columns(pl.col("submitted_time").to_physical()).to_dicts()


def _words(order: Mapping[str, Any] | None, *, sized: bool) -> str:
    """Write down what was requested; where the sizer decides on lots they are left out."""
    if order is None:
        return "nothing"
    parts = [f"{order['type']} {order['side']} {order['symbol']}"]
    levels = ("lots", *_LEVELS) if sized else _LEVELS
    parts += [f"{name} {order[name]:.10g}" for name in levels if order[name] is not None]
    return ", ".join(parts)


def _chosen(decisions: Sequence[int], whole: _Seen, prefixes: int) -> list[int]:
    """Choose steps: most of them with decisions, the others all over the run."""
    if prefixes >= len(whole.steps):
        return list(range(len(whole.steps)))
    several = list(evenly(decisions, max(prefixes * 3 // 4, 1)))
    rest = scattered(len(whole.steps), max(prefixes - len(several), 0))
    return sorted({*several, *rest})


def _refuse_unknown(settings: Mapping[str, Any]) -> None:
    known = list(inspect.signature(run_backtest).parameters)
    for name in settings:
        if name not in known:
            raise ConfigError(f"check_lookahead has no {name!r}. {nearest(name, known)}")


def _table(found: Sequence[Finding], moment: pl.DataType) -> pl.DataFrame:
    kinds = {"bar": pl.UInt32(), "time": moment, "bars_ahead": pl.UInt32()}
    schema = {field.name: kinds.get(field.name, pl.String()) for field in fields(Finding)}
    rows = [{field.name: getattr(one, field.name) for field in fields(Finding)} for one in found]
    return pl.DataFrame(rows, schema=schema)


def _sentence(row: Mapping[str, Any]) -> str:
    """Write a finding out."""
    place = f"bar {row['bar']:,} ({row['time']}) of {row['symbol']}"
    place += f" {row['timeframe']}" if row["timeframe"] else ""
    ahead = row["bars_ahead"]
    far = "" if ahead is None else f"; it takes {counted(ahead, 'later bar')}"
    if row["kind"] == "column" and ahead is None:
        far = "; it changes with all bars that follow"
    changed = f"{row['value']} with later bars, {row['value_then']} without"
    return f"{row['kind']} {row['name']}: on {place}: {changed}{far}"
