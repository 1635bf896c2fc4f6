"""The rules of CONTRIBUTING.md that a program can read, each as a check that lists what breaks it.

A tree is a mapping from paths to contents, so that a test can plant a violation without a file.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

Tree = dict[str, bytes]
Check = Callable[[Tree], list[str]]

LINES_OF_FUNCTION = 70
LINES_OF_FILE = 500
COLUMNS_OF_LINE = 100
BYTES_OF_FILE = 1_000_000

FLOW = (
    "columns",
    "store",
    "indicators",
    "execution",
    "portfolio",
    "replay",
    "results",
    "strategies",
    "statistics",
    "backtest",
    "batch",
)
VOCABULARY = ("types", "error")
ABOVE_THE_FLOW = ("engines", "sweeps", "cluster", "forward", "stressing")
ESSAYS = {"assumptions-and-limits", "boundary", "performance", "security"}
"""Pages of concepts about no one stage."""
KINDS_OF_TEST = {
    "boundaries",
    "cli",
    "config",
    "documentation",
    "fuzzing",
    "golden",
    "importing",
    "lookahead",
    "package",
    "parity",
    "properties",
    "repo",
    "report",
    "scenarios",
    "support",
    "typing",
    "zero_copy",
}
CORE = "rust/omega_core/src/"
BINDING = "rust/omega_py/src/"
EXAMPLES = "python/omega/examples/"
WINDOW = f"{BINDING}memory.rs"  # the only module that may be unsafe, with those inside of it
PASSED = ["make lint", "make test", "make test-wheels OTHER_PYTHONS="]
"""What a change must pass, in this order."""
RULE = r"\b[A-Z]{1,2}\d+(?:\.\d+)?\b"
CITED = (
    rf"(?:(?<!\w)\((?:rules? )?|\b[Rr]ules?\s+){RULE}(?:(?:[,;]| to| and| or)\s+{RULE})*"
    r"|(?<![\w\"'`.:-])(?:F(?!64)|[ILTX]|TF)\d+(?:\.\d+)?(?![\w\"'`-])"
)
"""(F2, M4) or rule M4; elsewhere only letters that begin nothing else, since M5 is a timeframe."""


def read(top: Path) -> Tree:
    """Return the files that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=top,
        check=True,
        capture_output=True,
    ).stdout.decode()
    paths = sorted({path for path in listed.split("\0") if (top / path).is_file()})
    return {path: (top / path).read_bytes() for path in paths}


def pyo3_stays_in_the_binding(tree: Tree) -> list[str]:
    """The core names PyO3 neither in its code nor among its dependencies."""
    found = []
    for path, text in rust_library(tree):
        if path.startswith(CORE):
            found += hits(path, text, r"\bpyo3\b|#\[pyclass|#\[pymethods", "PyO3 in the core")
    manifest = f"{CORE.removesuffix('src/')}Cargo.toml"
    return found + hits(manifest, tree.get(manifest, b"").decode(), r"\bpyo3\b", "PyO3 in the core")


def pyclasses_are_frozen(tree: Tree) -> list[str]:
    """Every class that Python sees is frozen and names its module."""
    found = []
    for path, text in rust_library(tree):
        for match in re.finditer(r"#\[pyclass(\([^\]]*\))?\]", text):
            arguments = match[1] or ""
            for needed in ("frozen", 'module = "omega._core"'):
                if needed not in arguments:
                    found.append(f"{place(path, text, match.start())}: pyclass without {needed}")
    return found


def stages_import_backwards(tree: Tree) -> list[str]:
    """A stage of the core imports only stages before it."""
    found = []
    for path, text in rust_library(tree):
        stage = path.removeprefix(CORE).split("/")[0]
        if stage in FLOW:
            for name in sorted(imported_by_rust(text) - importable(stage) - {stage}):
                found.append(f"{path}: {stage} imports {name}, which is not before it in the flow")
    return found


