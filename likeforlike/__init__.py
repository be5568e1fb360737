"""Compares machine-learning frameworks, models, training loops and devices like for like."""

__version__ = "0.2.0"
