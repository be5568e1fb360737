"""Verdicts on pairs of measurements."""
