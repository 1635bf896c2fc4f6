"""Indicators: what a strategy may declare."""
