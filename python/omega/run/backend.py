"""Which backend runs: the native core, or its equal in plain Python."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import TYPE_CHECKING, cast

from omega.errors import BackendUnavailable, BackendWarning, ConfigError
from omega.run.detached_views import register

if TYPE_CHECKING:
    from omega._core import Run

_FLAG = "OMEGA_USE_RUST_EVENT_ENGINE"
_FLAG_VALUES = {"auto": "auto", "1": "rust", "true": "rust", "0": "python", "false": "python"}


def get_active_backend() -> str:
    """Return the backend that a run would use now: "rust" or "python".

    Raises:
        BackendUnavailable: The flag requests Rust, and the native module cannot be loaded.
        ConfigError: The flag has an unknown value.

    Example:
        >>> get_active_backend()
        'rust'
    """
    return chosen_backend("auto")


def chosen_backend(wanted: str, *, warn: bool = False, level: int = 3) -> str:
    """Choose "rust" or "python"; with `warn`, warn where Python replaces a missing core.

    The warning is of the user's line, which is so many frames above.
    """
    if wanted not in ("auto", "rust", "python"):
        raise ConfigError(f"backend: given {wanted!r}, expected 'auto', 'rust' or 'python'")
    if wanted == "auto":
        flag = os.environ.get(_FLAG, "auto").lower()
        if flag not in _FLAG_VALUES:
            known = ", ".join(_FLAG_VALUES)
            raise ConfigError(f"{_FLAG}: given {flag!r}, expected one of {known}")
        wanted = _FLAG_VALUES[flag]
    if wanted == "python":
        return "python"
    try:
        importlib.import_module("omega._core")
    except ImportError as problem:
        message = (
            f"the native module omega._core cannot be loaded: {problem}. Install the wheel for "
            "this Python and machine, or build it with 'make'"
        )
        if wanted == "rust":
            raise BackendUnavailable(message) from problem
        if warn:
            slow = f"{message}. This run goes by the Python backend: same results, far slower"
            warnings.warn(slow, BackendWarning, stacklevel=level)
        return "python"
    return "rust"


def run_of(backend: str) -> type[Run]:
    """Return the class of a run of a backend; both have the same methods."""
    if backend == "rust":
        core = importlib.import_module("omega._core")
        register(core)
        return cast("type[Run]", core.Run)
    from omega.reference import run, views  # noqa: PLC0415 - only where it is wanted

    register(views)
    return cast("type[Run]", run.Run)
