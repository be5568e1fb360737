"""Studies: how far the harness's figures can be trusted, measured.

Each is run by ``python -m likeforlike.bench.studies.NAME``.
"""
