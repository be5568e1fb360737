"""Products of square matrices."""
