"""Someone's own functions compared: what ``bench`` measures of them, judged as ``reports`` judges all else."""
