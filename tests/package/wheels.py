"""Installs each wheel of `out/dist/` into an empty environment of its own Python and uses it there.

`python -m tests.package.wheels`, which `make test-wheels` calls: a backtest on both backends, a
sweep and a report; every example; then the README, the tutorial and the guides, as they are
written. The packages that Omega depends on are the pinned ones.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
WHEELS = TOP / "out/dist"
NEEDS_MORE = "compiled.md"
"""A guide to an extra and to C, which a new user has not got."""
GUIDES = sorted(page for page in TOP.glob("docs/guides/*.md") if page.name != NEEDS_MORE)
STARTS = sorted(TOP.glob("docs/start/*.md"))
EXAMPLES = sorted(TOP.glob("docs/examples/*.md"))
PAGES = [TOP / "README.md", *STARTS, TOP / "docs/tutorial.md", *GUIDES, *EXAMPLES]

SCRIPT = """\
import pathlib, sys
import omega

assert pathlib.Path(omega.__file__).is_relative_to(sys.prefix), omega.__file__
candles, native = omega.sample("EURUSD"), omega.native("sma_cross", fast=10, slow=30)
result = omega.run_backtest(candles, native, symbol="EURUSD")
assert (result.backend, result.copied_bytes) == ("rust", 0) and result.trades.height > 100
head = candles.head(2_000)
runs = [omega.run_backtest(head, native, backend=name) for name in ("rust", "python")]
assert runs[0].fingerprint == runs[1].fingerprint

class Cross(omega.Strategy):
    fast: int = 10
    slow: int = 30
    def init(self):
        self.quick, self.calm = self.sma(self.fast), self.sma(self.slow)
    def on_bar(self, bar):
        if omega.crossover(self.quick, self.calm):
            self.buy()
        elif omega.crossunder(self.quick, self.calm):
            self.close()

swept = omega.sweep(head, Cross, {"fast": [5, 10], "slow": [20, 40]}, workers=2)
assert len(swept) == 4 and swept.failures.is_empty()
result.report("report.html")
assert pathlib.Path("report.html").stat().st_size > 100_000
print(sys.version.split()[0], result.fingerprint)
"""


def interpreter(wheel: Path) -> str:
    """Find the Python that a wheel is for."""
    found = re.search(r"-cp3(\d+)-", wheel.name)
    if found is None:
        raise SystemExit(f"{wheel.name} is for no version of CPython")
    version = f"3.{found.group(1)}"
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for python in (sys.executable, f"python{version}", *map(str, pyenv)):
        program = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            told = subprocess.run(
                [python, "-c", program], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        if told.stdout.strip() == version:
            return python
    raise SystemExit(f"{wheel.name} is for Python {version}, which is not here")


def use(wheel: Path, home: Path) -> None:
    """Install a wheel and do with it what a new user does."""
    python = str(home / "env/bin/python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run([interpreter(wheel), "-m", "venv", str(home / "env")], check=True)
    subprocess.run([*pip, "--require-hashes", "-r", TOP / "requirements.txt"], check=True)
    subprocess.run([*pip, "--no-index", str(wheel)], check=True)
    (home / "script.py").write_text(SCRIPT, encoding="utf-8")
    typed = shutil.copy(TOP / "tests/package/as_typed.py", home)
    for words in (["script.py"], ["-m", "omega.examples"], [typed, *map(str, PAGES)]):
        # -I: nothing of the folder above, and nothing that the caller has set.
        done = subprocess.run(
            [python, "-I", *words], cwd=home, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SystemExit(f"{wheel.name}: {done.stdout}{done.stderr}")
        print(done.stdout.splitlines()[0])


def main() -> None:
    """Use all wheels that there are."""
    wheels = sorted(WHEELS.glob("*.whl"))
    if not wheels:
        raise SystemExit("out/dist/ has no wheel: make dist")
    for wheel in wheels:
        with tempfile.TemporaryDirectory() as home:
            use(wheel, Path(home))
        print(f"{wheel.name}: used")


if __name__ == "__main__":
    main()
