"""Functions compared as they are: any callables, their arguments, their answers held together."""
