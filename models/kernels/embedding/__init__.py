"""Rows of a table looked up, and added up again."""
