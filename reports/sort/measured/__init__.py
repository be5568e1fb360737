"""What was measured: its keys, its runs and figures, and all of it together."""
