"""Fourier transforms of rows of real numbers."""
