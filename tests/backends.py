"""The backends that every whole-run test is repeated on."""

BACKENDS: tuple[str, ...] = ("rust", "python")

OF_SEVERAL = BACKENDS
"""Those that run several symbols and timeframes."""
