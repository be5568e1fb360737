"""The same grid on machines one does not sit at: jobs of a scheduler, each the ordinary command."""
