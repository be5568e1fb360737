"""One module for each tool whose files are read."""
