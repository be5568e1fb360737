"""Functions that are compared as they are: any callables, their arguments, and how answers are held together."""
