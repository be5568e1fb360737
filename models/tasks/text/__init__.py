"""The next character of any text, by two blocks of causal attention."""
