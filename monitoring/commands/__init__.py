"""What `python -m monitoring` can do, one module per command."""
