"""Omega beside other engines: one strategy, one series, one answer, then time and memory."""
