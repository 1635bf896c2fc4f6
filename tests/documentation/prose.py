"""The English of pages, remedies and docstrings, held against `docs/omega_site/words.toml`.

python -m tests.documentation.prose          names each place
python -m tests.documentation.prose --mend   lets docstrings begin with Return or Yield
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
WORDS = tomllib.loads((TOP / "docs/omega_site/words.toml").read_text(encoding="utf-8"))
REMEDIES = TOP / "python/omega/remedies.toml"
PAGES = sorted({TOP / "README.md", TOP / "CONTRIBUTING.md", *TOP.glob("docs/**/*.md")})
MADE = ("docs/benchmarks.md",)
"""Pages that a program writes."""
NO_PROSE = re.compile(
    r"^ *```.*?^ *```$|^---\n.*?^---$|`[^`\n]*`|\]\([^)]*\)|^\*Shown by\*.*?(?=\n\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
GIVES = re.compile(r'(\s*r?""")Give ')


def blank(found: re.Match[str]) -> str:
    """Return white space of the same lines, so that places stay what they are."""
    return re.sub(r"[^\n]", " ", found[0])


def in_prose(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, words and remedy for each place of a page that has a word of the list."""
    prose = NO_PROSE.sub(blank, text)
    for words, remedy in WORDS["words"].items():
        for found in re.finditer(rf"\b(?:{words})\b", prose, re.IGNORECASE):
            yield prose.count("\n", 0, found.start()) + 1, found[0], remedy


def docstrings(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line and first word of each docstring, and whether it is that of a generator."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            continue
        doc = ast.get_docstring(node)
        if doc:
            yields = isinstance(node, ast.FunctionDef) and any(map(has_yield, node.body))
            yield node.body[0].lineno, doc.split(maxsplit=1)[0], yields


def has_yield(node: ast.AST) -> bool:
    """Return whether a statement yields, functions inside of it aside."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return False
    is_one = isinstance(node, ast.Yield | ast.YieldFrom)
    return is_one or any(map(has_yield, ast.iter_child_nodes(node)))


def in_docstrings(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, word and remedy for each docstring that begins with a word of the list."""
    for words, remedy in WORDS["docstrings"].items():
        for line, word, _ in docstrings(text):
            if re.fullmatch(words, word):
                yield line, word, remedy


def mended(text: str) -> str:
    """Return a program whose docstrings begin with Return, or Yield, in place of Give."""
    lines = text.splitlines(keepends=True)
    for number, word, yields in docstrings(text):
        if word == "Give":
            verb = "Yield" if yields else "Return"
            lines[number - 1] = GIVES.sub(rf"\g<1>{verb} ", lines[number - 1], count=1)
    return "".join(lines)


def programs() -> list[Path]:
    """Return the files of the package."""
    return sorted((TOP / "python/omega").rglob("*.py"))


def remedies() -> Iterator[tuple[int, str, str]]:
    """Yield each place of what `omega explain` prints that has a word of the list."""
    yield from in_prose(re.sub(r'(?<!\\)"', " ", REMEDIES.read_text(encoding="utf-8")))


def found() -> list[str]:
    """Return a line for each place that a reader would stumble over."""
    lines = []
    for path in [*PAGES, *programs()]:
        name = path.relative_to(TOP).as_posix()
        text = path.read_text(encoding="utf-8")
        places = in_docstrings(text) if path.suffix == ".py" else in_prose(text)
        if name not in MADE:
            lines += [f"{name}:{line}: {word!r}; better: {remedy}" for line, word, remedy in places]
    own = REMEDIES.relative_to(TOP).as_posix()
    return lines + [
        f"{own}:{line}: {word!r}; better: {remedy}" for line, word, remedy in remedies()
    ]


def main() -> None:
    """Name what is found, or mend what can be mended."""
    if "--mend" in sys.argv[1:]:
        for path in programs():
            path.write_text(mended(path.read_text(encoding="utf-8")), encoding="utf-8")
    lines = found()
    print("\n".join(lines))
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
