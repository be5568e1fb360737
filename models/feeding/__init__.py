"""Feeding: an epoch of batches of a task's images in a fresh order, and nothing done with them."""
