"""Operands placed on a device, results waited for, a module for each framework."""
