"""What is known of ended cells, on disk and into pytest-benchmark."""
