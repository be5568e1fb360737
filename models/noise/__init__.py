"""The machine's noise floor and the harness's own cost."""
