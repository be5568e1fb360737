"""Where it runs: discovery, placement, state, ceilings, fingerprint."""
