"""The result file: tried before the run, written whole or not at all after it."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from likeforlike.bench.plan.asked.options import OptionError


def check_writable(path: Path) -> None:
    """Make the folder and try to write into it, before anything is measured. Raises OptionError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise OptionError(f"--benchmark-json: {path} is a folder; name a file")
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OptionError(
            f"--benchmark-json: cannot write {path}: {error.strerror}; name another file"
        ) from error


def write_result(path: Path, document: dict[str, Any]) -> None:
    """Write a result document, whole or not at all."""
    write_whole(path, json.dumps(plain(document), indent=1, allow_nan=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write to a temporary name beside the file, flush to disk, move into place."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def plain(value: Any) -> Any:
    """The value in JSON's own types: no NaN or infinity (null instead), no numbers of other kinds."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (bool, int)) else str(value)
