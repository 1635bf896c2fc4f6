"""What the documentation adds to Sphinx, a module for each thing; docs/conf.py connects them."""
