"""Figures published elsewhere, and our own beside them."""
