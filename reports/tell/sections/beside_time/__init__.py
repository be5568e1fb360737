"""What stands beside a time: launch and kernel apart, clock and heat, who is best at what."""
