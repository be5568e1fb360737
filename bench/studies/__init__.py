"""Studies: how far the harness's figures can be trusted, measured; each is ``python -m bench.studies.NAME``."""
