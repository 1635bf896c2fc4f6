"""A page as one file: its policy runs only the scripts in it and lets it load nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from omega.config.values import shown
from omega.data.files import replaced, writing
from omega.errors import ConfigError

_MARK = '<meta name="generator" content="Omega">'
_START = 1_000  # bytes that hold the mark
LIBRARY = "vendor/lightweight-charts.standalone.production.js"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d)\b(?!:\d)")
"""A time; a page on which all of them are midnights has dates."""
MODULES = (
    "codec.js",
    "format.js",
    "theme.js",
    "seen.js",
    "curves.js",
    "candles.js",
    "trades.js",
    "overlay.js",
    "lines.js",
    "chart.js",
    "input.js",
    "table.js",
    "main.js",
)
"""The modules of the report, each after those that it imports."""


def page(
    *,
    title: str,
    body: str,
    scripts: Sequence[str],
    blocks: Sequence[str] = (),
    about: object = None,
) -> str:
    """Put a document together.

    Args:
        title: Its title, as plain text.
        body: The HTML of what it shows, escaped already.
        scripts: The texts of its scripts, in order; the last one is a module.
        blocks: Packed data, which the scripts find by number.
        about: A description of the data.

    Example:
        >>> "default-src 'none'" in page(title="<T>", body="<p>Hello</p>", scripts=[])
        True
    """
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts) or "'none'"
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    last = len(scripts) - 1
    dated = {time for _, time in _MOMENT.findall(body)} == {"00:00"}
    body = _MOMENT.sub(r"\1", body) if dated else body
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"{" data-dated" * dated}>',
        "<head>",
        '<meta charset="utf-8">',
        _MARK,
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(title)}</title>",
        f"<style>{asset('page.css')}</style>",
        "</head>",
        f"<body>{body}",
        *(
            f'<script type="application/octet-stream" id="block-{k}">{block}</script>'
            for k, block in enumerate(blocks)
        ),
        f'<script type="application/json" id="about">{as_json(about)}</script>',
        *(
            f"<script{' type=module' if k == last else ''}>{script}</script>"
            for k, script in enumerate(scripts)
        ),
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def as_json(value: object) -> str:
    r"""Write data so that no text in it can end the script that holds it.

    Example:
        >>> as_json("</script>")
        '"\\u003c/script>"'
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def refuse_to_replace(file: Path) -> None:
    """Refuse a file that is no page of ours.

    Raises:
        ConfigError: It has other contents.
    """
    if not file.is_file():
        return
    with file.open("rb") as stream:
        start = stream.read(_START)
    if start and _MARK.encode() not in start:
        raise ConfigError(
            f"report: {str(file)!r} is there already and is no page that Omega wrote; give "
            "another name, or remove it"
        )


@cache
def asset(name: str) -> str:
    """Return the text of a bundled file."""
    return (files("omega.report") / "assets" / name).read_text("utf-8")


@cache
def module(names: tuple[str, ...]) -> str:
    """Join modules into one; their names are distinguished by hand, so none needs a bundler.

    Example:
        >>> "import" in module(("codec.js",)).split("{")[0]
        False
    """
    text = "\n".join(asset(name) for name in names)
    return re.sub(r"^(import .*;\n|export )", "", text, flags=re.MULTILINE)


def write(path: str | Path, text: str) -> Path:
    """Write a page, and the directories above it; one that is there is replaced.

    Raises:
        ConfigError: A file is there that is no such page.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ConfigError(f"path: given {shown(path)}, expected the path of a file")
    file = Path(path)
    with writing(file):
        refuse_to_replace(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        with replaced(file) as part:
            part.write_text(text, "utf-8", newline="\n")
    return file


class View:
    """A page that a notebook shows in place and `report` writes to a file.

    Attributes:
        html: The whole page.

    Example:
        >>> View("<p>Hello</p>", height=200)._repr_html_().startswith("<iframe")
        True
    """

    def __init__(self, html: str, *, height: int) -> None:
        """Keeps a page and the height at which a notebook shows it."""
        self.html = html
        self._height = height

    def report(self, path: str | Path) -> Path:
        """Write the page as one file that needs no network.

        Example:
            >>> import tempfile
            >>> View("<p>", height=10).report(Path(tempfile.mkdtemp()) / "a.html").name
            'a.html'
        """
        return write(path, self.html)

    def __repr__(self) -> str:
        """What it is, and how it is seen outside of a notebook."""
        size = len(self.html) / 1e6
        return f"{type(self).__name__}({size:.2f} MB; .report(path) writes it to a file)"

    def _repr_html_(self) -> str:
        """The page in a frame that may run its scripts and nothing else."""
        return (
            f'<iframe sandbox="allow-scripts" srcdoc="{escape(self.html)}" '
            f'style="width:100%;height:{self._height}px;border:0;border-radius:8px"></iframe>'
        )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
