"""Quantiles of timed calls: p50, p95 and p99, and the verdict on the one asked for."""
