"""Is this machine fit to measure on: frameworks on devices, clock, counters, surroundings."""
