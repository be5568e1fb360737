"""What all loops of Keras need, on whichever backend it has loaded."""
