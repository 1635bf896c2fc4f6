"""Goal: a run over a mapped file needs memory for its results and none for its candles.

Method: in a process of its own, whose memory that no file backs is limited to a third of the file
above what it had before, map the file and run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from omega.data.dataset import Dataset
from tests.support.frames import sided

ROWS = 1_000_000

PROGRAM = """
import pathlib, resource, sys
import omega

def own_bytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return 1_024 * next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmData"))

small, large = sys.argv[1:]
hold = omega.native("buy_and_hold")
omega.run_backtest(omega.Dataset(small), hold)
size = pathlib.Path(large).stat().st_size
limit = own_bytes() + size // 3
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    bytearray(size // 2)
except MemoryError:
    result = omega.run_backtest(omega.Dataset(large), hold)
    print(result.stats.bars_processed, result.trades.height, result.copied_bytes)
else:
    print("no limit")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory that no file backs")
def test_a_file_of_three_times_the_memory(tmp_path: Path) -> None:
    small, large = tmp_path / "small.arrow", tmp_path / "large.arrow"
    frame = sided(ROWS).with_columns((pl.col("bid_close") * k).alias(f"own_{k}") for k in range(6))
    frame[:1_000].write_ipc(small, compression="uncompressed")
    frame.write_parquet(tmp_path / "bars.parquet", compression="uncompressed")
    Dataset(tmp_path / "bars.parquet").to_arrow(large)
    command = [sys.executable, "-c", PROGRAM, str(small), str(large)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.stdout == "no limit\n":
        pytest.skip("this system does not hold to RLIMIT_DATA")
    assert done.returncode == 0, done.stderr
    # The first bar warms the strategy up.
    assert done.stdout == f"{ROWS - 1} 1 0\n"
