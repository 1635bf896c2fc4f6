"""A headless Chromium, driven over its debugging protocol.

It opens a page and gives the results of scripts, and all that the page logged, requested and threw.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 60.0


def found() -> str | None:
    """Give the Chromium of this machine; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page of the browser."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
        self._number = 0
        self.problems: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command and wait for its answer; events on the way are noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        kind, params = event["method"], event["params"]
        if kind == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif kind == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(params["exceptionDetails"])[:2_000])
        elif kind == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.problems.append(str(params["args"]))
        elif kind == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(params["entry"]["text"])

    def run(self, script: str) -> Any:  # noqa: ANN401 - whatever the script gives
        """Evaluate a script, wait for its promise, and give its value."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2_000])
        return answer["result"].get("value")

    def open(self, path: Path) -> float:
        """Open a page; give the milliseconds until it was ready."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + PATIENCE
        while not self.run("document.documentElement?.dataset.ready === 'true'"):
            if time.monotonic() > end or self.problems:
                raise RuntimeError(f"the page never was ready: {self.problems}")
            time.sleep(0.02)
        return float(self.run("performance.getEntriesByName('ready')[0].startTime"))

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the size of the window and the theme that the system prefers."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def close(self) -> None:
        """Let go of the page."""
        self._socket.close()


@contextmanager
def browser(program: str) -> Iterator[Tab]:
    """Start Chromium with a profile of its own, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-dev-shm-usage", "--disable-background-networking", "--mute-audio",
                "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            tab = Tab(_address(Path(profile) / "DevToolsActivePort"))
            yield tab
            tab.close()
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _address(file: Path) -> str:
    """Wait for the port that Chromium writes down, and ask it for its first page."""
    end = time.monotonic() + PATIENCE
    while not (file.is_file() and "\n" in file.read_text()):
        if time.monotonic() > end:
            raise RuntimeError("Chromium did not start")
        time.sleep(0.05)
    port, path = file.read_text().split("\n")[:2]
    root = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", suppress_origin=True)
    root.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
    targets = json.loads(root.recv())["result"]["targetInfos"]
    page = next(target for target in targets if target["type"] == "page")
    root.close()
    return f"ws://127.0.0.1:{port}/devtools/page/{page['targetId']}"
