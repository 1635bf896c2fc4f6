"""What a strategy may declare: the catalog of indicators, and one typed method for each."""
