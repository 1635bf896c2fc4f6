"""The backends that every whole-run test is repeated on.

With `OMEGA_TEST_WITHOUT_CORE=1` the native module is not there, as on a machine without a wheel.
"""

from __future__ import annotations

import os
import sys

WITHOUT_CORE = os.environ.get("OMEGA_TEST_WITHOUT_CORE") == "1"
if WITHOUT_CORE:
    sys.modules["omega._core"] = None  # type: ignore[assignment]  # importing it raises now

BACKENDS = ("python",) if WITHOUT_CORE else ("rust", "python")
