"""The targets by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzzing import arrow, imports, run_files, saved
from tests.fuzzing.running import Target

TARGETS: Mapping[str, Target] = {
    "arrow": arrow.try_one,
    "imports": imports.try_one,
    "saved": saved.try_one,
    "run_files": run_files.try_one,
}
