"""Gradient and Jacobian of a polynomial."""
