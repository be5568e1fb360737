"""How sure are we? Pure functions of figures."""
