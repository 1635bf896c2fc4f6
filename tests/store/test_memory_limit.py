"""What needs more memory than the process may have is refused, and ends nothing else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import numpy as np
import omega, polars as pl

bars, room = int(sys.argv[2]), int(sys.argv[3]) << 20
time = pl.Series(np.arange(bars) * 60_000_000).cast(pl.Datetime("us"))
price = np.full(bars, 1.5)
price[::2] = 1.25
names = ("open", "high", "low", "close")
candles = pl.DataFrame({"time": time, **{name: price for name in names}})
store = omega.CandleStore(candles)

class Held(omega.Strategy):
    def init(self):
        if sys.argv[1] == "indicator":
            self.mean = self.sma(5)
    def on_bar(self, bar):
        pass

class Often(omega.Strategy):
    def on_bar(self, bar):
        for _ in range(500):
            self.buy(limit=0.5, expires="ioc")

strategy = Often() if sys.argv[1] == "orders" else Held()
if sys.argv[1] == "bands":  # an order may come at each bar, and none does
    target = {"time": time[:1], "SYMBOL": [0.5]}
    strategy = omega.Weights(pl.DataFrame(target), when=time.to_list(), min_trade=1e9)
omega.run_backtest(candles[:10], Held())
with open("/proc/self/statm", encoding="ascii") as file:
    held = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + room, held + room))
try:
    result = omega.run_backtest(store, strategy)
    if sys.argv[1] == "table":
        result.equity
except MemoryError as error:
    assert isinstance(error, omega.OmegaError), type(error)
    print(error)
else:
    print("it fitted")
again = omega.run_backtest(candles[:10], Held())
print(again.equity.height)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a process is set as on Linux")
@pytest.mark.parametrize(
    ("case", "bars", "room", "words"),
    [
        ("run", 20_000_000, 64, "the equity of 20000000 bars needs 160 MB"),
        ("indicator", 20_000_000, 220, "the indicator sma over 20000000 bars needs 320 MB"),
        ("orders", 100_000, 400, "the table of orders, which has "),
        ("table", 20_000_000, 330, "the equity table of 20000000 rows needs 240 MB"),
        ("run", 1_000, 400, "it fitted"),
        ("bands", 600_000, 550, "it fitted"),
    ],
)
def test_a_limit_is_an_error_of_the_run(case: str, bars: int, room: int, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, case, str(bars), str(room)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "POLARS_MAX_THREADS": "1"},  # each thread takes some of the room
    )
    assert done.returncode == 0, done.stderr
    said, rows = done.stdout.splitlines()
    assert said.startswith(words)
    assert rows == "10"
