"""The backends that every whole-run test is repeated on."""

BACKENDS = ("rust", "python")

OF_SEVERAL = ("python",)
"""Those that run several symbols and timeframes."""
