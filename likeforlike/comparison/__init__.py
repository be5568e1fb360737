"""Functions compared: what ``bench`` measures of them, judged as ``reports`` judges all else."""
