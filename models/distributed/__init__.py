"""Training with each batch divided among workers."""
