"""Models that a user brought."""
