"""One strategy with everything that a result can depend on, and changes of one thing at a time.

As a program it prints the key of each change as JSON; with `backwards` the changes are made in the
opposite order, and so are the modules imported.
"""

from __future__ import annotations

import hashlib
import json
import sys
from types import ModuleType
from typing import Any

from omega.keys import key_of

HELPERS = """
import numpy as np

from . import far

WEIGHT = 3
TABLE = {"a": 1, "b": 2}
UNUSED = 4
registry = {}


def mean(values):
    return np.mean(values) * WEIGHT + far.deep(values)


def unused(values):
    return values


def register(name):
    def decorate(function):
        registry[name] = function
        return function
    return decorate


class Base:
    shared = 5

    def inherited(self, value):
        return value + 6


class Meta(type):
    def made(cls):
        return 7
"""
FAR = """
OFFSET = 8


def deep(values):
    return values[0] + OFFSET
"""
STRATEGIES = '''
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import itertools
import logging
import math
import operator
import pathlib
import re
import types
import zoneinfo
from random import random

import numpy as np
import polars as pl

import omega
from omega.config.managers import TimeExit
from pack import far, helpers
from pack.helpers import Base, mean

log = logging.getLogger(__name__)
LOOKBACK = 10
HUGE = 2**53 + 2
NUMBER = 1.0
ZERO = 0.0
NOT_A_NUMBER = math.nan
COMPLEX = 1 + 2j
WORDS = {"b", "a", "c"}
FROZEN = frozenset({1, 2})
ORDERED = {"x": 1, "y": 2}
NESTED = {"list": [1, (2, 3), {"deep": [4]}]}
BYTES = b"abc"
MUTABLE = bytearray(b"abc")
ARRAY = np.array([1.0, 2.0, math.nan])
TYPED = np.array([1, 2], dtype=np.int32)
OBJECTS = np.array([1, "a", None], dtype=object)
SCALAR = np.float64(0.5)
FRAME = pl.DataFrame({"a": [1.0, None], "b": ["x", "y"]})
SERIES = pl.Series("s", [1, 2])
LAZY = pl.LazyFrame({"a": [1]})
EXPRESSION = pl.col("close").rolling_mean(20)
COMPILED = pl.col("close").map_batches(lambda column: column * 9)
MOMENT = datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
SPAN = datetime.timedelta(days=1)
EXACT = decimal.Decimal("1.10")
PART = fractions.Fraction(1, 3)
PATTERN = re.compile("a+")
PLACE = pathlib.PurePosixPath("/a/b")
QUEUE = collections.deque([1, 2], maxlen=5)
DEFAULTS = collections.defaultdict(int, {"a": 1})
NAMES = types.SimpleNamespace(a=1)
GETTER = operator.itemgetter(1)
RANGE = range(3)
SHARED = [[0]] * 2
CYCLE = [1]
CYCLE.append(CYCLE)
MAPPING = types.MappingProxyType({"a": 1})
BOUND = "a,b".split
UPPER = str.upper
ROOT = math.sqrt
POWER = functools.partial(pow, 2, mod=5)
COUNT = itertools.count(3)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Flags(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass
class Point:
    x: int = 1
    y: list = dataclasses.field(default_factory=list)
    hidden: int = dataclasses.field(default=2, repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    x: int = 1


Pair = collections.namedtuple("Pair", "a b", defaults=(1, 2))


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held):
        self.held = held


class OwnList(list):
    pass


class Told:
    """A value with a state of its own."""

    def __init__(self):
        self.log = open

    def __getstate__(self):
        return {"state": 1}


POINT, FROZE, PAIR, SLOTTED = Point(1, [2], 3), Frozen(2), Pair(1), Slotted(4)
OWN, TOLD, COLOR, FLAG = OwnList([1]), Told(), Color.RED, Flags.A | Flags.B


def outer(factor):
    scale = 11
    hold = {"state": 12}

    def inner(value):
        return value * factor * scale + len(hold)

    return inner


def decorated(number):
    def decorate(function):
        @functools.wraps(function)
        def wrapped(*given):
            return function(*given) + number
        return wrapped
    return decorate


@decorated(13)
def wrapped(value):
    return value + 14


@functools.lru_cache(maxsize=15)
def cached(value):
    return value + 16


@functools.singledispatch
def dispatched(value):
    return 17


@dispatched.register
def _(value: int):
    return 18


def recursive(value):
    return 0 if value == 0 else other(value - 1)


def other(value):
    return recursive(value) + 19


def optional(value, plus=20, *, named=21):
    return value + plus + named


def imports(value):
    import pack.late
    from pack.later import constant

    return pack.late.called(value) + constant


def dynamic(name):
    return getattr(far, name)


def unreached(value):
    return value


inner = outer(22)
pair = [lambda value: value + 23, lambda value: value + 24]


class Mixin:
    def mixed(self):
        return 25


class Descriptor:
    def __get__(self, instance, owner):
        return 26


class Parent(Mixin, Base, metaclass=type("Combined", (helpers.Meta, type(omega.Strategy)), {})):
    level = 27

    def above(self):
        return self.level


class Cross(Parent, omega.Strategy):
    fast: int = 3
    slow: float = 4.0
    plain = [28]
    described = Descriptor()
    manager = TimeExit(bars=29)
    position_manager = manager

    def init(self):
        self.mean = self.sma(self.fast)

    @property
    def shown(self):
        return 30

    @shown.setter
    def shown(self, value):
        self.value = value + 31

    @classmethod
    def of_class(cls):
        return 32

    @staticmethod
    def static():
        return 33

    @functools.cached_property
    def kept(self):
        return 34

    @functools.partialmethod
    def partial(self):
        return 35

    @omega.when(lambda self: self.mean > 36)
    def on_bar(self, bar):
        # a comment
        values = (LOOKBACK, HUGE, NUMBER, ZERO, NOT_A_NUMBER, COMPLEX, WORDS, FROZEN, ORDERED)
        more = (NESTED, BYTES, MUTABLE, ARRAY, TYPED, OBJECTS, SCALAR, FRAME, SERIES, LAZY)
        again = (EXPRESSION, COMPILED, MOMENT, SPAN, EXACT, PART, PATTERN, PLACE, QUEUE, DEFAULTS)
        further = (NAMES, GETTER, RANGE, SHARED, CYCLE, MAPPING, BOUND, UPPER, ROOT, POWER, COUNT)
        objects = (POINT, FROZE, PAIR, SLOTTED, OWN, TOLD, COLOR, FLAG)
        calls = (inner, wrapped, cached, dispatched, recursive, optional, imports, dynamic, pair)
        log.debug("seen")
        for value in (values, more, again, further, objects, calls):
            if value and random() < 37 and mean([helpers.TABLE["a"]]):
                self.buy(38 if bar.close in {39, 40} else 41)
        return [super().above() for _ in range(42)]


def make():
    return Cross(fast=3)
'''
LATE = """
AWAY = 43


def called(value):
    return value + AWAY
"""
LATER = """
constant = 44
"""
SOURCES = {
    "pack": "",
    "pack.far": FAR,
    "pack.helpers": HELPERS,
    "pack.late": LATE,
    "pack.later": LATER,
    "strategies": STRATEGIES,
}

