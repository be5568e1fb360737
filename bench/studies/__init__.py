"""Studies: how far the harness's figures can be trusted, measured. Each is ``python -m bench.studies.NAME``."""
