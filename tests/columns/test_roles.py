"""Goal: a column is found by its name, by the user's word, or refused; never guessed."""

from __future__ import annotations

import pytest

from omega.data import roles
from omega.errors import ConfigError, InvalidCandleData

PLAIN = ["open", "high", "low", "close"]
BID = [f"bid_{price}" for price in PLAIN]
ASK = [f"ask_{price}" for price in PLAIN]


@pytest.mark.parametrize(
    "name", ["time", "Timestamp", "DATETIME", "date", "ts", "open_time", "Open_Time"]
)
def test_time_has_many_names(name: str) -> None:
    assert roles.find([name, *PLAIN], {})["time"] == name


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["time", *PLAIN], ["time", *PLAIN]),
        (["time", *PLAIN, "spread", "other"], ["time", *PLAIN, "spread"]),
        (["time", *BID], ["time", *BID]),
        (["time", *BID, *ASK, "spread", "volume"], ["time", *BID, *ASK, "volume"]),
        (["ask", "bid", "time"], ["time", "bid", "ask"]),
        (["TIME", "Open", "HIGH", "Low", "cLose"], ["time", *PLAIN]),
    ],
)
def test_layouts(names: list[str], found: list[str]) -> None:
    assert list(roles.find(names, {})) == found


def test_the_user_has_the_last_word() -> None:
    names = ["when", "px_o", "h", "l", "px_c", "open"]
    mapping = {"time": "when", "open": "px_o", "high": "h", "low": "l", "close": "px_c"}
    assert roles.find(names, mapping) == mapping
    both = ["time", "date", *BID, *PLAIN]
    assert "bid_open" in roles.find(both, {"bid_open": "bid_open"})


@pytest.mark.parametrize(
    ("names", "mapping", "match"),
    [
        (["ts", "date", *PLAIN], {}, r"'ts', 'date' could each be the time column.*columns="),
        (["time", *PLAIN, *BID], {}, r"the prices could be \(bid_open.*or \(open"),
        (["time", *PLAIN, "bid", "ask"], {}, r"or \(bid, ask\)"),
        (["time", *PLAIN], {"opne": "open"}, "'opne' is no role. Did you mean 'open'"),
        (["time", *PLAIN], {"open": "opn"}, "no column 'opn'. Did you mean 'open'"),
    ],
)
def test_ambiguous_and_unknown_names_are_refused(
    names: list[str], mapping: dict[str, str], match: str
) -> None:
    with pytest.raises(ConfigError, match=match):
        roles.find(names, mapping)


@pytest.mark.parametrize(
    ("names", "column", "match"),
    [
        (PLAIN, "time", "column 'time' is missing"),
        (
            ["time", "open", "hihg", "low", "close"],
            "high",
            r"Did you mean columns=\{'high': 'hihg'\}",
        ),
        (["time", *BID, *ASK[:3]], "ask_close", "ask_close"),
        (["time", *PLAIN, *ASK], "bid_open", "bid_open"),
        (["time", "bid"], "ask", "ask"),
        (["time"], "bid_open", "is missing"),
    ],
)
def test_missing_columns_are_named(names: list[str], column: str, match: str) -> None:
    with pytest.raises(InvalidCandleData, match=match) as caught:
        roles.find(names, {})
    assert (caught.value.column, caught.value.row) == (column, None)


def test_a_side_may_carry_its_name_or_not() -> None:
    assert roles.find_side(["ts", *PLAIN], roles.ASK, {})["ask_high"] == "high"
    assert roles.find_side(["ts", *ASK], roles.ASK, {})["ask_high"] == "ask_high"
    with pytest.raises(InvalidCandleData, match="'ask_low' is missing"):
        roles.find_side(["ts", "ask_open", "ask_high"], roles.ASK, {})
