"""How studies are staged: bare loops, a busy neighbour, other tools' rules, and the account of each."""
