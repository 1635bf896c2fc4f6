"""The ledger of trials: counted once, in any session, and never without a trace."""

from __future__ import annotations

import json
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import omega
from omega import ConfigError
from omega.errors import TrialsChanged
from omega.sweeps.ledger import TrialLedger
from tests.sweeps.test_trust import CANDLES, walk

NATIVE = omega.native("sma_cross", slow=13)


def sweep(ledger: object, fast: list[int], **options: object) -> omega.SweepResult:
    given: dict[str, Any] = {"trials": ledger, **options}
    return omega.sweep(CANDLES, NATIVE, {"fast": fast}, **given)


def test_trials_count_once_in_any_session(tmp_path: Path) -> None:
    path = tmp_path / "book" / "trials"
    first = sweep(path, [2, 3])
    assert first.trust().distinct == 2
    second = sweep(str(path), [3, 4, 5])
    assert second.trust().distinct == 4
    third = sweep(omega.trials(path), [2, 3])
    assert third.trust().distinct == 4
    rows = omega.trials(path).to_polars()
    assert rows["number"].to_list() == [1, 2, 3, 4]
    assert [json.loads(one)["fast"] for one in rows["parameters"]] == [2, 3, 4, 5]
    assert rows["data"].n_unique() == rows["strategy"].n_unique() == 1
    assert len(omega.trials(path).of_data(rows["data"][0])) == 4
    dsr = [one.to_polars()["dsr"][0] for one in (first, third)]
    assert dsr[0] != dsr[1]


def test_other_data_is_another_search(tmp_path: Path) -> None:
    path = tmp_path / "trials"
    sweep(path, [2, 3])
    other = omega.sweep(walk(seed=2), NATIVE, {"fast": [2]}, trials=path)
    assert other.trust().distinct == 1
    several = omega.sweep(
        None, NATIVE, {"data": {"one": CANDLES, "two": walk(seed=2)}, "fast": [2]}, trials=path
    )
    assert several.trust().distinct == 3
    assert len(omega.trials(path)) == 5  # the data is a parameter of the last two


def test_it_is_off_by_default_and_on_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trials"
    sweep(None, [2])
    assert not path.exists()
    monkeypatch.setenv("OMEGA_TRIALS", str(path))
    sweep(None, [2])
    assert len(omega.trials(path)) == 1
    monkeypatch.setenv("OMEGA_TRIALS", "")
    sweep(None, [3])
    assert len(omega.trials(path)) == 1


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "trials"
    sweep(path, [2, 3, 4])
    return path


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines(keepends=True)


@pytest.mark.parametrize(("gone", "row"), [(0, 1), (1, 2), (2, 3)])
def test_a_removed_row_is_named(ledger: Path, gone: int, row: int) -> None:
    kept = lines(ledger)
    del kept[gone]
    ledger.write_text("".join(kept))
    with pytest.raises(TrialsChanged, match=f"row {row} .* removed") as caught:
        omega.trials(ledger)
    assert caught.value.row == row
    with pytest.raises(TrialsChanged):
        sweep(ledger, [5])


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_changed_row_is_named(ledger: Path, row: int) -> None:
    kept = lines(ledger)
    entry = json.loads(kept[row])
    entry["sharpe"] = 0.0
    kept[row] = json.dumps(entry, sort_keys=True) + "\n"
    ledger.write_text("".join(kept))
    with pytest.raises(TrialsChanged, match=f"row {row + 1} .* changed"):
        omega.trials(ledger)
    kept[row] = "nonsense\n"
    ledger.write_text("".join(kept))
    with pytest.raises(TrialsChanged, match=f"row {row + 1} .* changed"):
        omega.trials(ledger)


def test_rows_in_another_order_and_a_lost_head_show(ledger: Path) -> None:
    kept = lines(ledger)
    ledger.write_text("".join([kept[1], kept[0], kept[2]]))
    with pytest.raises(TrialsChanged, match="row 1"):
        omega.trials(ledger)
    ledger.write_text("".join(kept))
    head = ledger.with_name("trials.head")
    known = head.read_text()
    head.unlink()
    with pytest.raises(TrialsChanged, match="is gone"):
        omega.trials(ledger)
    head.write_text("x")
    with pytest.raises(TrialsChanged, match="is damaged"):
        omega.trials(ledger)
    head.write_text(known)
    assert len(omega.trials(ledger)) == 3


def test_what_a_killed_process_left_is_gone_on_with(ledger: Path) -> None:
    """It had written a row and not the head, and half of another row."""
    head = ledger.with_name("trials.head")
    before = head.read_text()
    sweep(ledger, [5])
    head.write_text(before)
    with ledger.open("a") as file:
        file.write('{"number": 5, "da')
    assert len(omega.trials(ledger)) == 4
    sweep(ledger, [6])
    assert omega.trials(ledger).to_polars()["number"].to_list() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("begun", [True, False])
