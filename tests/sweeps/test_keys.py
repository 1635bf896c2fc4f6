"""What the key of a run covers: everything that a result depends on, and nothing else."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omega
from omega.errors import ConfigError
from omega.keys import differing, key_of
from tests.support.key_variants import OTHER, SAME, key
from tests.support.sweep_strategies import Cross, walk

TOP = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join([str(TOP), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)
HANDLE: Any = threading.Lock()


def fresh(seed: str, *words: str) -> dict[str, str]:
    """Give all keys as another process finds them."""
    program = TOP / "tests" / "support" / "key_variants.py"
    done = subprocess.run(
        [sys.executable, str(program), *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": PATH, "PYTHONHASHSEED": seed},
        timeout=120,
    )
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return fresh("1")


def test_the_key_is_the_same_in_another_process(keys: dict[str, str]) -> None:
    assert fresh("2", "backwards") == keys


def test_whatever_counts_changes_the_key(keys: dict[str, str]) -> None:
    assert len(OTHER) > 100
    assert [name for name in OTHER if keys[name] == keys["nothing"]] == []
    assert len({keys[name] for name in OTHER}) == len(OTHER)


@pytest.mark.parametrize("name", SAME)
def test_what_does_not_count_leaves_it(keys: dict[str, str], name: str) -> None:
    assert keys[name] == keys["nothing"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a global number", "the global LOOKBACK of strategies"),
        ("a global of a helper", "the global WEIGHT of pack.helpers"),
        ("a helper", "the function pack.helpers.mean"),
        ("a helper's helper", "the function pack.far.deep"),
        ("a base class", "the function pack.helpers.Base.inherited"),
        ("an attribute of a base class", "the attribute shared of pack.helpers.Base"),
        ("a dict around", "the variable hold of strategies.outer.<locals>.inner"),
        ("a decorator's argument", "the variable number of strategies.wrapped"),
        ("the default of a parameter", "the attribute fast of strategies.Cross"),
    ],
)
def test_what_differs_is_named(name: str, words: str) -> None:
    found = differing(key(SAME["nothing"]), key(OTHER[name]))
    assert [one for one in found if words in one], found


def of(strategy: Any, **settings: Any) -> str:  # noqa: ANN401 - any form
    return json.dumps(key_of(None, strategy, settings), sort_keys=True)


def test_parameters_of_an_instance_and_of_a_partial_count() -> None:
    def make(factor: float, fast: int) -> omega.Strategy:
        return Cross(fast=int(factor * fast))

    assert of(Cross(fast=3)) == of(Cross(fast=3, slow=20)) != of(Cross(fast=4))
    assert of(functools.partial(make, 2.0)) == of(functools.partial(make, 2.0))
    assert of(functools.partial(make, 2.0)) != of(functools.partial(make, 2))
    assert of(functools.partial(make, float("nan"))) == of(functools.partial(make, np.nan))


def test_a_strategy_that_ran_is_the_one_that_was_given() -> None:
    given = Cross(fast=3)
    before = of(given)
    result = omega.run_backtest(walk(100), given)
    assert of(given) == before
    again = omega.run_backtest(walk(100), Cross(fast=3)).strategy
    assert of(result.strategy) == of(again)


class Sized:
    """A position manager of the user's own."""

    def __init__(self, part: float) -> None:
        self.part = part

    def manage_positions(self, *given: object) -> None:
        return None


def test_settings_count_by_what_their_words_hide(tmp_path: Path) -> None:
    finer = [walk(50), walk(50, seed=6)]
    path = tmp_path / "finer.parquet"
    values: dict[str, list[Any]] = {
        "execution": [omega.Execution(intrabar="magnifier", magnifier=one) for one in finer],
        "conversion": [{"USDJPY": one} for one in finer] + [{"USDJPY": 150.0}],
        "timeframes": [{"H4": one} for one in finer],
        "costs": [
            {"A": omega.Costs(fee=lambda fill: 1.0)},
            {"A": omega.Costs(fee=lambda fill: 2.0)},
        ],
        "calendar": [omega.calendars.FX, omega.calendars.CRYPTO, "XNYS"],
        "position_manager": [Sized(0.5), Sized(0.25)],
        "sizer": [omega.FixedLots(1.0), omega.FixedLots(2.0), omega.EquityPercent(1.0)],
        "instruments": [omega.instruments.get("EURUSD"), omega.instruments.get("GBPUSD")],
    }
    for name, several in values.items():
        keys = [of(Cross, **{name: one}) for one in several]
        assert len(set(keys)) == len(several), name
        assert keys == [of(Cross, **{name: one}) for one in several]
    for frame in finer:
        frame.write_parquet(path)
        execution = omega.Execution(intrabar="magnifier", magnifier=str(path))
        values.setdefault("path", []).append(of(Cross, execution=execution))
    assert len(set(values["path"])) == 2


class Locked(Cross):
    """One with something that has no content."""

    def init(self) -> None:
        with HANDLE:
            super().init()


def test_what_has_no_content_is_refused_with_the_remedy() -> None:
    class Opened(Cross):
        file = Path(__file__).open(encoding="utf-8")  # noqa: SIM115 - what is tested

    def imports(fast: int) -> omega.Strategy:
        return __import__("tests").Cross(fast=fast)  # type: ignore[no-any-return]  # of a test

    for strategy, named in (
        (Locked, "strategy: the global HANDLE of .*test_keys holds a lock"),
        (Opened, "strategy: the attribute file of .*Opened holds a TextIOWrapper"),
        (imports, "imports what is only known when it runs"),
        (functools.partial(Cross, fast=HANDLE), "what it is holds a lock"),
    ):
        with pytest.raises(ConfigError, match=rf"{named}.*version='2'"):
            of(strategy)
        one, other = (key_of(None, strategy, {}, version=text) for text in ("1", "2"))
        assert differing(one, other) == ["version"]
        assert key_of(None, strategy, {}, version="1") == one
    Opened.file.close()


def test_a_version_stands_for_code_and_not_for_values() -> None:
    def given(fee: float, fast: int) -> Any:  # noqa: ANN401 - a key
        costs = omega.Costs(fee=lambda fill: fee, fee_min=fee)
        return key_of(None, Cross(fast=fast), {"costs": costs}, version="1")

    assert differing(given(1.0, 3), given(2.0, 3)) == ["settings: costs.fee_min"]
    assert differing(given(1.0, 3), given(1.0, 4)) == ["strategy: its attribute fast"]
    with pytest.raises(ConfigError, match="version: given ''"):
        key_of(None, Cross, {}, version="")
