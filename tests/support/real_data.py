"""Where the real candles are, which are not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(os.environ.get("OMEGA_DATA", Path(__file__).parents[3] / "shared" / "data"))
