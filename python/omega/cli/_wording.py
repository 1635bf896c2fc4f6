"""Messages of the library in flags: `--bar-time open` for `bar_time="open"`.

The library names arguments of Python; whoever types a command has flags.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Collection

_VALUE = r"(?:\"[^\"]*\"|'[^']*'|\{[^{}]*\}|\[[^\[\]]*\]|[\w.+-]*\w)?"


def in_flags(text: str, flags: Collection[str], others: Collection[str] = ()) -> str:
    """Write arguments as they are typed in a command.

    Args:
        text: A message.
        flags: Arguments that have a flag of their own.
        others: Arguments that ``--option NAME=VALUE`` takes.

    Example:
        >>> in_flags('State which: bar_time="open" or dates="day-first"', ["bar_time"], ["dates"])
        'State which: --bar-time open or --option dates=day-first'
        >>> in_flags("Say sort=True. Leave time_zone out", ["sort", "time_zone"])
        'Say --sort. Leave --time-zone out'
    """
    names = sorted({*flags, *others}, key=len, reverse=True)
    if not names:
        return text
    # Not inside of a path, such as one of a folder named symbol=EURUSD.
    found = rf"(?<![\w/\\.-])({'|'.join(map(re.escape, names))})=({_VALUE})"
    typed = re.sub(found, lambda match: _typed(match[1], match[2], flags), text)
    alone = "|".join(re.escape(name) for name in names if "_" in name)
    if not alone:
        return typed
    return re.sub(rf"(?<![\w/\\.-])({alone})(?=[: ]|$)(?!=)",
                  lambda match: _flag(match[1], flags), typed)  # fmt: skip


def _flag(name: str, flags: Collection[str]) -> str:
    return f"--{name.replace('_', '-')}" if name in flags else f"--option {name}"


def _typed(name: str, value: str, flags: Collection[str]) -> str:
    """Write one argument with its value."""
    if name in flags:
        flag = _flag(name, flags)
        return flag if value in ("", "True") else f"{flag} {_quoted(_plain(value))}"
    return f"--option {_quoted(f'{name}={_plain(value)}') if value else f'{name}='}"


def _quoted(text: str) -> str:
    """Quote a word for a shell, in the way that is read most easily."""
    return f'"{text}"' if "'" in text and not re.search(r'["$`\\!]', text) else shlex.quote(text)


def _plain(value: str) -> str:
    """Take the quotes of Python from a text."""
    if value[:1] in ("'", '"'):
        return str(ast.literal_eval(value))
    return value.replace("True", "true")