def test_rows_that_another_process_adds_meanwhile_are_no_change(
    ledger: Path, begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ledger if begun else ledger.with_name("new")
    read, late = vars(TrialLedger)["_head_text"], [5]

    def slow(self: TrialLedger) -> str | None:
        found: str | None = read(self)
        while late:
            sweep(path, [late.pop()])
        return found

    monkeypatch.setattr(TrialLedger, "_head_text", slow)
    assert len(omega.trials(path)) == (4 if begun else 1)


def test_first_rows_of_a_process_that_is_killed_are_a_ledger(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ledger.with_name("new")
    write = vars(TrialLedger)["_write_head"]

    def killed(self: TrialLedger, count: int, last: str) -> None:
        if count:
            raise KeyboardInterrupt
        write(self, count, last)

    with monkeypatch.context() as patched:
        patched.setattr(TrialLedger, "_write_head", killed)
        with pytest.raises(KeyboardInterrupt):
            sweep(path, [5])
    assert len(omega.trials(path)) == 1
    sweep(path, [6])
    assert omega.trials(path).to_polars()["number"].to_list() == [1, 2]


def add(path: str, number: int) -> None:
    entry = {"data": "d", "strategy": "s", "parameters": str(number), "fingerprint": str(number),
             "sharpe": 0.1, "days": 9}  # fmt: skip
    for part in range(5):
        omega.trials(path).add([{**entry, "fingerprint": f"{number} {part}"}])


def test_processes_write_one_after_the_other(tmp_path: Path) -> None:
    path = str(tmp_path / "trials")
    workers = [get_context("spawn").Process(target=add, args=(path, n)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(omega.trials(path)) == 10


@pytest.mark.parametrize("given", ["", 5, b"", object(), "\0"])
def test_what_is_no_path_is_refused(given: object) -> None:
    with pytest.raises(ConfigError, match="trials"):
        omega.trials(given)  # type: ignore[arg-type]  # what is wrong about it


def test_a_folder_is_no_ledger_and_trials_need_fingerprints(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        omega.trials(tmp_path)
    with pytest.raises(ConfigError, match="fingerprint=True"):
        sweep(tmp_path / "trials", [2], fingerprint=False)


def test_a_saved_result_keeps_what_it_was_counted_among(tmp_path: Path) -> None:
    sweep(tmp_path / "trials", [2, 3, 7])
    made = sweep(tmp_path / "trials", [4, 5], daily=True)
    loaded = omega.SweepResult.load(made.save(tmp_path / "saved"))
    assert made.trust().distinct == 5
    assert loaded.trust() == made.trust()
    assert loaded.to_polars().equals(made.to_polars())
    assert repr(loaded.best()) == repr(made.best())


def test_a_saved_result_of_before_has_no_ledger(tmp_path: Path) -> None:
    made = sweep(None, [4, 5])
    manifest = made.save(tmp_path / "saved") / "sweep-result.json"
    kept = json.loads(manifest.read_text("utf-8"))
    assert kept.pop("ledger") == {}
    manifest.write_text(json.dumps(kept), "utf-8")
    assert omega.SweepResult.load(tmp_path / "saved").trust() == made.trust()


def test_false_leaves_a_sweep_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trials"
    monkeypatch.setenv("OMEGA_TRIALS", str(path))
    omega.sweep(CANDLES, NATIVE, {"fast": [2, 3]}, trials=False)
    assert not path.exists()


def test_ratios_over_few_days_count_and_do_not_widen(tmp_path: Path) -> None:
    path = tmp_path / "trials"
    alone = sweep(path, [2, 3]).trust()
    days = CANDLES["time"].dt.date().unique().sort()
    sweep(path, [2, 3, 5], end=str(days[len(days) // 4]))
    after = sweep(path, [2, 3]).trust()
    assert (alone.distinct, after.distinct) == (2, 5)
    assert after.sharpe_variance == alone.sharpe_variance
    long = sweep(path, [2, 3, 5], end=str(days[3 * len(days) // 4]))
    assert sweep(path, [2, 3]).trust().sharpe_variance != alone.sharpe_variance
    assert long.trust().distinct == 8


def test_a_walk_forward_counts_the_runs_that_it_chooses_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMEGA_TRIALS", str(tmp_path / "trials"))
    days = CANDLES["time"].dt.date().n_unique()
    words: dict[str, Any] = {"train": f"{days // 2}d", "test": f"{days // 5}d"}
    wf = omega.walk_forward(CANDLES, NATIVE, {"fast": [2, 3]}, objective="total_return", **words)
    wf.trust()
    rows = omega.trials(tmp_path / "trials").to_polars()
    trained = {one for made in wf.sweeps for one in made.to_polars()["fingerprint"]}
    assert trained <= set(rows["fingerprint"])
    assert min(rows["days"].to_list()) >= days // 2 - 2
