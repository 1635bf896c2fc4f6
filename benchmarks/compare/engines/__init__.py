"""One file an engine; each runs in that engine's own environment."""
