"""Gradient and Jacobian of y = 3x² + 2x + 3."""
