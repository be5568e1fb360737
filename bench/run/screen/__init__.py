"""What a person sees of a run: its progress, the time left, the last screen."""
