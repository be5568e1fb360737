"""The DataFrame behind ``likeforlike.read``."""
