"""Portfolios to start from: several symbols, or money that comes and goes by date."""
