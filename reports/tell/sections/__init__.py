"""The report section by section: a module offers ``sections(context)`` and ``findings(context)``."""
