"""One module for each maker of devices."""