S, H = "strategies", "pack.helpers"
OTHER: dict[str, tuple[str, str, str]] = {
    "a global number": (S, "LOOKBACK = 10", "LOOKBACK = 11"),
    "an integer beyond floats": (S, "HUGE = 2**53 + 2", "HUGE = 2**53 + 3"),
    "an integer for a float": (S, "NUMBER = 1.0", "NUMBER = 1"),
    "a truth for a float": (S, "NUMBER = 1.0", "NUMBER = True"),
    "the sign of zero": (S, "ZERO = 0.0", "ZERO = -0.0"),
    "NaN": (S, "NOT_A_NUMBER = math.nan", "NOT_A_NUMBER = math.inf"),
    "a complex number": (S, "1 + 2j", "1 - 2j"),
    "a set": (S, '{"b", "a", "c"}', '{"b", "a", "d"}'),
    "a frozen set": (S, "frozenset({1, 2})", "frozenset({1, 3})"),
    "the order of a dict": (S, '{"x": 1, "y": 2}', '{"y": 2, "x": 1}'),
    "deep in containers": (S, '"deep": [4]', '"deep": [5]'),
    "a tuple for a list": (S, "[1, (2, 3)", "[1, [2, 3]"),
    "bytes": (S, 'BYTES = b"abc"', 'BYTES = b"abd"'),
    "bytes that change": (S, 'bytearray(b"abc")', 'bytearray(b"abd")'),
    "an array": (S, "[1.0, 2.0, math.nan]", "[1.0, 2.5, math.nan]"),
    "the type of an array": (S, "dtype=np.int32", "dtype=np.int64"),
    "an array of objects": (S, '[1, "a", None]', '[1, "b", None]'),
    "a scalar of NumPy": (S, "np.float64(0.5)", "np.float64(0.25)"),
    "its type": (S, "np.float64(0.5)", "np.float32(0.5)"),
    "a frame": (S, '"b": ["x", "y"]', '"b": ["x", "z"]'),
    "a name in a frame": (S, '{"a": [1.0, None]', '{"c": [1.0, None]'),
    "a series": (S, '"s", [1, 2]', '"s", [1, 3]'),
    "a lazy frame": (S, 'LazyFrame({"a": [1]})', 'LazyFrame({"a": [2]})'),
    "an expression": (S, "rolling_mean(20)", "rolling_mean(21)"),
    "a function in an expression": (S, "column * 9", "column * 8"),
    "a moment": (S, "2024, 1, 1", "2024, 1, 2"),
    "a zone": (S, "Europe/Berlin", "Europe/Paris"),
    "a span": (S, "timedelta(days=1)", "timedelta(days=2)"),
    "a decimal": (S, '"1.10"', '"1.1"'),
    "a fraction": (S, "Fraction(1, 3)", "Fraction(2, 3)"),
    "a pattern": (S, '"a+"', '"a*"'),
    "the flags of a pattern": (S, '"a+"', '"a+", re.IGNORECASE'),
    "a path": (S, '"/a/b"', '"/a/c"'),
    "a queue": (S, "[1, 2], maxlen=5", "[1, 2], maxlen=6"),
    "a dict with defaults": (S, 'defaultdict(int, {"a": 1})', 'defaultdict(float, {"a": 1})'),
    "a namespace": (S, "SimpleNamespace(a=1)", "SimpleNamespace(a=2)"),
    "a getter": (S, "itemgetter(1)", "itemgetter(2)"),
    "a range": (S, "RANGE = range(3)", "RANGE = range(4)"),
    "one list for two": (S, "[[0]] * 2", "[[0], [0]]"),
    "what holds itself": (S, "CYCLE = [1]", "CYCLE = [2]"),
    "a view of a dict": (S, 'MappingProxyType({"a": 1})', 'MappingProxyType({"a": 2})'),
    "a method of a value": (S, '"a,b".split', '"a,c".split'),
    "a method of a type": (S, "str.upper", "str.lower"),
    "a function in C": (S, "ROOT = math.sqrt", "ROOT = math.exp"),
    "a partial": (S, "pow, 2, mod=5", "pow, 2, mod=6"),
    "a counter": (S, "itertools.count(3)", "itertools.count(4)"),
    "a member of an enum": (S, "RED = 1", "RED = 3"),
    "which member": (S, "Color.RED", "Color.BLUE"),
    "flags": (S, "Flags.A | Flags.B", "Flags.A"),
    "a field": (S, "x: int = 1\n    y", "x: int = 5\n    y"),
    "a field that is hidden": (S, "Point(1, [2], 3)", "Point(1, [2], 4)"),
    "the default of a hidden field": (S, "default=2, repr", "default=3, repr"),
    "a frozen value": (S, "Frozen(2)", "Frozen(3)"),
    "a named tuple": (S, "Pair(1)", "Pair(2)"),
    "the defaults of a named tuple": (S, "defaults=(1, 2)", "defaults=(1, 3)"),
    "a slot": (S, "Slotted(4)", "Slotted(5)"),
    "a class over a list": (S, "OwnList([1])", "OwnList([2])"),
    "a state of its own": (S, '{"state": 1}', '{"state": 2}'),
    "a variable around": (S, "inner = outer(22)", "inner = outer(23)"),
    "a variable around it that is set there": (S, "scale = 11", "scale = 12"),
    "a dict around": (S, 'hold = {"state": 12}', 'hold = {"state": 13}'),
    "a decorator's argument": (S, "@decorated(13)", "@decorated(14)"),
    "a decorator": (S, "function(*given) + number", "function(*given) - number"),
    "what is decorated": (S, "value + 14", "value + 15"),
    "what is cached": (S, "value + 16", "value + 17"),
    "a cache": (S, "maxsize=15", "maxsize=16"),
    "a dispatched function": (S, "return 17", "return 18.0"),
    "a function that is registered": (S, "return 18\n", "return 19\n"),
    "functions that call each other": (S, "recursive(value) + 19", "recursive(value) + 20"),
    "a default": (S, "plus=20", "plus=21"),
    "a default by name": (S, "named=21", "named=22"),
    "a function without a name": (S, "value + 24", "value + 25"),
    "the order of two": (
        S,
        "value + 23, lambda value: value + 24",
        "value + 24, lambda value: value + 23",
    ),
    "a module imported inside": ("pack.late", "AWAY = 43", "AWAY = 44"),
    "a name imported inside": ("pack.later", "constant = 44", "constant = 45"),
    "a name looked up in a module": ("pack.far", "OFFSET = 8", "OFFSET = 9"),
    "a new name in such a module": ("pack.far", "OFFSET = 8", "OFFSET = 8\nNEW = 1"),
    "a helper": (H, "np.mean(values)", "np.max(values)"),
    "a global of a helper": (H, "WEIGHT = 3", "WEIGHT = 4"),
    "an attribute of a module": (H, '"a": 1', '"a": 2'),
    "a helper's helper": ("pack.far", "values[0] + OFFSET", "values[0] - OFFSET"),
    "a base class": (H, "return value + 6", "return value + 7"),
    "an attribute of a base class": (H, "shared = 5", "shared = 6"),
    "a metaclass": (H, "return 7", "return 8"),
    "a mixin": (S, "return 25", "return 26.0"),
    "the order of bases": (S, "Parent(Mixin, Base,", "Parent(Base, Mixin,"),
    "a descriptor": (S, "return 26", "return 27"),
    "what super() finds": (S, "return self.level", "return -self.level"),
    "an attribute of a parent": (S, "level = 27", "level = 28"),
    "the default of a parameter": (S, "fast: int = 3", "fast: int = 5"),
    "the type of a parameter": (S, "slow: float = 4.0", "slow: float = 4"),
    "a class attribute": (S, "plain = [28]", "plain = [29]"),
    "a manager": (S, "bars=29", "bars=30"),
    "a property": (S, "return 30", "return 31"),
    "a setter": (S, "value + 31", "value + 32"),
    "a class method": (S, "return 32", "return 33.0"),
    "a static method": (S, "return 33", "return 34.0"),
    "a cached property": (S, "return 34", "return 35.0"),
    "a partial method": (S, "return 35", "return 36"),
    "a condition": (S, "self.mean > 36", "self.mean > 37"),
    "a number in code": (S, "random() < 37", "random() < 38"),
    "a constant set in code": (S, "{39, 40}", "{39, 41}"),
    "in a comprehension": (S, "range(42)", "range(43)"),
    "an operator": (S, "if value and", "if value or"),
    "an argument": (S, "Cross(fast=3)", "Cross(fast=4)"),
    "a method more": (S, "def make", "    def more(self):\n        return 1\n\n\ndef make"),
}
"""Changes of one thing that must change the key: the module, what stands there, what then does."""

