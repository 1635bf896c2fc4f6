"""Goal: whoever types a command is answered in flags, and sees the worst of a file first.

Method: files that need one thing to be said; the answer is typed as it was given.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import omega
from omega.cli import main
from omega.cli._wording import in_flags

ROW = "1.10,1.12,1.09,1.11,5\n"
HEAD = "timestamp,open,high,low,close,volume\n"


def typed(*words: object) -> Result:
    return CliRunner().invoke(main, ["data", "import", *map(str, words)])


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (HEAD + f"2024-01-02 00:00+00:00,{ROW}", "--bar-time open"),
        (HEAD + f"2024-01-17 00:00,{ROW}", "--time-zone UTC"),
        (HEAD + f"01/02/2024 00:00,{ROW}", "--option dates=day-first"),
        ("Date,Open,High,Low,Close\n" + "".join(
            f"2024-01-0{day},1,2,1,2\n" for day in (4, 3, 2)), "--sort"),
        ("Date;Open;High;Low;Close\n2024-01-17;109,250;109,300;109,200;109,250\n",
         "--option decimal=,"),
        ("Date,Open,High,Low,Close,Spread\n2024-01-17,1.10401,1.2,1,1.1,20\n",
         "--option point=0.00001"),
        ("2024.01.02 00:00:00.065,1.1,1.2,1.50,0.75\n", "--timeframe M1"),
        ("date,symbol,open,high,low,close\n2024-01-17,AAA,1,2,1,2\n2024-01-17,BBB,1,2,1,2\n",
         "--symbol AAA"),
        ("date,AAA,BBB,CCC\n2024-01-02,1,2,3\n", "--option \"columns={'close': 'AAA'}\""),
    ],
)  # fmt: skip
def test_what_has_to_be_stated_is_asked_for_in_flags(
    text: str, answer: str, tmp_path: Path
) -> None:
    file = put(tmp_path, "bars.csv", text)
    said = typed(file)
    assert said.exit_code == 1
    assert answer in said.output
    for python in ("bar_time=", "time_zone=", 'dates="', "sort=", 'decimal="', "symbol="):
        assert python not in said.output.replace("--option dates=", "")


def test_each_answer_can_be_typed_as_it_is_given(tmp_path: Path) -> None:
    file = put(tmp_path, "bars.csv", HEAD + "".join(f"0{d}/02/2024 05:00,{ROW}" for d in (3, 2, 1)))
    words: list[str] = []
    for answer in ("--time-zone UTC", "--sort"):
        said = typed(file, *words)
        assert (said.exit_code, answer in said.output) == (1, True), said.output
        words += shlex.split(answer)
    assert typed(file, *words, "--bar-time", "open").exit_code == 0
    store = omega.CandleStore(file.with_suffix(".arrow"))
    assert f"{store.time_range()[0]:%Y-%m-%d}" == "2024-02-01"


def test_the_table_shows_the_worst_first_with_file_and_row(tmp_path: Path) -> None:
    rows = [f"2024-01-02 0{k // 6}:{k % 6}0+00:00,{ROW}" for k in range(40)]
    rows[20] = rows[20].replace("1.09", "-1")
    text = HEAD + "".join(row for k, row in enumerate(rows) if k not in (5, 11, 30))
    said = typed(put(tmp_path, "bars.csv", text), "--bar-time", "open")
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    found = [line for line in lines if line.startswith("found: ")]
    assert found[0].startswith("found: 1 nonpositive (kept): -1, row 18 of bars.csv")
    assert found[-1].startswith("found: 3 gap (kept): worst 0:20:00")
    assert "findings, the worst first" in said.output
    assert "What to do: omega explain " in said.output
    assert "│ nonpositive" in next(line for line in lines if "│" in line)


def test_options_are_known_and_words_are_truth_values(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close\n" + "".join(f"2024-01-0{d},1,2,1,2\n" for d in (4, 3, 2))
    file = put(tmp_path, "bars.csv", text)
    assert "'sorted' is unknown. Did you mean 'sort'?" in typed(file, "--option", "sorted=1").output
    assert typed(file, "--option", "sort=false").exit_code == 1
    assert typed(file, "--option", "sort=true").exit_code == 0


def test_paths_and_other_words_stay_as_they_are() -> None:
    flags, others = ("symbol", "time_zone"), ("dates",)
    for text in ("/data/symbol=EURUSD/x.csv: damaged", "the symbols A, B", "a symbol is missing"):
        assert in_flags(text, flags, others) == text
    assert in_flags("State time_zone= and dates=", flags, others) == (
        "State --time-zone and --option dates="
    )
    assert in_flags("dates: given 'x', expected 'day-first'", flags, others) == (
        "dates: given 'x', expected 'day-first'"
    )
