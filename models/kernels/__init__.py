"""Workloads whose sample is one call, each whole in its folder."""
