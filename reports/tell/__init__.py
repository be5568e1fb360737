"""The report as blocks without mark-up."""
