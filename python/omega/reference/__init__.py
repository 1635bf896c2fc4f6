"""The rules of Omega a second time, in plain Python: short, slow, and equal to the last bit."""
