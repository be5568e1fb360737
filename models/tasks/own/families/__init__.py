"""A model of each framework under one face: weights in and out, outputs, and one step's gradients."""
