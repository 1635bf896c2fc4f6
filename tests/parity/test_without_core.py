"""Goal: where the native module cannot be loaded, everything works, slowly and with one warning.

Method: an interpreter in which importing `omega._core` raises; what it finds must be what the
native backend finds here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import omega
from tests.support import candles
from tests.support.frames import sided
from tests.support.interpreter import interpreter

TOP = Path(__file__).resolve().parents[2]
Told = Callable[..., Any]

BLOCKED = """
import json, sys, warnings

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "omega._core":
            raise ImportError("no such thing here")

sys.meta_path.insert(0, Missing())
import omega
"""

PLAY = """
from omega.errors import BackendWarning

class Swing(omega.Strategy):
    window: int = 5
    def init(self):
        self.mean = self.sma(self.window)
    def on_bar(self, bar: omega.Bar):
        if not self.positions and bar.close > self.mean[-1]:
            self.buy(size=1.0, stop_loss=bar.close - 0.02, take_profit=bar.close + 0.03)

def play(data, **settings):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = omega.run_backtest(data, Swing, symbol="EURUSD", cash=1e7, **settings)
    return {
        "backend": result.backend,
        "fingerprint": result.fingerprint,
        "trades": result.trades.to_dicts(),
        "metrics": dict(result.metrics),
        "manifest": result.manifest,
        "warnings": [(type(one.message) is BackendWarning, str(one.message)) for one in caught],
    }
