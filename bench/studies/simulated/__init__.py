"""What the rules say of files made up with a truth that is known."""
