"""What a run is set up with: plain, frozen values that are checked when they are written."""
