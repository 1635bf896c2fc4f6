"""The code blocks of a page, run one after the other in one namespace and one folder.

- `python` blocks run. One whose first line is a comment with a file's name is that file as well.
- A `text` block directly below a `python` or `sh` block is what that block prints, white space
  aside; `...` is anything. `OMEGA_RENEW_OUTPUTS=1` writes these blocks again.
- `sh` blocks: `omega ...` runs through the command line's own entry; `make X` must be a door of the
  Makefile; what installs, builds or sets a variable is known by its first word and left alone.
- `toml` blocks with a `[run]` are run files, and run; those of a manifest stand in the example's.
- `rust` blocks stand word for word in the example crate, which `make test` builds and runs.
- `c` blocks stand word for word in the example in C, which a test compiles.
- Code of other engines is not run; the line above it is: "*Not run here: ...*".
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
from pathlib import Path

from click.testing import CliRunner
from sybil import Document, Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from omega.cli import main

TOP = Path(__file__).resolve().parents[2]
NOT_RUN = re.compile(r"\*Not run here: ([^*]+)\*\s*\Z")
LEFT_ALONE = ("cargo run", "eval ", "export ", "pip install ", "uv ", "HYPOTHESIS_PROFILE")
PAGES = sorted({TOP / "README.md", TOP / "CONTRIBUTING.md", *TOP.glob("docs/**/*.md")})

OUTPUT = re.compile(r"```\n\s*```text\n(.*?)```", re.DOTALL)
SAME = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

_run_python = PythonEvaluator()


def reason_not_to_run(example: Example) -> str | None:
    """Give the reason in the line above a block that is not run."""
    found = NOT_RUN.search(example.document.text[: example.region.start])
    return found.group(1) if found else None


def python(example: Example) -> None:
    """Run a block, unless the page marks it as not run."""
    if reason_not_to_run(example):
        return
    named = re.match(r"# ([\w/]+\.py)\n", example.parsed)
    if named:
        Path(named.group(1)).write_text(example.parsed, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _run_python(example)
    compare(example, printed.getvalue())


def compare(example: Example, printed: str) -> None:
    """Hold what a block printed against the `text` block that follows it, if one does."""
    end = example.region.end
    shown = OUTPUT.match(example.document.text, end - 3)
    if shown is None:
        return
    if os.environ.get("OMEGA_RENEW_OUTPUTS"):
        page = Path(example.document.path)
        before = example.document.text[example.region.start : shown.end()]
        kept = re.sub(r"^(Time +)\d.*", r"\1...", printed, flags=re.MULTILINE).rstrip()
        after = before[: shown.start(1) - shown.end()] + kept + "\n```"
        page.write_text(page.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
        return
    same = doctest.OutputChecker().check_output(shown.group(1), printed, SAME)
    assert same, f"the page shows\n{shown.group(1)}\nand the block prints\n{printed}"


def shell(example: Example) -> None:
    """Run the commands of the tool; what others there are must be known."""
    lines = example.parsed.replace("\\\n", " ").splitlines()
    printed = []
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        words = shlex.split(line)
        if words[0] == "omega":
            printed.append(command(words[1 : words.index(">") if ">" in words else None]))
        elif words[0] == "make":
            doors = re.findall(r"^([a-z-]+):.*##", (TOP / "Makefile").read_text(), re.MULTILINE)
            assert set(words[1:]) <= {*doors}, f"{line}: no such door"
        elif words[0] in {"python", ".venv/bin/python"}:
            assert words[1] == "-m", f"{line}: a program of the repository is called as a module"
            module = TOP / words[2].replace(".", "/")
            assert words[2] == "pytest" or module.is_dir() or module.with_suffix(".py").is_file()
        else:
            assert line.startswith(LEFT_ALONE), f"{line}: neither run nor known"
    compare(example, "".join(printed))


def rust(example: Example) -> None:
    """Find a block, word for word, in the example crate; its indentation may be less."""
    source = (TOP / "examples/rust_strategy/src/main.rs").read_text(encoding="utf-8")
    shown, there = (
        re.sub(r"^ +", "", text, flags=re.MULTILINE) for text in (example.parsed, source)
    )
    assert shown.strip() in there, "not in examples/rust_strategy/src/main.rs"


def c(example: Example) -> None:
    """Find a block, word for word, in the example in C."""
    source = (TOP / "examples/c_strategy/sma_cross.c").read_text(encoding="utf-8")
    assert example.parsed.strip() in source, "not in examples/c_strategy/sma_cross.c"


def toml(example: Example) -> None:
    """Run a run file; find a manifest, word for word, in the example crate."""
    if "[run]" in example.parsed:
        Path("run.toml").write_text(example.parsed, encoding="utf-8")
        command(["run", "run.toml"])
    else:
        manifest = (TOP / "examples/rust_strategy/Cargo.toml").read_text(encoding="utf-8")
        assert example.parsed.strip() in manifest


def command(words: list[str]) -> str:
    """Call the command line as a shell would, and return what it prints on standard output."""
    told = CliRunner().invoke(main, words)
    assert told.exit_code == 0, f"omega {shlex.join(words)}\n{told.output}"
    return told.stdout


SYBIL = Sybil(
    [
        CodeBlockParser("python", python),
        CodeBlockParser("sh", shell),
        CodeBlockParser("rust", rust),
        CodeBlockParser("c", c),
        CodeBlockParser("toml", toml),
    ]
)


def parse(page: Path) -> Document:
    """Find the blocks of a page; they are the main program, as where a reader pastes them."""
    document = SYBIL.parse(page)
    document.namespace["__name__"] = "__main__"
    return document
