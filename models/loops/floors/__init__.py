"""What no trainer can do without: a network's products and convolutions alone, traced and timed."""
