"""A sweep over two hosts with networks, names and caches of their own, where they can be made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import omega
from tests.support.backends import WITHOUT_CORE
from tests.support.clusters import FAST, OF_WORKERS
from tests.support.sweep_strategies import Cross, walk

TRIED = """
ip link add omega0 type veth peer name omega1 && echo 1 > /proc/sys/net/ipv4/ip_forward
"""


def can_make_hosts() -> bool:
    """Whether this system lets us make networks, and cables between them."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip", "hostname"))):
        return False
    words = ["unshare", "--net", "--uts", "sh", "-c", TRIED]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.skipif(WITHOUT_CORE, reason="sweeps of the core need the core"),
    pytest.mark.skipif(not can_make_hosts(), reason="no network namespaces can be made here"),
]


def test_each_host_fetches_candles_once_over_its_network(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs pip install 'omega-backtest[dask]'")
    done = subprocess.run(
        ["unshare", "--net", "--uts", sys.executable, "-m", "tests.support.hosts", str(tmp_path)],
        env={**os.environ, **OF_WORKERS},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    local = omega.sweep(walk(300), Cross, {"fast": FAST}, workers=1)
    assert found["fingerprints"] == local.to_polars()["fingerprint"].to_list()
    assert found["hosts"] == ["node-1", "node-2"]
    assert found["fetched"] == [["node-1", 1], ["node-2", 1]]
    assert found["caches"] == ["node-1", "node-2"]
