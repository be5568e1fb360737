"""The forms in which a report leaves: Markdown, HTML, CSV, a folder."""
