"""What is seen around each sample: disturbances, energy, whether the clocks agree."""
