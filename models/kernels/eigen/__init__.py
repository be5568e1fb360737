"""Eigenvalues and eigenvectors of a symmetric matrix."""
