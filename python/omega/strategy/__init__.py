"""What a strategy is written with: the base class, actions, conditions, signal columns."""
