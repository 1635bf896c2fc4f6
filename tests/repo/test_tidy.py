"""The repository keeps its own rules, and each check finds what it is there to find."""

from pathlib import Path

import pytest

from tests.repo import tidy

TOP = Path(__file__).resolve().parents[2]
STORE = f"{tidy.CORE}store/mod.rs"
LONG_RUST = "fn long() {\n" + "    step();\n" * 70 + "}\n"
LONG_PYTHON = "def long():\n" + "    step()\n" * 70

PLANTED: list[tuple[tidy.Check, str, str]] = [
    (tidy.pyo3_stays_in_the_binding, STORE, "use pyo3::prelude::*;\n"),
    (tidy.pyo3_stays_in_the_binding, "rust/omega_core/Cargo.toml", 'pyo3 = "1"\n'),
    (tidy.pyclasses_are_frozen, f"{tidy.BINDING}view.rs", "#[pyclass]\nstruct View;\n"),
    (
        tidy.pyclasses_are_frozen,
        f"{tidy.BINDING}view.rs",
        '#[pyclass(\n    module = "omega._core"\n)]\nstruct View;\n',
    ),
    (tidy.stages_import_backwards, STORE, "use crate::execution::Order;\n"),
    (tidy.stages_import_backwards, STORE, "use crate::{columns::Bars, portfolio::{A, B}};\n"),
    (tidy.stages_import_backwards, f"{tidy.CORE}results/mod.rs", "use crate::backtest::Config;\n"),
    (tidy.functions_are_short, STORE, LONG_RUST),
    (tidy.functions_are_short, "python/omega/store.py", LONG_PYTHON),
    (tidy.files_are_short, STORE, "// a line\n" * 501),
    (tidy.files_are_short, "python/omega/store.py", "x = 1\n" * 501),
    (tidy.lines_are_short, STORE, "// " + "x" * 98 + "\n"),
    (tidy.nothing_can_panic_on_purpose, STORE, "fn f() { x.unwrap() }\n"),
    (tidy.nothing_can_panic_on_purpose, STORE, 'fn f() { x.expect("y") }\n'),
    (tidy.nothing_can_panic_on_purpose, STORE, "fn f() { unsafe { g() } }\n"),
    (tidy.nothing_can_panic_on_purpose, tidy.WINDOW, "fn f() { unsafe { g() } }\n"),
    (tidy.libraries_do_not_print, STORE, 'fn f() { println!("x"); }\n'),
    (tidy.libraries_do_not_print, "python/omega/store.py", "print(1)\n"),
    (tidy.no_clock_and_no_chance, "python/omega/store.py", "x = datetime.now()\n"),
    (tidy.no_clock_and_no_chance, "python/omega/store.py", "x = np.random.default_rng()\n"),
    (tidy.exceptions_carry_a_reason, "python/omega/store.py", "x = 1  # no" + "qa: E501\n"),
    (tidy.exceptions_carry_a_reason, "python/omega/store.py", "x = 1  # type" + ": ignore[misc]\n"),
    (tidy.exceptions_carry_a_reason, STORE, "#[allow(dead_code)]\nfn f() {}\n"),
    (tidy.locks_name_no_server, "requirements.txt", "--index-url https://example.org\n"),
    (tidy.locks_name_no_server, "requirements.txt", "numpy @ https://example.org/numpy.whl\n"),
    (tidy.locks_name_no_server, "a/Cargo.lock", 'source = "git+https://example.org/x"\n'),
    (tidy.nothing_names_a_machine, "README.md", "see /" + "home/me/data\n"),
    (tidy.nothing_large_or_built, "data/samples/big.csv", "x" * 1_000_001),
    (tidy.nothing_large_or_built, "python/omega/_core.cpython-311.so", ""),
    (tidy.one_noun_in_every_place, f"{tidy.CORE}engine/mod.rs", ""),
    (tidy.one_noun_in_every_place, "tests/engine/test_engine.py", ""),
    (tidy.one_noun_in_every_place, "docs/concepts/engine.md", ""),
    (tidy.one_noun_in_every_place, "python/omega/store.py", ""),
    (tidy.rules_are_cited_by_letter, "python/omega/store.py", '"""Bars (F2, M' + '99)."""\n'),
    (tidy.rules_are_cited_by_letter, "python/omega/store.py", "# by rule\n    M" + "99\n"),
    (tidy.rules_are_cited_by_letter, "python/omega/store.py", "x = 1  # F" + "2.7: a limit\n"),
    (tidy.rules_are_cited_by_letter, "python/omega/store.py", "x = 1  # ru" + "le 31\n"),
    (tidy.rules_are_cited_by_letter, STORE, "/// Walks (st" + "ep 3).\n"),
    (tidy.rules_are_cited_by_letter, "docs/guides/a.md", "| a stop | the same (4, 16) |\n"),
    (tidy.rules_are_cited_by_letter, "docs/concepts/execution.md", "### F2.1 Limit\n(F2)\n"),
    (tidy.the_doors_are_named, "README.md", "make demo\n"),
    (tidy.the_doors_are_named, ".ci/run", "make lint\npytest\n"),
]