def functions_are_short(tree: Tree) -> list[str]:
    """No function is longer than a screen; a docstring does not count."""
    lengths = []
    for path, text in python_files(tree):
        lengths += [(path, *item) for item in python_functions(text)]
    for path, text in rust_files(tree):
        lengths += [(path, *item) for item in rust_functions(text)]
    return [
        f"{path}:{line}: {name} has {length} lines, expected {LINES_OF_FUNCTION} or fewer"
        for path, line, name, length in lengths
        if length > LINES_OF_FUNCTION
    ]


def files_are_short(tree: Tree) -> list[str]:
    """No source file is longer than one can keep in mind; the tests at its end do not count."""
    found = []
    for path, text in [*rust_files(tree), *python_files(tree)]:
        lines = text.count("\n")
        if lines > LINES_OF_FILE:
            found.append(f"{path}: {lines} lines, expected {LINES_OF_FILE} or fewer")
    return found


def lines_are_short(tree: Tree) -> list[str]:
    """No line of source is wider than the page."""
    found = []
    for path, content in tree.items():
        if path.endswith((".rs", ".py", ".pyi")):
            for number, line in enumerate(content.decode().splitlines(), 1):
                if len(line) > COLUMNS_OF_LINE:
                    found.append(f"{path}:{number}: {len(line)} columns")
    return found


def nothing_can_panic_on_purpose(tree: Tree) -> list[str]:
    """The core has no unwrap, expect or unfinished branch, and one module that may be unsafe."""
    found = []
    for path, text in rust_library(tree):
        code = without_comments(text)
        found += hits(path, code, r"\.unwrap\(\)|\.expect\(", "unwrap or expect outside tests")
        found += hits(path, code, r"\b(todo|unimplemented|dbg)!\(", "unfinished code")
        if path != WINDOW and not path.startswith(f"{BINDING}memory/"):
            found += hits(path, code, r"\bunsafe\b(?!_)", f"unsafe outside {WINDOW}")
            continue
        lines = text.splitlines()
        for number, line in enumerate(code.splitlines()):
            noted = any("SAFETY" in before for before in lines[max(0, number - 6) : number])
            if re.search(r"\bunsafe\b", line) and not noted:
                found.append(f"{path}:{number + 1}: unsafe without a SAFETY note")
    return found


def libraries_do_not_print(tree: Tree) -> list[str]:
    """Library code talks through results, errors and warnings."""
    found = []
    for path, text in rust_library(tree):
        found += hits(path, without_comments(text), r"\be?print(ln)?!\(", "print in the core")
    for path, text in python_files(tree, "python/omega/"):
        if path.startswith(EXAMPLES):
            continue  # programs, which talk to the person who started them
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "pprint.pprint"}:
                found.append(f"{path}:{node.lineno}: print in library code")
    return found


def no_clock_and_no_chance(tree: Tree) -> list[str]:
    """No wall clock and no unseeded random number reaches a result (rule D3)."""
    banned = (
        r"\b(datetime|date)\.(now|utcnow|today)\(|\btime\.time(_ns)?\("
        r"|\brandom\.(random|randint|choice|shuffle|uniform|gauss)\(|default_rng\(\)"
    )
    return [
        hit
        for path, text in python_files(tree, "python/omega/")
        for hit in hits(path, text, banned, "wall clock or unseeded random")
    ]


def exceptions_carry_a_reason(tree: Tree) -> list[str]:
    """A lint that is lifted is named, with the reason."""
    found = []
    for path, text in rust_files(tree):
        for match in re.finditer(r"#!?\[(allow|expect)\([^\]]*\)\]", text):
            if "reason" not in match[0]:
                found.append(f"{place(path, text, match.start())}: {match[1]} without a reason")
    for path, text in python_files(tree):
        found += hits(path, text, r"#[ ]noqa(?!: [A-Z0-9, ]+ - \w)", "noqa without a reason")
        found += hits(path, text, r"#[ ]type: ignore(?!\[[\w, -]+\] +# \w)", "without a reason")
    return found


