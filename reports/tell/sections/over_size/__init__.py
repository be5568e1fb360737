"""Kernels with a size axis: CPU against GPU, time over size, and which implementation is fastest."""
