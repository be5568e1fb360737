"""What is trained: a folder for each task, and its data."""
