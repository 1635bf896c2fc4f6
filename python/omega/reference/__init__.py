"""`omega._core` in plain Python: the fallback where no wheel loads, and the oracle of tests."""
