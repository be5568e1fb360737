"""Inference of a model that a user brings: its outputs for samples of the user's own data."""
