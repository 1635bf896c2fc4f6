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
from tests.support.key_sources import SOURCES

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
