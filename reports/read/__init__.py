"""Bytes in, frozen records out."""
