"""A process on a device: its environment, its framework, its end."""
