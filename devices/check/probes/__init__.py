"""What one framework does on one device: observed in a worker process, judged from the figures alone."""
