"""Components in Python get the same calls from both backends, in the same order."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omega
from tests.support.backends import BACKENDS
from tests.support.candles import rising
from tests.support.plain_components import PlainExecutor, PlainPortfolio

pytestmark = pytest.mark.skipif(len(BACKENDS) == 1, reason="there is no other backend")

SYMBOLS = ("AAA", "BBB", "CCC")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What happens at each call, by how often a component was called before."""

    symbols: dict[str, list[int]]
    """Which of the minutes each symbol has."""
    decides: list[tuple[str, str, bool]]
    """What the strategy wants: the kind of it, a symbol, and whether twice."""
    answers: list[bool | None]
    """The executor's answers to signals; None leaves it to the positions."""
    closes: dict[str, set[int]]
    """At which of its calls each component closes the oldest position by itself."""
    back: set[int]
    """At which calls a component sets the slices back."""
    limits: omega.Limits
    ends: bool


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = SYMBOLS[: draw(st.integers(1, 3))]
    minutes = st.lists(st.integers(0, 29), min_size=5, max_size=30, unique=True).map(sorted)
    kinds = ["none", "signal", "dict", "object", "nothing", "close", "close all", "modify"]
    decision = st.tuples(st.sampled_from(kinds), st.sampled_from(names), st.booleans())
    calls = st.sets(st.integers(0, 25), max_size=5)
    return Plan(
        symbols={name: draw(minutes) for name in names},
        decides=draw(st.lists(decision, min_size=1, max_size=40)),
        answers=draw(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5)),
        closes={who: draw(calls) for who in ("manager", "signal", "update")},
        back=draw(calls),
        limits=omega.Limits(
            cooldown_bars=draw(st.sampled_from([0, 0, 2])),
            cooldown_minutes=draw(st.sampled_from([0, 0, 3])),
            cooldown_after_exit_minutes=draw(st.sampled_from([0, 0, 4])),
        ),
        ends=draw(st.booleans()),
    )


class Components:
    """Strategy, manager, executor and portfolio of a plan; all that they see is written down."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.log = plan, []  # type: Any, list[Any]
        self.calls = dict.fromkeys(("decide", "manager", "signal", "update"), 0)
        self.portfolio = self._portfolio()
        self.executor = self._executor()
        self.position_manager = self

    def _turn(self, who: str) -> int:
        self.calls[who] += 1
        return self.calls[who] - 1

    def _shown(self, slices: Any) -> list[Any]:
        return [
            (name, own.index, len(own.series()), own.latest(None, "ask").close)
            if own.index >= 0
            else (name, own.index)
            for name, own in slices.items()
        ]

    def _shut(self, who: str, turn: int, time: int) -> None:
        if turn in self.plan.closes[who] and self.executor.open:
            self.executor.shut(who, time)

    def evaluate(self, index: int, slices: Any) -> Any:
        """Want what the plan has."""
        turn = self._turn("decide")
        self.log.append(("decide", index, *self._shown(slices)))
        kind, symbol, twice = self.plan.decides[turn % len(self.plan.decides)]
        level = slices[symbol].latest().close - 2.0 if slices[symbol].index >= 0 else 1.0
        fields = {"direction": "long", "symbol": symbol, "sl": level}
        wanted = {
            "none": None,
            "signal": omega.Signal("long", symbol=symbol, stop_loss=level),
            "dict": fields,
            "object": type("Mine", (), fields)(),
            "nothing": {"direction": "none"},
            "close": omega.Close(symbol=symbol),
            "close all": omega.Close(),
            "modify": omega.Modify(0, stop_loss=level),
        }[kind]
        return [wanted, wanted] if twice and wanted is not None else wanted

    def manage_positions(self, own: Any, slice_: Any, bid: Any, ask: Any, every: Any) -> Any:
        """Close, and set back."""
        turn = self._turn("manager")
        self.log.append(("manager", slice_.symbol, slice_.index, bid.index, ask.close,
                         [p.trade_id for p in own], len(every)))  # fmt: skip
        self._shut("manager", turn, bid.timestamp)
        if turn in self.plan.back:
            slice_.set_index(0)
        return omega.Close(symbol=slice_.symbol) if turn % 7 == 5 else None

    def _executor(self) -> Any:
        mine = self

        class Executor(PlainExecutor):
            def process_signal(self, signal: Any) -> Any:
                turn = mine._turn("signal")
                kind = type(signal).__name__
                mine.log.append(("signal", kind, getattr(signal, "symbol", None)))
                mine._shut("signal", turn, 0)
                answer = mine.plan.answers[turn % len(mine.plan.answers)]
                if answer is not False and kind != "Modify":
                    is_own = kind in ("Mine", "OlderSignal")
                    self.waiting.append(
                        omega.Signal("long", symbol=signal.symbol, stop_loss=signal.sl)
                        if is_own
                        else signal
                    )
                return answer

            def shut(self, who: str, time: int) -> None:
                self._leave(self.open[0], 1.0, who, time)

            def evaluate_exits(self, bid: Any, ask: Any) -> Any:
                mine.log.append(("exits", bid.symbol, bid.index, bid.timestamp, ask.open))
                return super().evaluate_exits(bid, ask)

        return Executor(self.portfolio, limits=self.plan.limits)

    def _portfolio(self) -> Any:
        mine = self

        class Portfolio(PlainPortfolio):
            def attach_engine(self, engine: Any) -> None:
                self.engine = engine

            def update(self, time: int) -> None:
                turn = mine._turn("update")
                mine.log.append(("update", time, *mine._shown(self.engine.slices)))
                mine._shut("update", turn, time)
                super().update(time)

        return Portfolio()


def told(plan: Plan, backend: str) -> tuple[Any, ...]:
    data = {name: rising(30)[minutes] for name, minutes in plan.symbols.items()}
    parts = Components(plan)
    if not plan.ends:
        # An executor without the method leaves everything open.
        parts.executor = _Without(parts.executor)
    made = omega.CrossSymbolEventEngine(
        data, parts, parts.executor, parts.portfolio, backend=backend
    )
    try:
        stats = made.run()
    except omega.OmegaError as error:
        return type(error), str(error), parts.log
    counts = (stats.bars_processed, stats.signals_generated, stats.exits_triggered)
    return counts, parts.log, parts.executor.trades, parts.portfolio.equity_curve


class _Without:
    """Hands everything on but `close_at_end`."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor

    def __getattr__(self, name: str) -> Any:
        if name == "close_at_end":
            raise AttributeError(name)
        return getattr(self._executor, name)


@given(plans())
def test_components_get_the_same_calls_from_both_backends(plan: Plan) -> None:
    first, second = (told(plan, backend) for backend in BACKENDS)
    assert first == second
