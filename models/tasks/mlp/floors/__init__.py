"""The floors: an epoch's matrix products alone, a module for each library that may do them fastest."""
