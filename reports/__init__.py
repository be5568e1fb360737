"""Tells: result files in, a report out; no framework, no measuring."""
