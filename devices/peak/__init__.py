"""The search for the best product rate of a device, longer than the one before a run."""
