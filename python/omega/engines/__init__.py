"""Engines: the loop over components that can be changed one by one."""
