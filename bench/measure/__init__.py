"""Orders workers about: turns, processes, when to stop."""
