"""Sentences and entries that several sections share."""
