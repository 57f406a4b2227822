"""Files that are there whole or not at all, for every reader and after a power cut."""

import hashlib
import os
import secrets
from pathlib import Path


def write_whole(file: Path, data: bytes) -> None:
    """Put `data` in the file's place in one step; a file that was there keeps its mode. Raises OSError, of `file`."""
    new = file.with_name(f".{file.name[:40]}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as out:
            out.write(data)
            out.flush()
            if file.exists():
                os.fchmod(out.fileno(), file.stat().st_mode & 0o7777)
            os.fsync(out.fileno())
        new.replace(file)
    except BaseException as error:
        new.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(file), None  # the name that people know
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def keep_file(folder: Path, data: bytes) -> str:
    """Write bytes under their own hash, whole or not at all; returns the file's name."""
    name = hashlib.sha256(data).hexdigest()
    if not (folder / name).exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, data)
    return name
