"""What is to be measured: options in, cells in groups out; knows no worker."""
