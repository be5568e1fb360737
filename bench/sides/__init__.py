"""Makes sides ready: the interpreter of each, with our own code on its path, and what its registry offers."""
