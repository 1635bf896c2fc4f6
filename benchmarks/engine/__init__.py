"""Omega alone: each figure as a ratio, measured within one run."""
