"""Goal: each class of the tests and examples that can be compiled is the same compiled.

They are found by their source, those inside of functions too, so that a class that is written for
something else is looked at as well.
"""

from __future__ import annotations

import ast
import importlib
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import omega
from omega.errors import ConfigError
from tests.strategies.test_compiled import state
from tests.support.backends import WITHOUT_CORE
from tests.support.candles import walk
from tests.support.compiled_strategies import compiled_copy

pytest.importorskip("llvmlite", reason="omega-backtest[compiled] is not installed")
pytestmark = pytest.mark.skipif(WITHOUT_CORE, reason="compiled code runs in the core")

ROOT = Path(__file__).parents[2]
DATA = {
    "one": {"AAA": walk(500, chunks=2)},
    "several": {"AAA": walk(400, seed=4), "BBB": walk(400, seed=5, chunks=3)},
}
LEAST = {
    "python/omega/examples": 7,
    "tests/support": 9,
    "tests/strategies": 8,
    "tests/boundaries": 1,
    "tests/config": 1,
    "tests/forward": 2,
    "tests/lookahead": 1,
    "tests/portfolio": 2,
}
"""By folder, how many classes can be compiled at least."""

_UNSAFE = re.compile(
    r"\b(os|sys|time|signal|threading|ctypes|subprocess|faulthandler)\.|while True|Interrupt"
)
"""What ends a process or never ends: not run here."""


def classes(path: Path) -> Iterator[type[omega.Strategy]]:
    """Make the strategies of a file, as far as they need nothing of a function around them."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ClassDef) or not node.bases:
            continue
        bases = {ast.unparse(base) for base in node.bases}
        node.decorator_list = []
        source = ast.unparse(node)
        if bases & {"omega.Strategy", "Strategy"} and not _UNSAFE.search(source):
            made = _made(path, node.name, source)
            if made is not None:
                yield made


def _made(path: Path, name: str, source: str) -> type[omega.Strategy] | None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removeprefix("python.")
    try:
        space: dict[str, Any] = dict(vars(importlib.import_module(module)))
    except (ImportError, pytest.skip.Exception):
        return None
    file = f"<{name} of {path.name}, {hash(source)}>"
    header = "from __future__ import annotations\n"
    text = header + source + "\n"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    try:
        exec(compile(text, file, "exec"), space)  # noqa: S102 - of the tests
    except NameError:
        return None
    made: type[omega.Strategy] = space[name]
    return made


def outcome(kind: type[omega.Strategy], place: str, mode: str, *, compiled: bool) -> object:
    """Return what a run gives, or its exception; None where it is not compiled."""
    run: Any = omega.run_backtest
    try:
        ran = run(
            DATA[place],
            kind(),
            timeframes=("H1",),
            execution=omega.Execution(position_mode=mode),
            cash=100_000.0,
            compiled=compiled,
        )
    except ConfigError as problem:
        return None if "omega.compiled:" in str(problem) else repr(problem)
    except Exception as problem:  # noqa: BLE001 - an exception is an outcome
        return f"{problem!r} {getattr(problem, '__notes__', None)}"
    assert ran.stats.callbacks == ("compiled" if compiled else "python")
    return ran.fingerprint, repr(state(ran.strategy))


def is_one(kind: type[omega.Strategy]) -> bool:
    """Whether a class is compiled and gives results; these have to be those of Python."""
    copy = compiled_copy(kind)
    fits = False
    for place in DATA:
        for mode in ("hedging", "netting"):
            compiled = outcome(copy, place, mode, compiled=True)
            if compiled is None:
                continue
            is_same = compiled == outcome(kind, place, mode, compiled=False)
            assert is_same, (kind, place, mode)  # without all that they are, which is long
            fits |= isinstance(compiled, tuple)
    return fits


@pytest.mark.parametrize("folder", LEAST)
@pytest.mark.filterwarnings("ignore")
def test_each_class_that_fits_is_the_same(folder: str) -> None:
    files = sorted((ROOT / folder).glob("*.py"))
    others = [path for path in files if not path.name.startswith("test_compiled")]  # have their own
    fit = [kind for path in others for kind in classes(path) if is_one(kind)]
    assert len(fit) >= LEAST[folder], [one.__name__ for one in fit]
