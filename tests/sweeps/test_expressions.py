"""Expressions: what they give, what they refuse, and that nothing but arithmetic is in them."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from omega.errors import ConfigError
from omega.sweeps.expressions import LONGEST, Expression

VALUES = {"fast": 5, "slow": 20, "sharpe": 1.5, "none": None, "on": True, "off": False}


@pytest.mark.parametrize(("text", "expected"), [
    ("fast < slow", True),
    ("2 * fast <= slow // 3", False),
    ("1 < fast < 6 <= slow", True),
    ("fast == 5 and not slow < 20", True),
    ("off or fast != 5", False),
    ("on and (off or sharpe > 1)", True),
    ("-fast + +slow", 15),
    ("slow % 3 - 1", 1),
    ("slow / 8", 2.5),
    ("fast ** 2", 25.0),
    ("sharpe - 2 * (fast > 4)", -0.5),
    ("none + 1", None),
    ("none < 1", None),
    ("off and none < 1", False),
    ("on or none < 1", True),
    ("on and none < 1", None),
    ("not (none < 1)", None),
    ("fast / 0", None),
    ("fast % 0", None),
    ("(0 - fast) ** 0.5", None),
    ("1e308 * 10 - 1e308 * 10", None),
    ("1e308 * 10", math.inf),
    ("10 ** 400", None),
])  # fmt: skip
def test_what_an_expression_gives(text: str, expected: object) -> None:
    found = Expression(text)(VALUES)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", [
    "", "fast <", "fast = 5", "lambda: 1", "fast.real", "fast[0]", "len(fast)", "__import__('os')",
    "'a' == 'a'", "b'a'", "1j", "...", "None", "[1, 2]", "(1, 2)", "{1}", "{1: 2}", "fast is slow",
    "fast in slow", "fast & slow", "fast << 2", "~fast", "fast if on else slow", "(x := 1)",
    "f'{fast}'", "[x for x in fast]", "*fast", "await fast", "yield", "fast; slow", "fast\x00",
    "fast @ slow", "import os", "\ud800",
])  # fmt: skip
def test_what_is_not_allowed(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        Expression(text, of="constraint")
    assert str(error.value).startswith("constraint: given ")


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="at most 1,000"):
        Expression("1+" * LONGEST + "1")
    with pytest.raises(ConfigError, match="deep"):
        Expression("-" * 200 + "1")
    with pytest.raises(ConfigError):
        Expression("(" * 400 + "1" + ")" * 400)


def test_an_unknown_name_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as error:
        Expression("fsat < slow", known=["fast", "slow"], of="constraint")
    words = str(error.value)
    assert all(one in words for one in ("'fsat < slow'", "'fsat'", "'fast'?", "fast, slow"))


@pytest.mark.parametrize("text", ["fast and slow", "not fast", "on or fast"])
def test_numbers_are_no_truth_values(text: str) -> None:
    odd = {**VALUES, "on": False}
    with pytest.raises(ConfigError, match="no truth value"):
        Expression(text)(odd)


def test_a_text_is_no_number() -> None:
    with pytest.raises(ConfigError, match="'long' is a str"):
        Expression("side == 1")({"side": "long"})


def test_it_travels() -> None:
    again = pickle.loads(pickle.dumps(Expression("fast < 9")))  # noqa: S301 - written here
    assert again(VALUES) is True


NUMBERS = st.one_of(st.integers(-9, 9), st.sampled_from([0.5, 2.0, 1e300])).map(str)
LEAVES = st.one_of(NUMBERS, st.sampled_from(["fast", "slow", "sharpe"]))
SUMS = st.recursive(
    LEAVES,
    lambda one: st.tuples(one, st.sampled_from(["+", "-", "*", "/", "//", "%"]), one).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=8,
)
TRUTHS = st.recursive(
    st.tuples(SUMS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), SUMS).map(" ".join),
    lambda one: st.one_of(
        st.tuples(one, st.sampled_from(["and", "or"]), one).map(lambda p: f"({' '.join(p)})"),
        one.map(lambda text: f"not ({text})"),
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None, phases=[Phase.generate])
@given(st.one_of(SUMS, TRUTHS))
def test_it_gives_what_python_gives(text: str) -> None:
    known = {"fast": 5, "slow": 20, "sharpe": 1.5}
    try:
        expected: Any = eval(text, {"__builtins__": {}}, known)  # noqa: S307 - written here
    except (ZeroDivisionError, OverflowError):
        return
    found = Expression(text, known=known)(known)
    if isinstance(expected, float) and math.isnan(expected):
        assert found is None
    elif found is not None:  # a part that is undefined makes it so where Python has nan
        assert found == expected


@settings(max_examples=300, deadline=None, phases=[Phase.generate])
@given(st.text(max_size=40))
def test_any_text_is_taken_or_refused(text: str) -> None:
    try:
        asked = Expression(text)
        asked(dict.fromkeys(asked.names, 2.0))
    except ConfigError:
        pass
    else:
        assert asked.text == text
