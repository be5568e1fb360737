"""What belongs together, and what it is compared with."""
