"""The network in each framework's own terms, for loops that train any."""
