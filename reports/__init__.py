"""Tells: reads result files and renders what they say. Imports no framework."""
