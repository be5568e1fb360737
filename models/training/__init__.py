"""Training the 784-512-10 network of the 2020 notebook."""
