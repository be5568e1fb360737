"""How to train: the loops of each framework."""
