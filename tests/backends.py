"""The backends that every whole-run test is repeated on."""

BACKENDS = ("rust", "python")
