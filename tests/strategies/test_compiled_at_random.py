"""Goal: whatever callback is written from the grammar, compiled and uncompiled are one.

`WRITTEN=2000 pytest tests/strategies/test_compiled_at_random.py` hunts longer.
"""

from __future__ import annotations

import linecache
import os
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import omega
from omega.errors import ConfigError
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import walk

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")

EXAMPLES = int(os.environ.get("WRITTEN", "25"))


def shown(candles: pl.DataFrame) -> pl.DataFrame:
    """The same in the night in which summer time begins, by the clock of a zone."""
    later = pl.col("time").dt.replace_time_zone("UTC") + timedelta(days=90)
    return candles.with_columns(later.dt.convert_time_zone("Europe/Berlin"))


DATA = {
    "one": walk(160, chunks=3),
    "several": {"AAA": walk(160, seed=4), "BBB": walk(160, seed=5, chunks=2)},
    "zone": shown(walk(160, seed=6)),
}

FLOATS = st.sampled_from(
    [
        *("bar.close", "bar.high", "bar.ask.low", "bar.bid.open", "bar.spread", "self.mean[-1]"),
        *("self.mean.ago(2)", "self.x", "self.seen[1]", "self.equity", "self.balance"),
        *("0.5", "-1.25", "1e-3", "y", "bar.ago(3).close", "bar.close_window(5).sum()"),
        *("np.mean(bar.high_window(9))", "np.std(self.mean.window(4))", "self.width"),
        *("bar.ask.close_window(6).max()", "(self.position.profit if self.position else -2.0)"),
        *("np.sum(w * w)", "(w - np.mean(w)).std()", "np.mean(w / bar.close)", "w[-1]"),
        *("np.max(np.abs(w - bar.low_window(6)))", "(self.seen * 2 - 1).sum()", "self.kin[-1]"),
        *("np.sum(w[1:] - w[:-1])", "np.min(-w)", "np.sum((w - 1.1) ** 2)", "max(self.kin)"),
        *("self.kin.pop()", "self.kin.pop(0)", "self.profit", "max(self.kin[-3:])", "np.mean(c)"),
        *("sum(self.low)", "sum(w)", "sorted(self.kin)[0]", "max(self.kin + self.low)"),
        *("(self.kin + [y])[-2]", "sorted(self.low + self.kin[:2])[-1]"),
        *("np.mean(self.kin[:4])", "self.kin[1:][0]", "np.sum(c * 0.5)", "(c / 3)[1]", "np.std(c)"),
    ]
)
INTS = st.sampled_from(
    [
        *("bar.index", "self.n", "m", "3", "-2", "0", "7", "len(self.positions)", "self.counts[2]"),
        *("bar.time.hour", "bar.time.day", "bar.time.weekday()", "bar.ago(2).time.minute"),
        *("len(self.kin)", "len(self.low)", "self.low[-1]", "np.sum(w > bar.close)", "self.events"),
        *("np.sum(c)", "np.max(c - m)", "c[-1]", "np.argmin(c * 7)", "len(self.low[1:4])"),
        *("self.low[-4:].count(m)", "min(self.low[:3])", "bar.time.toordinal()"),
        *("sum(self.low[:3])", "sorted(self.low)[-1]", "(self.low + [m, 3])[0]"),
        *("len(self.low + self.low[1:])", "sum(self.low + [m % 9])", "len(self.kin + [0.5])"),
        *("len(self.pending)", "(self.position.bars_held if self.position else 4)", "self.fast"),
    ]
)


