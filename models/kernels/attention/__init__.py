"""Scaled dot products of queries with keys, softmax, and the values that it weighs."""
