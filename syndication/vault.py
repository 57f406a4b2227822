"""Accounts' secrets at rest: encrypted with a key that never stands in the database.

The key comes from the environment (SYNDICATE_KEY) or from a file that only its owner may read.
"""

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from syndication.config import Config
from syndication.errors import ConfigError

ENVIRONMENT = "SYNDICATE_KEY"
FILE = "secret.key"


class Vault:
    """Seals and opens secrets. Raises ConfigError where the key is missing, loose or wrong."""

    def __init__(self, config: Config) -> None:
        self._file = config.data / FILE
        self._fernet: Fernet | None = None

    def seal(self, secret: dict[str, str]) -> bytes:
        """Encrypt a secret; makes the key file if there is no key yet."""
        return self._open_key(make=True).encrypt(json.dumps(secret).encode())

    def open(self, sealed: bytes) -> dict[str, str]:
        """Decrypt a secret."""
        try:
            secret: dict[str, str] = json.loads(self._open_key(make=False).decrypt(sealed))
        except InvalidToken:
            raise ConfigError(
                f"the accounts were connected with another key than {self._source}",
                "Bring that key back, or connect the accounts again.",
            ) from None
        return secret

    @property
    def _source(self) -> str:
        return ENVIRONMENT if os.environ.get(ENVIRONMENT) else str(self._file)

    def _open_key(self, *, make: bool) -> Fernet:
        if self._fernet is None:
            key = os.environ.get(ENVIRONMENT, "").encode() or _read_key(self._file, make=make)
            try:
                self._fernet = Fernet(key)
            except ValueError:
                raise ConfigError(
                    f"{self._source}: not a key",
                    "A key is 32 random bytes in URL-safe base64 (44 characters).",
                ) from None
        return self._fernet


def private_text(file: Path, make: str | None) -> str | None:
    """The text of a file that only its owner may read; with `make`, writes that first if there is no file.

    None if there is none. Raises ConfigError if others may read it, or we may not.
    """
    if make is not None and not file.exists():
        _write_private(file, make)
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError(f"{file}: others may read this key", f"chmod 600 '{file}'")
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(f"{file}: cannot be read: {why}", "Run this as the user who owns it.") from None


def _write_private(file: Path, text: str) -> None:
    """Whole or not at all; if somebody else makes it at the same moment, theirs counts."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=file.parent, prefix=".part-")  # mode 600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            with suppress(FileExistsError):
                file.hardlink_to(part)
        finally:
            Path(part).unlink()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from None


def _read_key(file: Path, *, make: bool) -> bytes:
    text = private_text(file, Fernet.generate_key().decode() if make else None)
    if text is None:
        raise ConfigError(
            f"there is no key in {ENVIRONMENT} and no file {file}",
            "Bring the key back that connected the accounts.",
        )
    return text.encode()
