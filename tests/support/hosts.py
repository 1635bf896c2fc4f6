"""A program that makes two hosts of this machine, and sweeps from a third over their workers.

Each has a network, a name and a cache of its own; they are joined by cables, as far as the system
lets this be done. `python -m tests.support.hosts FOLDER`, inside `unshare --net --uts`; it prints
what came out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import distributed

import omega
from omega.cluster import batches
from tests.support.cluster_strategies import Noted
from tests.support.clusters import ENDLESS, OF_WORKERS, Watched, noted
from tests.support.sweep_strategies import walk

HOSTS = (1, 2)


def ran(*words: str) -> None:
    subprocess.run(words, check=True)


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 300
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError
        time.sleep(0.05)


def network_of(process: int) -> str:
    return str(Path(f"/proc/{process}/ns/net").readlink())


def host(number: int) -> int:
    """Make a host: a process that keeps its network and its name, and a cable to it."""
    keeps = subprocess.Popen(["unshare", "--net", "--uts", "sleep", "900"])
    until(lambda: network_of(keeps.pid) != network_of(os.getpid()))
    here, there, net = f"omega{number}", f"omega{number}b", f"10.77.{number}"
    ran("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", str(keeps.pid))
    ran("ip", "address", "add", f"{net}.1/24", "dev", here)
    ran("ip", "link", "set", here, "up")
    inside = ["nsenter", "--target", str(keeps.pid), "--net", "--uts"]
    ran(*inside, "ip", "link", "set", "lo", "up")
    ran(*inside, "ip", "address", "add", f"{net}.2/24", "dev", there)
    ran(*inside, "ip", "link", "set", there, "up")
    ran(*inside, "ip", "route", "add", "default", "via", f"{net}.1")
    ran(*inside, "hostname", f"node-{number}")
    return keeps.pid


def worker(number: int, keeps: int, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Begin a worker on a host, which reaches the scheduler through its cable."""
    words = [
        "nsenter",
        "--target",
        str(keeps),
        "--net",
        "--uts",
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
    ]
    cache = {"OMEGA_CACHE": str(folder / f"node-{number}")}
    return subprocess.Popen(
        [
            *words,
            f"tcp://10.77.{number}.1:{port}",
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
        ],
        env={**os.environ, **OF_WORKERS, **cache},
        cwd=folder,
    )


def swept(client: Any, folder: Path) -> dict[str, Any]:
    """Sweep, and tell who has made what and fetched what."""
    os.environ["OMEGA_CACHE"] = str(folder / "driver")
    batches.PATIENCE = ENDLESS
    watched = Watched(omega.cluster.dask(client))
    notes = folder / "notes"
    notes.mkdir()
    made = omega.sweep(walk(300), Noted, noted(notes, seconds=0.2), executor=watched)
    return {
        "fingerprints": made.to_polars()["fingerprint"].to_list(),
        "hosts": sorted({one.rpartition(":")[0] for one in made.placement["worker"]}),
        "fetched": sorted((one.rpartition(":")[0], n) for (one, _), n in watched.fetched.items()),
        "caches": sorted(path.parent.name for path in folder.glob("node-*/*.arrow")),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    ran("ip", "link", "set", "lo", "up")
    ran("hostname", "driver")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")  # so that hosts reach each other
    keeps = {number: host(number) for number in HOSTS}
    begun: list[subprocess.Popen[bytes]] = []
    try:
        with (
            distributed.LocalCluster(
                n_workers=0, host="tcp://0.0.0.0", dashboard_address=None
            ) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            port = int(cluster.scheduler.address.rpartition(":")[2])
            begun += [worker(number, pid, port, folder) for number, pid in keeps.items()]
            until(lambda: len(client.nthreads()) == len(HOSTS))
            sys.stdout.write(json.dumps(swept(client, folder)) + "\n")
    finally:
        for one in begun:
            one.kill()
            one.wait()
        for pid in keeps.values():
            os.kill(pid, 9)


if __name__ == "__main__":
    main()
