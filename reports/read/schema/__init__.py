"""The fields of our result file: of a run, of a cell, and of the workloads it declares."""
