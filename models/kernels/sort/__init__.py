"""Rows of numbers, sorted."""
