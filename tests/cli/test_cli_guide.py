"""The guide of the command line covers all that there is."""

import re
import tomllib
from pathlib import Path

from omega.cli import _runfile, main

TOP = Path(__file__).resolve().parents[2]
GUIDE = (TOP / "docs" / "guides" / "command-line.md").read_text(encoding="utf-8")


def test_every_command_has_a_line() -> None:
    told = set(re.findall(r"^\| `omega ([a-z]+(?: [a-z]+)?)[ `]", GUIDE, re.MULTILINE))
    commands = {name for name in main.commands if name != "data"}
    of_data = main.commands["data"]
    commands |= {f"data {name}" for name in getattr(of_data, "commands", {})}
    assert {name.removesuffix(" bash") for name in told} == commands


def test_the_run_file_of_the_guide_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    for section, content in tomllib.loads(text).items():
        known = _runfile.SECTIONS[section]
        assert known is None or set(content) <= set(known)


def test_every_key_of_a_run_file_has_its_place() -> None:
    for section, keys in _runfile.SECTIONS.items():
        assert f"`[{section}]`" in GUIDE
        assert all(re.search(rf"\b{key}\b", GUIDE) for key in keys or {})
