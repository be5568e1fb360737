"""Result files kept over commits: an append-only folder, and where each cell stepped."""
