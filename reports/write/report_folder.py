"""The output folder: it appears whole or not at all, and never takes the place of what is not ours."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

MANIFEST = ".likeforlike-report"
"""Lists the files of a report, one a line; its presence says that the folder is one."""


class OutputError(Exception):
    """A folder that can't be written, or must not be."""


def check_output(folder: Path) -> None:
    """Raise OutputError if the folder can't be made or holds anything that is no report of ours."""
    try:
        kind = folder.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"--output {folder}: {_reason(error)}") from error
    if not stat.S_ISDIR(kind):
        raise OutputError(f"--output {folder}: is a file; name a folder")
    strangers = sorted(_files_of(folder) - _manifest_of(folder))
    if strangers:
        more = f" and {len(strangers) - 1} more" if len(strangers) > 1 else ""
        raise OutputError(
            f"--output {folder}: holds {strangers[0]}{more}, which no report of ours wrote; "
            "name another folder"
        )


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files (relative names) beside the folder, then put them in its place at once.

    An earlier report there goes; anything else is refused. Raises OutputError.
    """
    check_output(folder)
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise OutputError(f"--output {folder}: {_reason(error)}") from error
    try:
        _write_all(fresh, files)
        _put_in_place(fresh, folder)
    except OSError as error:
        raise OutputError(f"--output {folder}: {_reason(error)}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _reason(error: OSError) -> str:
    return f"can't be written: {(error.strerror or str(error)).lower()}"


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    listing = "".join(f"{name}\n" for name in sorted(files))
    (folder / MANIFEST).write_text(listing, encoding="utf-8")
    os.chmod(folder, 0o755)


def _put_in_place(fresh: Path, folder: Path) -> None:
    """Move the fresh folder to its name; the earlier report waits aside until that has worked."""
    if not folder.exists():
        os.rename(fresh, folder)
        return
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
    try:
        os.rename(folder, aside / "report")
        try:
            os.rename(fresh, folder)
        except OSError:
            os.rename(aside / "report", folder)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def _manifest_of(folder: Path) -> set[str]:
    try:
        listed = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {*listed, MANIFEST}
