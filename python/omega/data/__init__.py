"""Candles: what a user gives, read in place as columns, in a store for each run."""
