"""The wheel and the source distribution that `make dist` built, as a user meets them.

The wheel goes into an empty environment: its dependencies are those of this one, and there is no
Rust toolchain on its path. `make test` builds both first, by packing the core that is there.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
DIST = TOP / "out" / "dist"
PACKAGE = TOP / "python" / "omega"
OWN_WHEEL = f"*-cp{sys.version_info.major}{sys.version_info.minor}-*.whl"
MEGABYTES = 15_000_000
SECONDS = 0.150

SCRIPT = """\
import datetime, pathlib, sys
import polars as pl
import omega

assert pathlib.Path(omega.__file__).is_relative_to(sys.prefix), omega.__file__
assert omega.get_active_backend() == "rust"

class Fade(omega.Strategy):
    def init(self):
        self.z = self.zscore(20)
    def on_bar(self, bar):
        if self.position is None and self.z[-1] < -1:
            self.buy(stop_loss=bar.close - 2, take_profit=bar.close + 2)

begin = datetime.datetime(2026, 1, 1)
close = [100 + k * 7 % 13 / 4 for k in range(500)]
candles = pl.DataFrame({
    "time": [begin + datetime.timedelta(minutes=k) for k in range(500)],
    "open": close, "high": [c + 1 for c in close], "low": [c - 1 for c in close], "close": close,
})
result = omega.run_backtest(candles, Fade(), symbol="TRY")
assert result.backend == "rust" and result.copied_bytes == 0 and result.trades.height > 0
assert omega.run_backtest(candles, Fade(), symbol="TRY", backend="python").fingerprint == (
    result.fingerprint
)
result.save("saved")
if hasattr(result, "report"):
    result.report("report.html")
    assert pathlib.Path("report.html").stat().st_size > 10_000
print(result.summary())
"""


def built(pattern: str) -> Path:
    """Give what was built, if it is of the sources as they are."""
    found = [path for path in DIST.glob(pattern) if path.is_file()]
    if not found:
        pytest.skip("nothing is built: `make dist`")
    sources = [path for path in PACKAGE.rglob("*.py*") if path.suffix != ".pyc"]
    newest = max(path.stat().st_mtime for path in [*sources, TOP / "pyproject.toml"])
    if found[0].stat().st_mtime < newest:
        pytest.skip("out/dist/ is older than the sources: `make dist`")
    return found[0]


def dependencies() -> set[str]:
    """Give the names of the packages that a user gets with this one."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.split(r"[^\w-]", one)[0] for one in project["dependencies"]}


@pytest.fixture(scope="module")
def wheel() -> zipfile.ZipFile:
    return zipfile.ZipFile(built(OWN_WHEEL))


@pytest.fixture(scope="module")
def home(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an empty environment with the wheel in it, and its dependencies within reach."""
    home = tmp_path_factory.mktemp("home")
    venv.create(home / "env", with_pip=False, symlinks=True)
    python = str(home / "env/bin/python")
    install = ["-m", "pip", "--quiet", "--python", python, "install", "--no-deps", "--no-index"]
    subprocess.run([sys.executable, *install, str(wheel.filename)], check=True)
    (site,) = (home / "env").glob("lib/python*/site-packages")
    # A path that stands in a .pth file is searched last, and its own .pth files are not read: the
    # package as it is developed here is out of reach.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return home


def run(home: Path, *words: str) -> str:
    """Run a program of the environment, which knows no other."""
    found = {"PATH": str(home / "env/bin"), "HOME": str(home)}
    command = [str(home / "env/bin" / words[0]), *words[1:]]
    done = subprocess.run(command, cwd=home, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_new_user_runs_a_strategy(home: Path) -> None:
    (home / "script.py").write_text(SCRIPT, encoding="utf-8")
    assert "Net profit" in run(home, "python", "-W", "error", "script.py")
    assert (home / "saved").is_dir()


def test_the_command_is_installed(home: Path, wheel: zipfile.ZipFile) -> None:
    version = Path(str(wheel.filename)).name.split("-")[1]
    assert version in run(home, "omega", "--version")
    assert "run" in run(home, "omega", "--help")


def test_the_import_is_quick(home: Path) -> None:
    """By the time of the processor, which no other process makes longer."""
    program = (
        "import time; began = time.process_time(); import omega; print(time.process_time() - began)"
    )
    assert min(float(run(home, "python", "-c", program)) for _ in range(5)) < SECONDS


def test_the_wheel_is_small_and_typed(wheel: zipfile.ZipFile) -> None:
    assert Path(str(wheel.filename)).stat().st_size <= MEGABYTES
    assert {"omega/py.typed", "omega/_core.pyi"} <= {*wheel.namelist()}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    own = {path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*") if path.is_file()}
    there = {name.as_posix() for name in own if "__pycache__" not in name.parts}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == there
    for name in packed:
        if not name.endswith((".so", ".pyd")):
            assert wheel.read(name) == (PACKAGE.parent / name).read_bytes()


def test_the_wheel_tells_what_it_needs_and_names_no_place(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    needed = [one for one in metadata.get_all("Requires-Dist") or [] if "extra ==" not in one]
    assert {re.split(r"[^\w-]", one)[0] for one in needed} == dependencies()
    urls = metadata.get_all("Project-URL") or []
    assert {one.partition(",")[0] for one in urls} >= {"Repository", "Documentation", "Changelog"}
    for part in wheel.namelist():
        assert str(TOP).encode() not in wheel.read(part), f"{part} names the folder of the build"


def test_what_a_module_imports_at_once_is_a_dependency() -> None:
    known = {*dependencies(), "omega"}
    for path in PACKAGE.rglob("*.py"):
        for item in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [one.name for one in item.names] if isinstance(item, ast.Import) else []
            if isinstance(item, ast.ImportFrom) and not item.level:
                names = [item.module or ""]
            found = {name.partition(".")[0] for name in names} - sys.stdlib_module_names
            # The compiler is imported where a class is compiled, and nowhere else.
            extra = {"llvmlite"} if path.parent.name == "compiling" else set()
            assert found <= known | extra, f"{path.relative_to(TOP)}: {found}"


def test_the_source_distribution_holds_what_a_build_reads() -> None:
    with tarfile.open(built("*.tar.gz")) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    core, binding = "rust/omega_core/", "rust/omega_py/"
    needed = {"PKG-INFO", "LICENSE", "README.md", "pyproject.toml"}
    needed |= {
        "Cargo.toml",
        "Cargo.lock",
        f"{core}Cargo.toml",
        f"{core}src/lib.rs",
        f"{binding}Cargo.toml",
        f"{binding}src/lib.rs",
        "python/omega/py.typed",
    }
    assert needed <= names
    folders = (f"{core}src/", f"{core}benches/", f"{binding}src/", "python/omega/")
    assert {name for name in names - needed if not name.startswith(folders)} == set()
    unwanted = re.compile(r"\.(so|pyd|pyc|parquet|csv|arrow)$|/tests\.rs$")
    assert not [name for name in names if unwanted.search(name)]
