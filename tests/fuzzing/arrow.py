"""Fuzzing of the Arrow C interface: structures with faulty fields, and streams that fail.

Whatever a producer states, a store is made or an `OmegaError` names what is wrong. What no reader
can know is left out: lengths of up to 2**44 that the buffers do not have, and wild addresses.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

import omega
from tests.fuzzing import arrow_made as made
from tests.fuzzing.arrow_made import Behaviour, Made, MadeArray, MadeStream, Node

CORPUS = Path(__file__).parent / "corpus" / "arrow"
"""Structures with a fault each, as JSON; inputs are made of them, too."""

FORMATS = (
    b"n", b"b", b"c", b"C", b"s", b"S", b"i", b"I", b"l", b"L", b"e", b"f", b"g", b"z", b"Z", b"u",
    b"U", b"vu", b"vz", b"d:10,2", b"d:10,2,256", b"w:8", b"w:-1", b"tdD", b"tdm", b"tts", b"ttm",
    b"ttu", b"ttn", b"tss:", b"tsm:UTC", b"tsu:", b"tsn:+05:30", b"tsu:Mars/X", b"tDs", b"tiM",
    b"tin", b"+l", b"+L", b"+vl", b"+w:3", b"+w:-2", b"+s", b"+m", b"+ud:0,1", b"+us:0,1", b"+r",
    b"", b"?", b"+", b"ts", b"tsq:", b"d:", b"\xff\xfe", b"g:x",
)  # fmt: skip
NUMBERS = (-(2**63), -(2**31), -3, -2, -1, 0, 1, 2, 3, 5, 16, 2**44 + 1, 2**62, 2**63 - 1)


def try_one(draw: random.Random, folder: Path) -> None:
    """Make candles with some faults, and read them as a store."""
    del folder
    nodes = [_table(draw) for _ in range(draw.choice((1, 1, 2, 3)))]
    if draw.random() < 0.1:
        nodes[0] = kept(draw.choice(corpus()))
    for node in nodes:
        for _ in range(draw.choice((0, 1, 1, 1, 2, 4))):
            _spoil(node, draw)
    given, arrays, stream = _given([Made(node) for node in nodes], draw)
    data = [given] if draw.random() < 0.1 else given
    with contextlib.suppress(omega.OmegaError):
        _read(data, draw)
    del data, given
    passed_on = [] if stream is None else arrays[: stream.given]
    if any(one.released["array"] != 1 for one in passed_on):
        gc.collect()  # an error may hold frames in a circle
    assert all(one.released["array"] == 1 for one in passed_on), "an array was never released"
    for one in arrays:
        one.take_back()
    assert all(one.released["array"] <= 1 for one in arrays), "an array was released twice"
    assert stream is None or stream.released <= 1, "the stream was released twice"


def _read(data: object, draw: random.Random) -> None:
    """Make a store of it, and look at all of its columns."""
    store = omega.CandleStore(data, validate=draw.choice(("error", "report", "off")))
    repr(store)
    if len(store.symbols) == 1:
        pl.DataFrame(store)
    for own in store.own.values():
        own.series([name for name in own.names if draw.random() < 0.7])


def _given(
    structures: list[Made], draw: random.Random
) -> tuple[object, list[Made], MadeStream | None]:
    """Give the structures as one array or as a stream; or something that is neither."""
    if draw.random() < 0.05:
        return _Strange(draw), [], None
    if len(structures) == 1 and draw.random() < 0.5:
        return MadeArray(structures[0]), structures, None
    behaviour = Behaviour()
    if draw.random() < 0.3:
        lacks = frozenset(draw.sample(("get_schema", "get_next", "get_last_error", "release"), 1))
        behaviour = Behaviour(
            schema_code=draw.choice((0, 0, 0, 5)),
            fails_at=draw.choice((None, 0, 1)),
            code=draw.choice((1, 5, 22, -1)),
            message=draw.choice((None, None, b"", b"broken", b"\xff\xfe", b"\x1b[31mred")),
            lacks=draw.choice((frozenset(), frozenset(), lacks)),
        )
    stream = MadeStream(structures, behaviour)
    return stream, structures, stream


class _Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class _Strange:
    """An object whose interface gives something else."""

    def __init__(self, draw: random.Random) -> None:
        self._found = draw.choice((None, 5, (), (None, None), "text", _Unspeakable(), [1, 2]))

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


def _table(draw: random.Random) -> Node:
    """Valid candles, with columns of many layouts beside them."""
    rows = draw.choice((1, 2, 3, 8, 40))
    step = draw.choice((1, 60_000_000))
    zone = draw.choice((b"", b"UTC", b"Europe/Berlin", b"+05:30"))
    columns = [made.integers("time", [k * step for k in range(rows)], b"tsu:" + zone)]
    columns += [made.floats(name, [1.5] * rows) for name in ("open", "high", "low", "close")]
    names = ["EURUSD", "a name of more than twelve", "é", ""]
    beside: list[Callable[[], Node]] = [
        lambda: made.texts("symbol", [names[0]] * rows, large=draw.random() < 0.5),
        lambda: made.views("symbol", [draw.choice(names[:2])] * rows),
        lambda: made.coded("symbol", [0] * rows, names),
        lambda: made.views("note", [draw.choice(names) for _ in range(rows)]),
        lambda: made.texts("text", [draw.choice(names) for _ in range(rows)]),
        lambda: made.lists("list", [draw.choice((0, 1, 3)) for _ in range(rows)]),
        lambda: made.integers("volume", [1] * rows),
        lambda: made.coded("code", [draw.randrange(4) for _ in range(rows)], names),
    ]
    columns += [one() for one in draw.sample(beside, draw.randrange(4))]
    return made.table(columns)


def _spoil(root: Node, draw: random.Random) -> None:
    """Make one thing wrong, anywhere."""
    node = draw.choice(root.all())
    draw.choice(_FAULTS)(node, draw)


def _counts(node: Node, draw: random.Random) -> None:
    name = draw.choice(("n_buffers", "n_children", "schema_children"))
    setattr(node, name, _count(draw))


def _numbers(node: Node, draw: random.Random) -> None:
    setattr(node, draw.choice(("length", "offset")), _number(draw))


def _null_counts(node: Node, draw: random.Random) -> None:
    node.null_count = draw.choice(NUMBERS)


def _pointers(node: Node, draw: random.Random) -> None:
    node.lacks.add(draw.choice(("buffers", "children", "dictionary", "schema_dictionary")))
    if node.buffers and draw.random() < 0.5:
        node.buffers[draw.randrange(len(node.buffers))] = None


def _names(node: Node, draw: random.Random) -> None:
    if draw.random() < 0.6:
        node.format = draw.choice((None, *FORMATS))
    else:
        node.name = draw.choice((None, b"", b"\xff", b"time", b"close", b"x\x1b[2J"))


def _children(node: Node, draw: random.Random) -> None:
    if node.children:
        place = draw.randrange(len(node.children))
        node.children[place] = draw.choice((None, made.floats("short", [1.0])))


def _number(draw: random.Random) -> int:
    """A length or an offset: one that the buffers have room for, or one that is impossible."""
    most = made.ROWS_AT_MOST // 8
    return draw.choice((*NUMBERS[:11], draw.randrange(most), *NUMBERS[11:]))


def _count(draw: random.Random) -> int:
    """How many pointers: as many as there is room for, or impossibly many."""
    return draw.choice((*NUMBERS[:9], draw.randrange(made.POINTERS), *NUMBERS[11:]))


def _spoil_values(node: Node, draw: random.Random) -> None:
    """Change values that may point into other buffers, and stay within their room."""
    places = [place for place, content in enumerate(node.buffers) if content]
    if not places:
        return
    place = draw.choice(places)
    content = bytearray(node.buffers[place] or b"")
    fmt = node.format or b""
    wide = 8 if fmt in (b"U", b"Z", b"+L") else 4
    pointing = place == 1 and fmt in (b"u", b"U", b"z", b"Z", b"+l", b"+L", b"vu", b"i")
    lengths = fmt == b"vu" and place == len(node.buffers) - 1
    if lengths:  # larger ones than the buffer is no reader can know to be wrong
        content[:8] = np.int64(draw.choice((-1, 0, 1, 5))).tobytes()
    elif pointing and len(content) >= wide:
        at = draw.randrange(len(content) // wide) * wide
        value = draw.choice((-(2**31), -2, -1, 0, 1, 2, 3, 7, 50, 1_000))
        content[at : at + wide] = value.to_bytes(wide, "little", signed=True)
    else:
        content[draw.randrange(len(content))] = draw.randrange(256)
    node.buffers[place] = bytes(content)


_FAULTS = (
    _counts, _numbers, _numbers, _null_counts, _pointers, _names, _children, _spoil_values,
    _spoil_values,
)  # fmt: skip


def corpus() -> list[Path]:
    """Give the structures that are kept."""
    return sorted(CORPUS.glob("*.json"))


def kept(path: Path) -> Node:
    """Read one of them."""
    return made.read(json.loads(path.read_text("utf-8")))
