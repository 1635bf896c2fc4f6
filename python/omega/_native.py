"""The native module `omega._core`, or its equal in plain Python where it cannot be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omega import _core as core
else:
    try:
        from omega import _core as core
    except ImportError:
        from omega.reference import core

    def __getattr__(name: str) -> object:
        return getattr(core, name)


__all__ = ["core"]
