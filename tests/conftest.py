"""What every test shares: how hard Hypothesis looks.

`fast` is the default; `HYPOTHESIS_PROFILE=long` looks longer. Neither has a deadline, as a machine
may be busy, and `fast` tries the same examples each time: a change that fails, fails for everyone.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "fast",
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))
