"""Data-parallel training: one network, each batch divided among replicas."""
