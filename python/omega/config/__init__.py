"""Settings of a run: plain, frozen values that are checked when they are created."""
