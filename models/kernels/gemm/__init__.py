"""Products of matrices of any shape, alone or in batches."""
