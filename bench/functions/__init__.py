"""A run of someone's own functions: how they reach the workers, what is asked of them, what is kept."""
