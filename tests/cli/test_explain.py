"""Explanations: each error names its entry, and every command answers in JSON as well."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result

from omega import errors
from omega.cli import main
from omega.remedies import explained, remedies
from tests.support.backends import WITHOUT_CORE

NEVER = "import omega\n\ndef never(bar):\n    return None\n"


def omega(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize("anchor", remedies())
def test_every_entry_is_printed(anchor: str) -> None:
    done = omega("explain", anchor)
    one = remedies()[anchor]
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{one.name}: ")
    pages = {"finding": "importing-data", "weight": "portfolios"}
    page = pages.get(one.kind, "troubleshooting")
    assert f"{page}.html#{anchor}\n" in done.stdout
    assert "](" not in done.stdout


def test_a_reason_and_a_notice_of_one_name_are_both_explained() -> None:
    done = omega("explain", "stale")
    assert "stale: a refused or cancelled order" in done.stdout
    assert "stale: a notice" in done.stdout
    assert [one.anchor for one in explained("reject-stale")] == ["reject-stale"]
    assert explained("omega.errors.configerror") == explained("ConfigError")


def test_all_names_are_listed() -> None:
    listed = " ".join(omega("explain").stdout.split())
    for one in remedies().values():
        assert one.name in listed


def test_explanations_as_json() -> None:
    [entry] = json.loads(omega("explain", "no_swap", "--json").stdout)["entries"]
    assert entry["anchor"] == "notice-no_swap"
    assert {"kind", "name", "what", "do"} < {*entry}
    everything = json.loads(omega("explain", "--json").stdout)["entries"]
    assert [one["anchor"] for one in everything] == [*remedies()]


def test_a_name_without_an_entry_is_refused_with_the_nearest() -> None:
    done = omega("explain", "ConfgError")
    assert done.exit_code == 1
    assert "Did you mean 'ConfigError'?" in done.stderr
    assert "What to do: omega explain ConfigError" in done.stderr
    assert "lists all names" in omega("explain", "qqqqqq").stderr


@pytest.mark.parametrize("name", [name for name in errors.__all__ if "Warning" not in name])
def test_an_error_names_its_entry_once(name: str) -> None:
    error = getattr(errors, name)("what, where, why")
    assert error.__notes__ == [f"What to do: omega explain {name}"]
    assert explained(error.__notes__[0].split()[-1])


def test_an_error_of_the_users_own_names_that_of_its_base() -> None:
    class Mine(errors.ConfigError):
        pass

    assert Mine("what").__notes__ == ["What to do: omega explain ConfigError"]


def commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)


@pytest.mark.parametrize("words", [*commands(main)], ids=" ".join)
def test_every_command_takes_json(words: tuple[str, ...]) -> None:
    assert " --json " in omega(*words, "--help").stdout


def test_a_completion_is_json_too() -> None:
    found = json.loads(omega("completion", "bash", "--json").stdout)
    assert found["shell"] == "bash"
    assert found["script"].strip() == omega("completion", "bash").stdout.strip()


def test_prices_of_another_type_are_cast_where_the_command_says_so(tmp_path: Path) -> None:
    (tmp_path / "never.py").write_text(NEVER, encoding="utf-8")
    omega("data", "sample", "EURUSD", tmp_path / "eurusd.parquet")
    narrow = pl.read_parquet(tmp_path / "eurusd.parquet").cast({pl.Float64: pl.Float32})
    narrow.write_parquet(tmp_path / "narrow.parquet")
    words = [f"{tmp_path / 'never.py'}:never", tmp_path / "narrow.parquet"]
    done = omega("run", *words)
    assert done.exit_code == 1
    assert "Pass --cast to" in done.stderr
    assert "cast=True" not in done.stderr
    cast = json.loads(omega("run", *words, "--cast", "--json").stdout)
    assert "cast" in [notice["kind"] for notice in cast["notices"]]
    file = tmp_path / "run.toml"
    named = "strategy = 'never.py:never'\ndata = 'narrow.parquet'\ncast = true"
    file.write_text(f"[run]\n{named}\n", encoding="utf-8")
    again = json.loads(omega("run", file, "--json").stdout)
    assert again["fingerprint"] == cast["fingerprint"]


@pytest.mark.skipif(WITHOUT_CORE, reason="a wheel has the core")
def test_doctor_says_which_interpreter_and_which_wheel() -> None:
    found = json.loads(omega("doctor", "--json").stdout)
    assert found["interpreter"] == sys.executable
    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert version in found["wheel"]
    assert f"cache bytes     {found['cache_bytes']:,}" in omega("doctor").stdout
