"""a = b, for the bandwidth of memory."""
