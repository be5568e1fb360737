"""Conducts a run from the first hook to the last."""
