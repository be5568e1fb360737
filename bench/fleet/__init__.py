"""The same run as jobs of a scheduler."""
