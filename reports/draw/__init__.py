"""Plots; nothing else imports matplotlib."""
