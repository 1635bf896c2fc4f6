"""The native module, or what stands in for it where it cannot be loaded.

What goes in: nothing. What comes out: `core`, which is `omega._core` or else
`omega.reference.core`, and the names of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omega import _core as core
else:
    try:
        core = import_module("omega._core")
    except ImportError:
        core = import_module("omega.reference.core")

    def __getattr__(name: str) -> object:
        return getattr(core, name)


__all__ = ["core"]
