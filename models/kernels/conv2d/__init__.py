"""Convolutions of images with 3 × 3 kernels."""
