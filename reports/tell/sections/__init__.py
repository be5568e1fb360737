"""The report section by section; a module offers its sections and its findings."""
