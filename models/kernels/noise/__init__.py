"""Calls that measure the harness itself: twins, and one that does nothing."""
