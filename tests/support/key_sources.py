"""The modules of one strategy with everything that a result can depend on."""

from __future__ import annotations

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