def locks_name_no_server(tree: Tree) -> list[str]:
    """Pinned dependencies come from wherever the person's own tools are told to look."""
    found = []
    for path, content in tree.items():
        name = PurePosixPath(path).name
        if re.fullmatch(r"requirements.*\.txt", name):
            found += hits(path, content.decode(), r"://|^-|^\s+--(?!hash)", "an address or option")
        if name == "Cargo.lock":
            crates = r'source = "(?!registry\+https://github\.com/rust-lang/crates\.io-index")'
            found += hits(path, content.decode(), crates, "a source other than crates.io")
        if name in {"pyproject.toml", "Makefile", "run", "config.toml"}:
            found += hits(path, content.decode(), r"index-url|find-links|extra-index", "a server")
    return found


def nothing_names_a_machine(tree: Tree) -> list[str]:
    """No path of the machine that somebody worked on is in the tree."""
    pattern = r"(?<![\w.])/(work|farm|root|home|Users)/\w"
    return [
        hit
        for path, content in tree.items()
        if not path.endswith((".lock", ".parquet", ".png"))
        for hit in hits(path, content.decode(errors="replace"), pattern, "a path of one machine")
    ]


def nothing_large_or_built(tree: Tree) -> list[str]:
    """Large files are generated, and what a build makes is not kept."""
    built = re.compile(r"\.(so|pyd|pyc|whl|rlib|dylib|dll|a|o)$|(^|/)(target|__pycache__|dist)/")
    found = [f"{path}: a built file" for path in tree if built.search(path)]
    for path, content in tree.items():
        if len(content) > BYTES_OF_FILE:
            found.append(f"{path}: {len(content)} bytes, expected {BYTES_OF_FILE} or fewer")
    return found


def one_noun_in_every_place(tree: Tree) -> list[str]:
    """A folder of the core, of tests/ and a page of concepts has the name of a stage."""
    known = {*FLOW, *ABOVE_THE_FLOW}
    core = folders(tree, CORE) - {*VOCABULARY}
    tests = folders(tree, "tests/")
    pages = {PurePosixPath(path).stem for path in tree if path.startswith("docs/concepts/")}
    found = [f"{CORE}{name}/: no stage has this name" for name in sorted(core - known)]
    found += [f"tests/{name}/: no stage" for name in sorted(tests - known - KINDS_OF_TEST)]
    found += [f"docs/concepts/{name}.md: no stage" for name in sorted(pages - known - ESSAYS)]
    for stage in FLOW[: FLOW.index("strategies")]:
        module = {f"python/omega/{stage}.py", f"python/omega/{stage}/__init__.py"} & {*tree}
        if module and stage not in tests:
            found.append(f"{min(module)}: there is no tests/{stage}/")
    return found


def rules_are_cited_by_letter(tree: Tree) -> list[str]:
    """Every rule or reading that is cited is printed, and none is cited by a bare number."""
    printed = {
        name
        for path in ("docs/reference/rules.md", "docs/concepts/execution.md")
        for name in re.findall(r"^### ([A-Z]+[\d.]+) ", tree.get(path, b"").decode(), re.MULTILINE)
    }
    found = []
    for path, content in tree.items():
        if not path.endswith((".py", ".pyi", ".rs", ".md")):
            continue
        text = content.decode()
        for match in re.finditer(CITED, text):
            names = re.findall(RULE, match[0])
            found += [
                f"{place(path, text, match.start())}: {name} is not printed"
                for name in names
                if name not in printed
            ]
        found += hits(path, text, r"\b[Rr]ules?\s+\d|\blines? \d+ of \[?[Ee]xecution", "no letter")
        if path.startswith("docs/guides/"):  # in tables: "the same (8)"
            found += hits(path, text, r"\w \(\d+(?:(?:,| to) \d+)*\)(?=[;,]| \|)", "no letter")
        if path.startswith(("python/omega/", "rust/")):
            found += hits(path, text, r"(?:[(;] ?|# )steps? \d", "no letter")
    return found


