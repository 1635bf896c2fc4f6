"""Many runs over the same candles: grids, samplers, years, cost models.

`spec` has what a run is made of; `core`, `in_process`, `processes` and `pools` are the four ways to
make runs; `table` and `parts` keep their rows; `progress` counts them. A worker process needs the
first alone, so that nothing is imported here.
"""
