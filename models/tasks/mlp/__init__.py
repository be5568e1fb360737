"""The notebook's network, 784-512-dropout-10, and the trainers built for it alone."""
