"""The other commands: each as a new user would type it, and with a mistake in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

import omega as package
from omega.cli import main
from tests.support.backends import WITHOUT_CORE

TOP = Path(__file__).resolve().parents[2]
SAMPLE = TOP / "data" / "samples" / "random-walk_eurusd_2024-01-01_m1.parquet"
STRATEGY = """
import omega
import polars as pl

class Every(omega.Strategy):
    n: int = 100
    wide: bool = False

    def on_bar(self, bar):
        if bar.index % self.n == 0:
            self.buy(size=0.1, stop_loss=bar.close * 0.999)

leak = omega.Signals(entry=pl.col("close").shift(-1) > pl.col("close"))

def build(candles):
    return omega.Signals(entry=candles["close"].shift(-1) > candles["close"])
"""


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(STRATEGY)
    return file


def omega(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(done: Result, code: int, told: str) -> None:
    """Look whether a mistake was told in one message."""
    assert done.exit_code == code, done.output
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


# --- the whole -----------------------------------------------------------------------------------


def test_every_command_has_help() -> None:
    for words in ((), *((name,) for name in main.commands), ("data", "import")):
        done = omega(*words, "--help")
        assert done.exit_code == 0
        assert "Usage:" in done.stdout


def test_a_command_that_there_is_not_is_refused_with_the_nearest() -> None:
    refused(omega("runn"), 2, "there is no command 'runn'. Did you mean 'run'?")
    refused(omega("data", "chek"), 2, "Did you mean 'check'?")
    refused(omega("xyz"), 2, "There are bench, completion, data, doctor")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(shell: str) -> None:
    done = omega("completion", shell)
    assert done.exit_code == 0, done.output
    assert "_OMEGA_COMPLETE" in done.stdout


def test_a_shell_that_is_not_known_is_refused() -> None:
    refused(omega("completion", "tcsh"), 2, "'tcsh' is not one of 'bash', 'zsh', 'fish'")


# --- data ----------------------------------------------------------------------------------------


def crossed(folder: Path) -> Path:
    """Return the sample with three rows whose ask is below the bid."""
    bad = pl.int_range(pl.len()).is_in([5, 6, 700])
    lowered = [
        pl.when(bad).then(pl.col(name) - 0.01).otherwise(pl.col(name)).alias(name)
        for name in ("ask_open", "ask_high", "ask_low", "ask_close")
    ]
    file = folder / "crossed.parquet"
    pl.read_parquet(SAMPLE).with_columns(lowered).write_parquet(file)
    return file


def test_check_finds_nothing_in_good_data() -> None:
    done = omega("data", "check", SAMPLE)
    assert done.exit_code == 0, done.output
    assert "2,880 rows, no findings" in done.stdout
    assert json.loads(omega("data", "check", SAMPLE, "--json").stdout)["findings"] == []


def test_check_lists_what_a_run_would_refuse(tmp_path: Path) -> None:
    done = omega("data", "check", crossed(tmp_path))
    assert done.exit_code == 1
    assert "findings" in done.stdout
    assert "700" in done.stdout
    listed = json.loads(omega("data", "check", crossed(tmp_path), "--json").stdout)
    assert {row["row"] for row in listed["findings"]} == {5, 6, 700}


def test_info_says_what_a_file_holds(tmp_path: Path) -> None:
    done = omega("data", "info", SAMPLE)
    assert done.exit_code == 0, done.output
    assert "2,880 rows" in done.stdout
    gap = pl.read_parquet(SAMPLE).filter(~pl.int_range(pl.len()).is_between(100, 108))
    gap.write_parquet(tmp_path / "gap.parquet")
    about = json.loads(omega("data", "info", tmp_path / "gap.parquet", "--json").stdout)
    (symbol,) = about["symbols"].values()
    assert (symbol["step"], symbol["longest_gap"]) == ("0:01:00", "0:10:00")
    assert symbol["longest_gap_from"].startswith("2024-01-01 01:39")
    assert symbol["crossed_rows"] == 0
    crosses = json.loads(omega("data", "info", crossed(tmp_path), "--json").stdout)
    assert crosses["symbols"]["SYMBOL"]["crossed_rows"] == 3


@pytest.mark.parametrize("ending", [".arrow", ".feather", ".parquet", ".csv"])
def test_convert_keeps_every_value(tmp_path: Path, ending: str) -> None:
    target = tmp_path / f"candles{ending}"
    done = omega("data", "convert", SAMPLE, target, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 2_880
    if ending == ".csv":
        assert pl.read_csv(target).height == 2_880
    else:
        store = package.CandleStore(target)
        assert store.copied_bytes == 0
        assert pl.DataFrame(store).equals(pl.DataFrame(package.CandleStore(SAMPLE)))


def test_convert_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    target = tmp_path / "candles.arrow"
    refused(omega("data", "convert", SAMPLE, tmp_path / "a.xls"), 2, "expected a name that ends")
    refused(omega("data", "convert", SAMPLE, tmp_path / "b" / "c.arrow"), 2, "there is no folder")
    assert omega("data", "convert", SAMPLE, target).exit_code == 0
    refused(omega("data", "convert", SAMPLE, target), 2, "is there already")
    refused(omega("data", "convert", target, target, "--overwrite"), 2, "is FILE itself")
    assert omega("data", "convert", SAMPLE, target, "--overwrite").exit_code == 0
    before = target.read_bytes()
    refused(omega("data", "import", target, "--overwrite"), 2, "is FILE itself")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(SAMPLE.read_bytes()[:10_000])
    assert omega("data", "convert", broken, target, "--overwrite").exit_code != 0
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.parquet", "candles.arrow"]


def test_import_writes_what_was_read_and_lists_what_is_odd(tmp_path: Path) -> None:
    file = tmp_path / "DAT_ASCII_EURUSD_M1_2024.csv"
    rows = [f"20240102 00{minute:02}00;1.1;1.2;1.0;1.1;0" for minute in (1, 2, 30)]
    file.write_text("\n".join(rows) + "\n")
    words = ("--source", "histdata", "--option", "time_zone=America/New_York")
    done = omega("data", "import", file, *words)
    assert done.exit_code == 0, done.output
    assert "3 candles" in done.stdout
    assert "gap" in done.stdout
    target = file.with_suffix(".arrow")
    store = package.CandleStore(target)
    assert store.copied_bytes == 0
    assert store.time_range()[0].isoformat() == "2024-01-02T05:01:00+00:00"
    refused(omega("data", "import", file, *words), 2, "is there already; name another, or")
    again = omega("data", "import", file, *words, "--overwrite", "--json")
    assert json.loads(again.stdout)["rows"] == 3


def test_info_says_what_a_file_is_that_is_still_to_be_imported(tmp_path: Path) -> None:
    file = tmp_path / "DAT_ASCII_EURUSD_M1_2024.csv"
    file.write_text("20240102 000100;1.1;1.2;1.0;1.1;0\n")
    told = omega("data", "info", file)
    assert told.exit_code == 0, told.output
    assert "to be imported, as histdata" in told.stdout
    assert json.loads(omega("data", "info", file, "--json").stdout)["symbol"] == "EURUSD"
    refused(omega("data", "info", tmp_path / "x.csv"), 2, "FILE: there is no file")


def test_import_takes_a_pattern(tmp_path: Path) -> None:
    for month in (1, 2):
        file = tmp_path / f"DAT_ASCII_EURUSD_M1_20240{month}.csv"
        file.write_text(f"20240{month}02 000100;1.1;1.2;1.0;1.1;0\n")
    words = ("data", "import", tmp_path / "*.csv", "--time-zone", "America/New_York")
    refused(omega(*words), 2, "--out: a pattern names no file to write")
    done = omega(*words, "--out", tmp_path / "both.arrow", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 2


def test_import_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused(omega("data", "import", tmp_path / "x.csv"), 2, "FILE: there is no file")
    (tmp_path / "x.csv").touch()
    words = (tmp_path / "x.csv", "--option", "zone")
    refused(omega("data", "import", *words), 2, "--option: given 'zone', expected NAME=VALUE")


# --- look-ahead, doctor, bench -------------------------------------------------------------------


def test_lookahead_tells_a_leak_by_its_exit_code(strategy: Path) -> None:
    found = omega("lookahead", f"{strategy}:leak", SAMPLE)
    assert found.exit_code == 1
    assert "column entry" in found.stdout
    clean = omega("lookahead", f"{strategy}:Every", SAMPLE, "--prefixes", "2", "--json")
    assert clean.exit_code == 0, clean.output
    assert json.loads(clean.stdout)["clean"] is True
    built = omega("lookahead", f"{strategy}:build", SAMPLE, "--build", "--json")
    assert json.loads(built.stdout)["findings"][0]["name"] == "entry"


def test_lookahead_refuses_what_run_refuses(strategy: Path) -> None:
    refused(omega("lookahead", f"{strategy}:leek", SAMPLE), 2, "Did you mean 'leak'?")
    words = (f"{strategy}:leak", SAMPLE, "--prefixes", "0")
    refused(omega("lookahead", *words), 2, "0 is not in the range x>=1")


def test_doctor_says_which_backend_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMEGA_USE_RUST_EVENT_ENGINE", raising=False)
    found = json.loads(omega("doctor", "--json").stdout)
    assert found["active_backend"] == ("python" if WITHOUT_CORE else "rust")
    assert found["libraries"]["polars"] == pl.__version__
    assert found["cpus"] >= 1
    assert found["cache_folder"] == os.environ["OMEGA_CACHE"]
    assert 0 <= found["cache_bytes"] <= found["cache_limit"] == 16 << 30
    assert found["compiled_folder"] == str(Path(os.environ["OMEGA_CACHE"]) / "compiled")
    assert 0 <= found["compiled_bytes"] <= found["compiled_limit"] == 64 << 20
    assert (found["why_not_kept"] is None) == (os.name != "nt")
    assert bool(found["problems"]) == WITHOUT_CORE
    assert "active backend" in omega("doctor").stdout


def test_doctor_says_that_the_limit_of_the_cache_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMEGA_CACHE_BYTES", "10 GB")
    done = omega("doctor")
    assert done.exit_code == 1
    assert "OMEGA_CACHE_BYTES: given '10 GB', expected a whole number of bytes" in done.stdout


def test_doctor_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMEGA_USE_RUST_EVENT_ENGINE", "maybe")
    done = omega("doctor")
    assert done.exit_code == 1
    assert "given 'maybe', expected one of auto" in done.stdout
    if not WITHOUT_CORE:
        monkeypatch.setenv("OMEGA_USE_RUST_EVENT_ENGINE", "0")
        assert "Unset it: unset OMEGA_USE_RUST_EVENT_ENGINE" in omega("doctor").stdout


def test_doctor_says_why_the_core_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMEGA_USE_RUST_EVENT_ENGINE", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "omega._core", None)
    found = json.loads(omega("doctor", "--json").stdout)
    assert found["active_backend"] == "python"
    assert "_core" in found["why_no_rust"]
    assert "cannot be loaded" in found["problems"][0]


def test_bench_measures_this_machine() -> None:
    done = omega("bench", "--bars", "1000", "--json")
    assert done.exit_code == 0, done.output
    forms = json.loads(done.stdout)["forms"]
    assert len(forms) == (3 if WITHOUT_CORE else 4)
    assert all(row["bars_per_second"] > 0 for row in forms)
    assert "bars/s" in omega("bench", "--bars", "1000").stdout
    refused(omega("bench", "--bars", "10"), 2, "10 is not in the range x>=1000")


# --- sweeps and reports --------------------------------------------------------------------------


class Swept:
    """Stands for a sweep: keeps what was asked for, and gives a table."""

    asked: dict[str, Any]

    def __call__(
        self,
        data: object,
        strategy: object,
        grid: object,
        **settings: Any,  # noqa: ANN401 - as omega.sweep
    ) -> package.SweepResult:
        assert settings.pop("progress") is True
        self.asked = {"data": data, "strategy": strategy, "grid": grid, **settings}
        table = {
            "run": [0, 1, 2],
            "n": [10, 20, 30],
            "sharpe": [0.5, None, 1.5],
            "max_drawdown": [0.3, None, 0.1],
            "initial_equity": [9.0, None, 9.0],
            "lowest_equity": [-5.0, None, -1.0],
            "error": [None, "no", None],
        }
        metrics = ("sharpe", "max_drawdown", "initial_equity", "lowest_equity")
        return package.SweepResult(pl.DataFrame(table), metrics=metrics, total=3)


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> Swept:
    stand_in = Swept()
    monkeypatch.setattr(package, "sweep", stand_in, raising=False)
    return stand_in


def test_sweep_hands_on_what_it_was_told(strategy: Path, swept: Swept, tmp_path: Path) -> None:
    words = ("--grid", "n=10:30:10", "--grid", "wide=[True, False]", "--workers", "2")
    done = omega("sweep", f"{strategy}:Every", SAMPLE, *words, "--out", tmp_path / "s", "--json")
    assert done.exit_code == 0, done.output
    assert swept.asked["grid"] == {"n": [10, 20, 30], "wide": [True, False]}
    assert swept.asked["strategy"].__name__ == "Every"
    assert (swept.asked["workers"], swept.asked["out"]) == (2, str(tmp_path / "s"))
    best = json.loads(done.stdout)
    assert (best["runs"], best["best"][0]["n"]) == (3, 30)
    table = omega("sweep", f"{strategy}:Every", SAMPLE, "--grid", "n=5,7.5,x", "--top", "1")
    assert "3 runs, 1 failed, 2 ruined; the best by sharpe" in table.stdout
    assert "4 metrics are known: --metrics all" in table.stdout
    assert swept.asked["grid"] == {"n": ["5", "7.5", "x"]}


def test_the_table_of_a_sweep_has_parameters_and_the_metrics_that_were_chosen(
    strategy: Path, swept: Swept
) -> None:
    def lines(*words: str) -> list[str]:
        done = omega("sweep", f"{strategy}:Every", SAMPLE, "--grid", "n=10,20,30", *words)
        assert done.exit_code == 0, done.output
        return [line for line in done.stdout.splitlines() if line.startswith(("┃", "│"))]

    head, *rows = lines("--sort", "max_drawdown")
    assert [word.strip() for word in head.split("┃")[1:-1]] == (
        ["run", "n", "max drawdown", "sharpe", "error"]
    )
    # The smallest drawdown is the best one; a run without a value stands last.
    assert [row.split("│")[2].strip() for row in rows] == ["30", "10", "20"]
    assert "lowest equity" in lines("--metrics", "all")[0]
    assert not [line for line in (head, *rows) if "…" in line]
    assert "sharpe" in lines("--metrics", "max_drawdown")[0]
    refused(
        omega("sweep", f"{strategy}:Every", SAMPLE, "--grid", "n=1", "--metrics", "sharpe,calmer"),
        2,
        "--metrics: there is no 'calmer'",
    )


def test_sweep_reads_a_run_file(strategy: Path, swept: Swept) -> None:
    file = strategy.parent / "run.toml"
    file.write_text(
        f"""
        [run]
        strategy = "mine.py:Every"
        data = "{SAMPLE}"
        [parameters]
        wide = true
        [grid]
        n = "10:20:5"
        [sweep]
        metric = "n"
        top = 2
        """
    )
    done = omega("sweep", file, "--json")
    assert done.exit_code == 0, done.output
    assert swept.asked["grid"] == {"wide": [True], "n": [10, 15, 20]}
    assert [row["n"] for row in json.loads(done.stdout)["best"]] == [30, 20]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--grid: no parameter was given values"),
        (("--grid", "n"), "expected NAME=VALUES"),
        (("--grid", "n=1:x"), "expected a list such as 5,10,20, or a range"),
        (("--grid", "n=9:1"), "expected a list such as 5,10,20, or a range"),
        (("--grid", "n=1,2", "--metric", "sharp"), "Did you mean 'sharpe'?"),
        (("--grid", "n=1,2", "--workers", "0"), "0 is not in the range x>=1"),
    ],
)
def test_sweep_says_what_is_wrong(
    strategy: Path, swept: Swept, words: tuple[str, ...], told: str
) -> None:
    refused(omega("sweep", f"{strategy}:Every", SAMPLE, *words), 2, told)


def test_report_is_written_from_a_result_that_was_saved(strategy: Path, tmp_path: Path) -> None:
    file, saved = tmp_path / "r.html", tmp_path / "saved"
    words = ("--out", saved, "--report", file, "--json")
    ran = json.loads(omega("run", f"{strategy}:Every", SAMPLE, *words).stdout)
    assert ran["report"] == str(file)
    assert ran["fingerprint"] in file.read_text()
    file.unlink()
    done = omega("report", saved, file)
    assert done.exit_code == 0, done.output
    assert ran["fingerprint"] in file.read_text()
    refused(omega("report", tmp_path / "nowhere"), 2, "RESULT: there is no folder")
    refused(omega("report", saved, tmp_path / "r.pdf"), 2, "expected a name that ends in .html")
    (saved / "trades.parquet").unlink()
    refused(omega("report", saved, file), 1, "trades")


def test_a_sample_is_written_with_its_symbol_and_runs(strategy: Path, tmp_path: Path) -> None:
    file = tmp_path / "share.parquet"
    done = omega("data", "sample", "SHARE", file)
    assert done.exit_code == 0, done.output
    assert "2,608 invented candles" in done.stdout
    ran = json.loads(omega("run", f"{strategy}:Every", file, "--json").stdout)
    assert ran["metrics"]["bars"] == 2_608
    assert package.CandleStore(file).symbols == ["SHARE"]
    refused(omega("data", "sample", "SHARE", file), 2, "is there already")
    refused(omega("data", "sample", "SHAER", tmp_path / "x.arrow"), 1, "Did you mean 'SHARE'")
    minutes = json.loads(
        omega("data", "sample", "EURUSD_M1", tmp_path / "m.arrow", "--json").stdout
    )
    assert minutes["rows"] == 93_600
    assert package.CandleStore(tmp_path / "m.arrow").symbols == ["EURUSD"]
