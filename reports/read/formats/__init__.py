"""One module for each tool whose files are read or named, with its ``FORMATS``."""
