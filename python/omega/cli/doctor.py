"""`omega doctor`: what is installed, which backend a run would use, and why not the other."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

import click

import omega
from omega.cli._shared import as_json, print_json, say
from omega.compiling.code_cache import LIMIT, folder_of_code, size_of_code
from omega.data.cache import cache_folder, cache_limit, cache_size

FLAG = "OMEGA_USE_RUST_EVENT_ENGINE"
_LIBRARIES = (
    "numpy",
    "polars",
    "click",
    "rich",
    "pandas",
    "pyarrow",
    "duckdb",
    "optuna",
    "ray",
    "distributed",
    "llvmlite",
)


@click.command()
@as_json
def doctor(*, as_json: bool) -> None:
    """Show what is installed and which backend a run would use; exit code 1 if that is wrong."""
    found = examined()
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            if name != "problems":
                say(f"{name.replace('_', ' '):<16}{_as_text(value)}")
        for problem in found["problems"]:
            say(f"\nproblem: {problem}")
        if not found["problems"]:
            say("\nno problem found")
    sys.exit(1 if found["problems"] else 0)


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{library} {version}" for library, version in value.items())
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else str(value)


def examined() -> dict[str, Any]:
    """Look at everything that a run stands on.

    Example:
        >>> sorted(examined())[:3]
        ['active_backend', 'cache_bytes', 'cache_folder']
    """
    problems = []
    loaded, why = _native()
    try:
        active: str | None = omega.get_active_backend()
    except omega.OmegaError as error:
        active = None
        problems.append(str(error))
    if not loaded and active is not None:
        problems.append(
            f"the native core cannot be loaded, so runs take the far slower Python backend: {why}. "
            "Install the wheel for this Python and machine, pip install --force-reinstall "
            "omega-backtest, or build it with 'make'"
        )
    if active == "python" and loaded:
        problems.append(
            f"{FLAG}={os.environ.get(FLAG)} sends every run to the far slower Python backend. "
            f"Unset it: unset {FLAG}"
        )
    try:
        limit: int | None = cache_limit()
    except omega.OmegaError as error:
        limit = None
        problems.append(str(error))
    code, why_not = size_of_code()
    return {
        "omega": omega.__version__,
        "installed_in": str(Path(omega.__file__).parent),
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "interpreter": sys.executable,
        "wheel": _wheel(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "cpus_allowed": _cpus_allowed(),
        "active_backend": active,
        "rust_core": _core_version() if loaded else None,
        "why_no_rust": why,
        "flag": f"{FLAG}={os.environ[FLAG]}" if FLAG in os.environ else f"{FLAG} is not set",
        "libraries": _versions(),
        "cache_folder": str(cache_folder()),
        "cache_bytes": cache_size(),
        "cache_limit": limit,
        "compiled_folder": str(folder_of_code()),
        "compiled_bytes": code,
        "compiled_limit": LIMIT,
        "why_not_kept": why_not,
        "problems": problems,
    }


def _native() -> tuple[bool, str | None]:
    """Load the native module, or give the reason why it cannot be."""
    try:
        importlib.import_module("omega._core")
    except ImportError as error:
        return False, str(error)
    return True, None


def _wheel() -> str | None:
    """Name what the installed wheel was built for; None where there is none."""
    try:
        installed = importlib.metadata.distribution("omega-backtest")
    except importlib.metadata.PackageNotFoundError:
        return None
    tags = re.findall(r"^Tag: (\S+)", installed.read_text("WHEEL") or "", re.MULTILINE)
    editable = '"editable": true' in (installed.read_text("direct_url.json") or "")
    return " ".join(tags) + (" (editable)" if editable else "") or None


def _core_version() -> str:
    core = importlib.import_module("omega._core")
    return f"{core.VERSION} ({Path(core.__file__ or '').name})"


def _cpus_allowed() -> int | None:
    """Count the processors that this process may use, where the system has that."""
    allowed = getattr(os, "sched_getaffinity", None)
    return None if allowed is None else len(allowed(0))


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
