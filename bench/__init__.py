"""Measures: drives the registry over grids of cells through pytest-benchmark."""
