"""Which files a page of shared results tells of, as the page itself says."""

from __future__ import annotations

from html.parser import HTMLParser

FILES_TABLE = "shared-files"
"""The page's table of files, whose rows begin with their names."""


def told_files(page: str) -> tuple[str, ...]:
    """The names in its table of files, in order; none where it has no such table."""
    reader = _FilesTable()
    reader.feed(page)
    reader.close()
    return tuple(reader.names)


class _FilesTable(HTMLParser):
    """Reads the heads of the table's rows; what is escaped there comes back as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self._within_table = False
        self._within_head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter the table, and a row's head in it."""
        told = dict(attrs)
        if tag == "table":
            self._within_table = told.get("id") == f"t-{FILES_TABLE}"
        elif tag == "th" and self._within_table and told.get("scope") == "row":
            self._within_head = True
            self.names.append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave them."""
        if tag == "table":
            self._within_table = False
        elif tag == "th":
            self._within_head = False

    def handle_data(self, data: str) -> None:
        """Text, which may come in parts."""
        if self._within_head:
            self.names[-1] += data
