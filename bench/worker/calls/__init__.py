"""Calls of a kernel as they are timed: their turns, caches, operands, answers, and what a launch costs."""
