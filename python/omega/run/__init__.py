"""One backtest: settings are checked, a job is prepared, a backend runs it."""
