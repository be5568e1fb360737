"""What JAX's loops share: a network as a tree of arrays, updates, convolutions as products."""
