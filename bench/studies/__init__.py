"""Studies: how far the harness itself can be trusted, measured; each is `python -m bench.studies.NAME`."""
