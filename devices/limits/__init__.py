"""Can this figure be true? Pure functions; nothing of ours is imported."""