SAME: dict[str, tuple[str, str, str]] = {
    "nothing": (S, "LOOKBACK = 10", "LOOKBACK = 10"),
    "a comment": (S, "# a comment", "# another comment"),
    "lines": (S, "def make", "\n\n\ndef make"),
    "layout": (S, "(LOOKBACK, HUGE,", "(LOOKBACK,\n                  HUGE,"),
    "the order of a set": (S, '{"b", "a", "c"}', '{"c", "b", "a"}'),
    "a global that is not used": (H, "UNUSED = 4", "UNUSED = 5"),
    "a function that is not used": (
        S,
        "def unreached(value):\n    return value",
        "def unreached(value):\n    return -value",
    ),
    "the order of imports": (S, "import math\nimport operator", "import operator\nimport math"),
    "how a number is written": (S, "2**53 + 2", "9_007_199_254_740_994"),
    "the sign of NaN": (S, "NOT_A_NUMBER = math.nan", "NOT_A_NUMBER = -math.nan"),
    "where a global stands": (H, "WEIGHT = 3\nTABLE", "TABLE = {}\nWEIGHT = 3\nTABLE"),
}
"""Changes that must not."""


def modules(change: tuple[str, str, str]) -> ModuleType:
    """Make all modules anew, one of them with a change; give that of the strategies."""
    where, before, after = change
    for name in SOURCES:
        sys.modules.pop(name, None)
    made: dict[str, ModuleType] = {}
    for name in SOURCES:
        module = made[name] = sys.modules[name] = ModuleType(name)
        module.__package__ = name if name == "pack" else name.rpartition(".")[0]
        if name == "pack":
            module.__path__ = []
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(made[parent], own, module)
    for name, source in SOURCES.items():
        text = source
        if name == where:
            assert source.count(before) == 1, (name, before)
            text = source.replace(before, after)
        exec(compile(text, f"<{name}>", "exec"), vars(made[name]))  # noqa: S102 - of this file
    return made["strategies"]


def key(change: tuple[str, str, str]) -> dict[str, Any]:
    """Give the key of the strategy with a change."""
    return key_of(None, modules(change).make(), {})


def digest(change: tuple[str, str, str]) -> str:
    """Give the hash of that key."""
    return hashlib.sha256(json.dumps(key(change), sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    changes = [*OTHER.items(), *SAME.items()]
    if sys.argv[1:] == ["backwards"]:
        changes.reverse()
    sys.stdout.write(json.dumps({name: digest(change) for name, change in changes}))
