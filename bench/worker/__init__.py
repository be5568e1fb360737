"""What runs inside a worker process; it imports models and devices alone."""
