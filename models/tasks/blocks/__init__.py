"""Blocks of attention and dense layers, of which the networks of several tasks are made."""
