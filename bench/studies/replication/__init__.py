"""Replication: what copies of one thing, measured through the whole product, are called.

``python -m likeforlike.bench.studies.replication`` measures, judges and prints; ``--from FOLDER`` judges what
lies there.
"""
