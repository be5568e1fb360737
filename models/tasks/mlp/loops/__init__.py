"""Loops of this network's own: by hand in NumPy, and the fastest of each framework."""
