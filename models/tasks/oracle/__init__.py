"""What the proofs of all tasks share: a network in NumPy, its training, what is held against it."""