ALLOWED: list[tuple[tidy.Check, str, str]] = [
    (tidy.pyo3_stays_in_the_binding, f"{tidy.BINDING}lib.rs", "use pyo3::prelude::*;\n"),
    (
        tidy.pyclasses_are_frozen,
        f"{tidy.BINDING}view.rs",
        '#[pyclass(frozen, module = "omega._core")]\nstruct View;\n',
    ),
    (tidy.stages_import_backwards, f"{tidy.CORE}replay/mod.rs", "use crate::portfolio::Trade;\n"),
    (tidy.stages_import_backwards, STORE, "use crate::{columns::Bars, types::Side};\n"),
    (tidy.functions_are_short, STORE, "fn declared(\n    x: u8,\n) -> u8;\n" + "// x\n" * 99),
    (tidy.nothing_can_panic_on_purpose, STORE, "#![deny(unsafe_code)] // unsafe, unwrap()\n"),
    (tidy.nothing_can_panic_on_purpose, STORE, "\n#[cfg(test)]\nmod tests { x.unwrap() }\n"),
    (tidy.nothing_can_panic_on_purpose, tidy.WINDOW, "// SAFETY: owned\nunsafe { g() }\n"),
    (tidy.exceptions_carry_a_reason, "a.py", "x = 1  # noqa: E501 - a table\n"),
    (tidy.locks_name_no_server, "requirements.txt", "a==1 \\\n    --hash=sha256:0\n"),
    (tidy.one_noun_in_every_place, "tests/golden/test_golden.py", ""),
    (tidy.rules_are_cited_by_letter, "docs/reference/rules.md", "### M2 Profit\nSee (M2).\n"),
    (tidy.rules_are_cited_by_letter, "python/omega/store.py", 'x = f("H1", "D1"), S1(H4)  # M15\n'),
]


@pytest.fixture(scope="module")
def tree() -> tidy.Tree:
    return tidy.read(TOP)


@pytest.mark.parametrize("check", tidy.CHECKS, ids=lambda check: check.__name__)
def test_the_repository_keeps_the_rule(check: tidy.Check, tree: tidy.Tree) -> None:
    assert check(tree) == []


@pytest.mark.parametrize(("check", "path", "text"), PLANTED)
def test_a_planted_violation_is_found(check: tidy.Check, path: str, text: str) -> None:
    found = check({path: text.encode()})
    assert found, f"{check.__name__} overlooks {text[:60]!r}"
    assert any(path.split("/", maxsplit=1)[0] in line for line in found)


@pytest.mark.parametrize(("check", "path", "text"), ALLOWED)
def test_what_is_allowed_is_not_found(check: tidy.Check, path: str, text: str) -> None:
    assert check({path: text.encode()}) == []


def test_every_check_has_a_planted_violation() -> None:
    assert {check for check, _, _ in PLANTED} == {*tidy.CHECKS}
