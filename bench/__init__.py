"""Measures: options in, cells in turns, a result file out."""
