"""What all hand-written loops of TensorFlow need."""
