"""Where: devices, placement, state of the machine, ceilings and plausibility."""