def the_doors_are_named(tree: Tree) -> list[str]:
    """The README names two targets, and a change passes those of `PASSED` and nothing else."""
    found = []
    readme = tree.get("README.md", b"").decode()
    found += [
        f"README.md: no `{door}`" for door in ("make demo", "make test") if door not in readme
    ]
    calls = re.findall(r"^make .*", tree.get(".ci/run", b"").decode(), re.MULTILINE)
    if calls != PASSED:
        found.append(f".ci/run: calls {calls}, expected {PASSED}")
    return found


CHECKS: tuple[Check, ...] = (
    pyo3_stays_in_the_binding,
    pyclasses_are_frozen,
    stages_import_backwards,
    functions_are_short,
    files_are_short,
    lines_are_short,
    nothing_can_panic_on_purpose,
    libraries_do_not_print,
    no_clock_and_no_chance,
    exceptions_carry_a_reason,
    locks_name_no_server,
    nothing_names_a_machine,
    nothing_large_or_built,
    one_noun_in_every_place,
    rules_are_cited_by_letter,
    the_doors_are_named,
)


def rust_files(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield each Rust file, cut where its tests begin."""
    for path, content in tree.items():
        if path.endswith(".rs"):
            yield path, content.decode().split("\n#[cfg(test)]\nmod ")[0]


def rust_library(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield the files of the core and of the binding, without tests."""
    for path, text in rust_files(tree):
        if path.startswith((CORE, BINDING)) and PurePosixPath(path).name != "tests.rs":
            yield path, text


def without_comments(text: str) -> str:
    """Return Rust text with the same lines and no comments."""
    return re.sub(r"//.*", "", text)


def python_files(tree: Tree, folder: str = "") -> Iterator[tuple[str, str]]:
    """Yield the Python files below a folder."""
    for path, content in tree.items():
        if path.startswith(folder) and path.endswith(".py"):
            yield path, content.decode()


def folders(tree: Tree, below: str) -> set[str]:
    """Return the names of the folders directly below a folder."""
    rests = [path.removeprefix(below) for path in tree if path.startswith(below)]
    return {rest.split("/")[0] for rest in rests if "/" in rest}


def importable(stage: str) -> set[str]:
    """Return the modules that a stage may import, itself aside."""
    return {*VOCABULARY, *FLOW[: FLOW.index(stage)]}


def imported_by_rust(text: str) -> set[str]:
    """Return the top modules of the crate that a file names, also inside `crate::{...}`."""
    names = set(re.findall(r"\bcrate::(\w+)", text))
    for group in re.findall(r"\bcrate::\{(.*?)\};", text, re.DOTALL):
        flat = re.sub(r"\{[^{}]*\}", "", re.sub(r"\{[^{}]*\}", "", group))
        names |= {part.split("::")[0].strip() for part in flat.split(",") if part.strip()}
    return names & {*FLOW}


def python_functions(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield line, name and length of each function, its docstring left out."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                length -= (first.end_lineno or first.lineno) - first.lineno + 1
            yield node.lineno, node.name, length


def rust_functions(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield line, name and length of each function; the text is as rustfmt leaves it."""
    lines = text.splitlines()
    start = re.compile(r"( *)(?:pub(?:\([^)]*\))? )?(?:const |async |unsafe )*fn (\w+)")
    for number, line in enumerate(lines):
        match = start.match(line)
        if not match:
            continue
        rest = range(number, len(lines))
        head = next((i for i in rest if lines[i].endswith(("{", ";", "}"))), number)
        if lines[head].endswith("{"):
            closing = f"{match[1]}}}"
            end = next((i for i in rest if lines[i] == closing), len(lines))
            yield number + 1, match[2], end - number + 1


def hits(path: str, text: str, pattern: str, problem: str) -> list[str]:
    """Return one line for each place where a pattern occurs."""
    return [
        f"{place(path, text, match.start())}: {problem}: {match[0].strip()}"
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]


def place(path: str, text: str, position: int) -> str:
    """Return path and line of a position in a text."""
    return f"{path}:{text.count(chr(10), 0, position) + 1}"
