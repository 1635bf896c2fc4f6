"""Types what a page shows: its Python blocks in one interpreter, its commands in a shell.

`python as_typed.py PAGE ...` in an environment that has the package and nothing of this repository.
Each page has an empty folder of its own, as a reader has one. Not a test by itself: `wheels` copies
it out of here and runs it with each interpreter.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^([^\n]*)\n\n?```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALLED_ALREADY = ("make ", "pip install ", "eval ", "cargo ", "export ")


def type_page(page: Path) -> int:
    """Run the blocks of a page in the folder that is current; how many there were."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    count = 0
    for before, language, code in BLOCK.findall(page.read_text(encoding="utf-8")):
        if before.startswith("*Not run here") or "`pip install" in before:
            continue  # the line before names a package that a new user has not got
        count += 1
        named = re.match(r"# ([\w/]+\.py)\n", code)
        if named:
            Path(named.group(1)).write_text(code, encoding="utf-8")
        if language == "python":
            source = compile(code, f"{page.name}, block {count}", "exec")
            exec(source, namespace)  # noqa: S102 - the pages are ours
        else:
            _type_commands(code)
    return count


def _type_commands(code: str) -> None:
    """Run the commands of a block; those that install something were run before."""
    lines = code.replace("\\\n", " ").splitlines()
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        if line.startswith(INSTALLED_ALREADY):
            continue
        words = shlex.split(line)
        words = words[: words.index(">")] if ">" in words else words
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{line}\n{done.stdout}{done.stderr}")


def main() -> None:
    """Type all pages that were named."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    failed = []
    for page in map(Path, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            sys.path.insert(0, folder)
            try:
                print(f"{page.name}: {type_page(page.resolve())} blocks")
            except (Exception, SystemExit) as problem:  # noqa: BLE001 - each page is tried
                failed.append(page.name)
                print(f"{page.name}: {type(problem).__name__}: {problem}")
            sys.path.remove(folder)
            os.chdir("/")
    if failed:
        raise SystemExit(f"do not run as typed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