def unary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A function, a sign or a choice around an expression."""
    form = st.sampled_from(
        [
            *("-({})", "abs({})", "float({})", "math.sqrt(abs({}))", "math.exp(min({}, 3))"),
            *("math.sin({})", "max({}, 0.25)", "min({}, 2, -1.5)", "({}) ** 2", "math.floor({})"),
            *("round({})", "int({})", "math.atan2({}, 0.5)", "abs({}) ** 0.5"),
        ]
    )
    return st.builds(lambda f, a: f.format(a), form, inner)


def binary(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """An operator between two expressions."""
    operator = st.sampled_from(["+", "-", "*", "/", "//", "%"])
    return st.builds("({} {} {})".format, inner, operator, inner)


EXPRESSIONS = st.recursive(FLOATS | INTS, lambda e: unary(e) | binary(e), max_leaves=5)
WHOLES = st.recursive(
    INTS,
    lambda e: (
        st.builds("({} {} {})".format, e, st.sampled_from("+-*%&|^"), e)
        | st.builds("({} // {})".format, e, e)
    ),
    max_leaves=3,
)
COMPARISONS = st.builds(
    "{} {} {}".format, EXPRESSIONS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), EXPRESSIONS
) | st.sampled_from(
    [
        *("self.position is None", "self.positions", "not self.truth", "self.kept is not None"),
        *("bar.index in (20, 40, 60)", "omega.crossover(self.mean, bar.close)", "self.position"),
        *("0 < self.n <= 9", "self.kin", "m in self.low", "np.any(w > bar.high)", "np.all(w != y)"),
        *("np.any(c == m)", "np.sum(c > y) > 1", "m in self.low[-3:]", "self.kin[2:]"),
        *(
            "bar.time.hour < bar.ago(5).time.hour",
            "bar.time > bar.ago(1).time",
            "bar.time.hour in (3, 9)",
            "self.low.count(m) > 1",
            "self.low == self.low[1:]",
            "self.kin < self.low",
            "self.low[-2:] >= [m, 2]",
            "self.kin + self.low != self.kin",
            "self.low[:1] > []",
            "m in self.low + [4]",
        ),
    ]
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda c: (
        st.builds("({} {} {})".format, c, st.sampled_from(["and", "or"]), c)
        | st.builds("not ({})".format, c)
    ),
    max_leaves=3,
)
ORDERS = st.sampled_from(
    [
        *("self.buy()", "self.sell(2)", "self.close()", "self.buy(stop_loss=bar.close * 0.999)"),
        *("self.n = self.buy(limit=bar.close - 0.0003, expires='day')", "self.cancel(self.n)"),
        "self.sell(stop=bar.low, trailing_stop=omega.Distance(0.001), reason='below')",
        "self.close(self.position, fraction=0.5)",
        "self.modify(self.n, stop_loss=None, price=bar.close)",
        "self.buy(1.5, take_profit=omega.Distance.percent(0.1), tags=('a',), oco='one')",
    ]
)
ASSIGNMENTS = st.one_of(
    st.builds("y = {}".format, EXPRESSIONS),
    st.builds("m = {}".format, WHOLES),
    st.builds("self.x {}= {}".format, st.sampled_from(["", "+", "-", "*"]), EXPRESSIONS),
    st.builds("self.n = ({}) % 1000".format, WHOLES),
    st.builds("self.truth = bool({})".format, CONDITIONS),
    st.builds("self.kept = {}".format, EXPRESSIONS | st.just("None")),
    st.builds("self.seen[({}) % 4] = {}".format, WHOLES, EXPRESSIONS),
    st.builds("self.counts[bar.index % 3] += {}".format, WHOLES),
    st.builds("self.kin.append({})".format, EXPRESSIONS),
    st.builds("self.low.append(({}) % 50)".format, WHOLES),
    st.builds("self.kin[-1] = {}".format, EXPRESSIONS),
    st.builds("w = w {} {}".format, st.sampled_from("+-*/"), EXPRESSIONS),
    st.builds("w = {} {} w".format, EXPRESSIONS, st.sampled_from("+-*")),
    st.builds("self.seen[:] = self.seen {} {}".format, st.sampled_from("+-*"), EXPRESSIONS),
    st.builds("c = c {} {}".format, st.sampled_from("+-*"), WHOLES),
    st.builds("self.counts[:] = {} {} self.counts".format, WHOLES, st.sampled_from("+-*")),
    st.sampled_from(["self.low.clear()", "del self.low[:-6]", "del self.kin[-2:]"]),
    st.sampled_from(["self.kin.extend(self.kin[-2:])", "self.low += (m % 7, 2)"]),
    st.sampled_from(["self.kin[:] = self.kin[-9:]", "self.low[:] = self.low[1:4]"]),
    st.sampled_from(["self.low[:] = sorted(self.low)", "self.kin[:] = self.kin + [y]"]),
    st.sampled_from(["self.kin += self.low[-2:] + [m]", "y = sum(self.low[-5:] + [m])"]),
    st.sampled_from(["del self.kin[0]", "self.counts[:] = -c", "c = np.abs(self.counts)"]),
)


def indented(lines: list[str]) -> list[str]:
    """Lines one step further in."""
    return [f"    {line}" for line in lines]


def blocks(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    """Statements around statements."""
    branch = st.builds(
        lambda c, a, b: [f"if {c}:", *indented(a), "else:", *indented(b)], CONDITIONS, inner, inner
    )
    loop = st.builds(
        lambda n, c, a: [
            f"for k in range({n}):",
            *indented([f"if {c}:", "    break", *a, "y = y + k"]),
        ],
        st.sampled_from(["3", "1, 6, 2", "5, 0, -1", "bar.index % 4"]),
        CONDITIONS,
        inner,
    )
    each = st.builds(
        lambda over, a: [over[0], *indented([over[1], *a])],
        st.sampled_from(
            [
                ("for one in self.positions:", "y += one.open_profit"),
                ("for v in w:", "y = v"),
                ("for v in self.kin[-3:]:", "y += v"),
                ("for n in c:", "m = n % 100"),
            ]
        ),
        inner,
    )
    return branch | loop | each


def flat(parts: list[list[str]]) -> list[str]:
    """All lines of some statements."""
    return [line for part in parts for line in part]


SIMPLE = (ASSIGNMENTS | ORDERS).map(lambda line: [line])
STATEMENTS = st.recursive(
    SIMPLE, lambda s: blocks(st.lists(s, min_size=1, max_size=2).map(flat)), max_leaves=5
)


BODIES = st.lists(STATEMENTS, min_size=1, max_size=4).map(flat)
HEADER = """
import math
import numpy as np
import omega

