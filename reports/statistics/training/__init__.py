"""What a training came to: accuracies and losses over seeds, and when they were reached."""