"""


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """What a program prints in an interpreter without the native module."""
    with interpreter(begin=BLOCKED) as printed:
        yield lambda *words, **environment: json.loads(printed(*words, **environment))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same candles in files of each kind."""
    folder = tmp_path_factory.mktemp("candles")
    data = sided(400)
    data.write_parquet(folder / "bars.parquet")
    data.write_ipc(folder / "bars.arrow", compression="uncompressed")
    data.write_ipc(folder / "packed.arrow", compression="lz4")
    return {path.stem + path.suffix: str(path) for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def native() -> dict[str, Any]:
    """What the native backend finds on them, as JSON gives it back."""
    space: dict[str, Any] = {"omega": omega, "warnings": __import__("warnings")}
    exec(PLAY, space)  # noqa: S102 - our own text, the same as in the other interpreter
    found = space["play"](sided(400), backend="rust")
    assert found["backend"] == "rust"
    assert len(found["trades"]) > 3
    return dict(json.loads(json.dumps(found, default=str)))


EVERY = """
import pathlib, polars
parquet, mapped, packed = sys.argv[1:4]
frame = polars.read_parquet(parquet)
inputs = {
    "polars": frame, "lazy": frame.lazy(), "pandas": frame.to_pandas(), "pyarrow": frame.to_arrow(),
    "parquet": parquet, "mapped": pathlib.Path(mapped), "packed": packed,
}
found = {
    f"{name} {backend}": play(data, backend=backend)
    for name, data in inputs.items() for backend in ("auto", "python")
}
print(json.dumps(found, default=str))
"""


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


def test_every_input_gives_the_native_result(
    told: Told, files: dict[str, str], native: dict[str, Any]
) -> None:
    found = told(PLAY + EVERY, *(files[n] for n in ("bars.parquet", "bars.arrow", "packed.arrow")))
    assert len(found) == 14
    for case, one in found.items():
        assert one["backend"] == "python", case
        expected = without(native, "backend", "warnings", "manifest")
        assert without(one, "backend", "warnings", "manifest") == expected, case
        if not case.startswith("pandas"):  # whose times are in nanoseconds
            assert one["manifest"] == native["manifest"], case
        if case.endswith("auto"):
            [(ours, text)] = one["warnings"]
            assert ours
            assert "no such thing here" in text
            assert "goes by the Python backend" in text
        else:
            assert one["warnings"] == []


@pytest.mark.parametrize(("flag", "warned"), [("0", 0), ("false", 0), ("auto", 1)])
def test_the_flag_chooses_without_a_word_or_falls_back_with_one(
    told: Told, files: dict[str, str], native: dict[str, Any], flag: str, warned: int
) -> None:
    program = PLAY + "print(json.dumps(play(sys.argv[1]), default=str))"
    found = told(program, files["bars.parquet"], OMEGA_USE_RUST_EVENT_ENGINE=flag)
    assert (found["backend"], len(found["warnings"])) == ("python", warned)
    assert found["fingerprint"] == native["fingerprint"]


def test_rust_is_refused_with_the_reason(told: Told, files: dict[str, str]) -> None:
    program = """
def reason(**settings):
    try:
        omega.run_backtest(sys.argv[1], lambda bar: None, **settings)
    except omega.OmegaError as error:
        return [type(error).__name__, str(error)]
import os
reasons = [reason(backend="rust")]
active = omega.get_active_backend()
os.environ["OMEGA_USE_RUST_EVENT_ENGINE"] = "1"
print(json.dumps([active, *reasons, reason()]))
"""
    active, *reasons = told(program, files["bars.parquet"])
    assert active == "python"
    for kind, text in reasons:
        assert kind == "BackendUnavailable"
        assert "no such thing here" in text
        assert "Install the wheel" in text


def test_a_store_a_magnifier_and_a_conversion_pair_are_plain_too(told: Told) -> None:
    program = """
sys.path.insert(0, sys.argv[1])
from tests.support import candles
from tests.parity.test_without_core import magnified
result = magnified("python")
print(json.dumps([result.fingerprint, result.trades.height]))
"""
    expected = magnified("rust")
    assert expected.trades.height > 0
    found = told(program, str(TOP))
    assert found == [expected.fingerprint, expected.trades.height]


def magnified(backend: str) -> omega.BacktestResult:
    """A run that reads three stores."""
    coarse = candles.rising(20)
    finer = candles.rising(20)
    store = omega.CandleStore({"GBPJPY": coarse, "JPYUSD": coarse})
    return omega.run_backtest(
        store,
        lambda bar: omega.Signal("long", take_profit=bar.close + 1.0) if bar.index == 2 else None,
        instruments=omega.Instrument("GBPJPY", quote_currency="JPY"),
        execution=omega.Execution(intrabar="magnifier", magnifier={"GBPJPY": finer}),
        account=omega.Account(leverage=10),
        backend=backend,
    )


def test_a_result_can_be_saved_and_loaded(
    told: Told, tmp_path: Path, files: dict[str, str]
) -> None:
    program = """
first = omega.run_backtest(sys.argv[1], lambda bar: omega.Signal("long"), backend="python")
first.save(sys.argv[2])
again = omega.BacktestResult.load(sys.argv[2])
assert again.metrics == first.metrics and again.trades.equals(first.trades)
print(json.dumps(again.fingerprint))
"""
    fingerprint = told(program, files["bars.parquet"], str(tmp_path / "run"))
    assert omega.BacktestResult.load(tmp_path / "run").fingerprint == fingerprint


def test_an_import_keeps_its_rows_in_arrow_and_its_symbol_in_parquet(
    told: Told, tmp_path: Path
) -> None:
    program = """
from omega.importing._example import candles
candles().write_arrow(f"{sys.argv[1]}/a.arrow")
candles().write_parquet(f"{sys.argv[1]}/a.parquet")
again = [
    omega.read_candles(f"{sys.argv[1]}/a.{kind}", bar_time="open") for kind in ("arrow", "parquet")
]
assert all(one.frame.equals(candles().frame) for one in again)
print(json.dumps([one.symbol for one in again]))
"""
    assert told(program, str(tmp_path)) == [None, "EURUSD"]


def test_every_public_name_is_there(told: Told) -> None:
    found = told("print(json.dumps([n for n in omega.__all__ if getattr(omega, n) is None]))")
    assert found == []


def test_the_ways_in_pass_their_own_tests() -> None:
    suites = ["tests/store", "tests/columns", "tests/replay/test_bad_input.py"]
    # Its runs are in processes of their own, which have the core here as anywhere.
    suites.append("--ignore=tests/store/test_memory_limit.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suites],
        cwd=TOP,
        env=os.environ | {"OMEGA_TEST_WITHOUT_CORE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
