"""What sweeps on more than one machine cost; see `python -m benchmarks.cluster`."""
