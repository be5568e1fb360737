"""a = b + s c, for the bandwidth of memory."""
