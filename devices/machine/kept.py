"""Where things are kept from run to run: ``$XDG_CACHE_HOME/likeforlike``, else ``~/.cache/likeforlike``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def kept_folder(name: str, environ: Mapping[str, str] | None = None) -> Path:
    """The folder for things of one kind; a user without a home folder keeps them with passing files."""
    environment = os.environ if environ is None else environ
    cache = Path(environment.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        cache = cache.expanduser()
    except RuntimeError:  # neither HOME nor an entry in the list of users, as in containers
        cache = Path(tempfile.gettempdir()) / f"cache-of-user-{os.getuid()}"
    return cache / "likeforlike" / name
