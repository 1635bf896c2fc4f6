"""The backends that every whole-run test is repeated on."""

BACKENDS: tuple[str, ...] = ("rust", "python")

OF_SEVERAL: tuple[str, ...] = ("python",)
"""Those that run several symbols and timeframes."""
