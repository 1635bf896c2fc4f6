"""Fuzzing of run files: TOML that is broken, nested, not UTF-8, or states what nobody can do.

The command line answers with a result or with one message, and an exit code of 0, 1 or 2.
"""

from __future__ import annotations

import functools
import random
from pathlib import Path

from click.testing import CliRunner

from omega.cli import main
from tests.fuzzing.saved import candles, own_folder, spoiled

CORPUS = Path(__file__).parent / "corpus" / "run_files"
"""Run files: each is tried as it is, and inputs are made of them."""

_VALUES = (
    "nan", "inf", "-1", "0", "1e400", "99999999999999999999", '""', '"x"', '"\\u001b[2J"', "true",
    "[]", "[[]]", "{}", "{ a = 1 }", "2024-01-01", "1979-05-27T07:32:00Z", "07:32:00",
    '"../../../etc/passwd"', '"/dev/null"', '["H1", 5]', '"a\\u0000b"', "-9223372036854775808",
    '"native:sma_cross"', '"+05:30"', '"nan"', '"inf"', "0x7fffffffffffffff",
)  # fmt: skip
_SECTIONS = (
    "run", "output", "sweep", "parameters", "grid", "conversion", "costs", "execution", "account",
    "calendar", "limits", "instrument", "sizer", "position_manager", "unknown", "run.data",
)  # fmt: skip
_KEYS = (
    "strategy", "data", "ask", "symbol", "start", "end", "cash", "account_currency", "timeframes",
    "align", "allow", "backend", "seed", "strict", "calendar", "fast", "slow", "fee_per_lot",
    "slippage_pips", "leverage", "zone", "tick_size", "risk_percent", "max_positions", "sessions",
    "blackouts", "workers", "metric", "top", "intrabar", "magnifier", "EUR", "trailing_stop",
    "swap_triple_day", "fee", "kind", "holidays",
)  # fmt: skip


def try_one(draw: random.Random, folder: Path) -> None:
    """Change a run file, and run it."""
    del folder  # one of its own, with candles, is kept
    content = draw.choice(sorted(CORPUS.glob("*.toml"))).read_bytes()
    for _ in range(draw.choice((1, 1, 2, 4))):
        content = _changed(draw, content)
    answer(content, "sweep" if draw.random() < 0.1 else "run")


@functools.cache
def _folder() -> Path:
    """The folder of all run files, with their candles."""
    folder = own_folder()
    candles().write_parquet(folder / "candles.parquet")
    return folder


def answer(content: bytes, command: str = "run") -> str:
    """Run a file, and require one message and a code for how it went."""
    file = _folder() / "run.toml"
    file.write_bytes(content)
    found = CliRunner().invoke(main, [command, str(file)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code in (0, 1, 2), found.output
    assert "Traceback" not in found.output
    assert "\x1b" not in found.output
    return found.output


def _changed(draw: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    at = draw.randrange(len(lines))
    match draw.randrange(8):
        case 0:
            return spoiled(draw, content)
        case 1:
            lines.insert(at, f"[{draw.choice(_SECTIONS)}]".encode())
        case 2 | 3:
            lines.insert(at, f"{draw.choice(_KEYS)} = {draw.choice(_VALUES)}".encode())
        case 4 | 5:
            name, equals, _ = lines[at].partition(b"=")
            if equals:
                lines[at] = name + b"= " + draw.choice(_VALUES).encode()
        case 6:
            lines.insert(at, draw.choice((b"a = " + b"[" * 3_000, b"\xff\xfe = 1", b"[[run]]")))
        case _:
            del lines[at]
    return b"\n".join(lines)
