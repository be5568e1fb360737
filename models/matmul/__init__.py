"""Products of two square matrices."""
