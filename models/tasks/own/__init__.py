"""Models that a user brings: described, given starting weights and a reference, and trained by our loops."""
