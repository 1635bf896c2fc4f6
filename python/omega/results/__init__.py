"""The result of a run: tables, metrics, and the files that it is saved to."""
