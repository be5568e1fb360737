"""What others take of the machine, and what a worker waits for."""