class Written(omega.Strategy):
    fast: int = 4
    width: float = 0.0021
    def init(self):
        self.mean = self.sma(self.fast)
        self.x, self.n, self.truth, self.kept = 1.5, 2, False, None
        self.seen, self.counts = np.zeros(4), np.zeros(3, np.int64)
        self.kin, self.low, self.profit, self.events = [1.25, -0.5], [], 0.0, 0
    @omega.compiled
    def on_fill(self, fill):
        self.profit, self.events = self.profit + fill.price * fill.lots, fill.index % 5
        if fill.side == "sell" and self.n > 4:
            self.n = self.buy(0.5, limit=fill.price * 0.999, expires="day")
    @omega.compiled
    def on_exit(self, trade):
        self.profit -= trade.net_pnl
        if trade.exit_reason == "stop_loss" and self.truth:
            self.sell(stop=trade.entry_price * 0.998)
    @omega.compiled
    def on_bar(self, bar):
        if bar.index < 12:
            return
        y, m, w, c = 0.5, 1, bar.close_window(6), self.counts + bar.index
"""


def written(body: list[str]) -> type[omega.Strategy]:
    """Make a class of a body, whose source can be read again."""
    text = HEADER + "\n".join(f"        {line}" for line in body) + "\n"
    name = f"<written {hash(text)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space: dict[str, Any] = {"__name__": "written"}
    exec(compile(text, name, "exec"), space)  # noqa: S102 - of the grammar above
    made: type[omega.Strategy] = space["Written"]
    return made


def outcome(
    kind: type[omega.Strategy], data: object, mode: str, *, compiled: bool = True
) -> object:
    """What a run gives: its fingerprint and its state, or its exception."""
    run: Any = omega.run_backtest
    try:
        made = run(data, kind(), execution=omega.Execution(position_mode=mode), compiled=compiled)
    except ConfigError as error:
        return "refused" if "omega.compiled:" in str(error) else repr(error)
    except Exception as error:  # noqa: BLE001 - an exception is an outcome
        return f"{error!r} {getattr(error, '__notes__', None)}"
    own = made.strategy
    arrays = (own.seen.tolist(), own.counts.tolist(), own.kin, own.low)
    state = (own.x, own.n, own.truth, own.kept, own.profit, own.events, *arrays)
    return made.fingerprint, repr(tuple(plain(one) for one in state))


def plain(given: object) -> object:
    """Numbers of NumPy as Python has them; a whole float reads as its number."""
    if isinstance(given, list):
        return [plain(one) for one in given]
    if isinstance(given, bool) or given is None:
        return given
    if hasattr(given, "item"):
        given = given.item()
    return float(given) if isinstance(given, (int, float)) else given


COUNTS = {"same": 0, "raised": 0, "refused": 0}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(BODIES, st.sampled_from(["hedging", "netting"]), st.sampled_from(sorted(DATA)))
@pytest.mark.filterwarnings("ignore:.*encountered in.*:RuntimeWarning")
def test_whatever_is_written(body: list[str], mode: str, place: str) -> None:
    kind, data = written(body), DATA[place]
    compiled = outcome(kind, data, mode)
    if compiled == "refused":  # Python knows more numbers, and kinds that change
        COUNTS["refused"] += 1
        return
    assert compiled == outcome(kind, data, mode, compiled=False), "\n".join(body)
    COUNTS["raised" if isinstance(compiled, str) else "same"] += 1


def test_most_of_what_is_written_is_compiled() -> None:
    total = sum(COUNTS.values())
    if total:
        assert COUNTS["refused"] < total / 3, COUNTS
        assert COUNTS["same"] > total / 6, COUNTS
