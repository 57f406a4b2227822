"""Accounts' secrets at rest: encrypted with a key that never stands in the database.

The keys come from the environment (SYNDICATE_KEY, divided by commas) or from a file that only its owner may read, one a
line. The first one seals; those after it only open what was sealed before it came.
"""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from syndication.config import Config
from syndication.errors import ConfigError

ENVIRONMENT = "SYNDICATE_KEY"
FILE = "secret.key"


class Vault:
    """Seals and opens secrets. Raises ConfigError where a key is missing, loose or wrong."""

    def __init__(self, config: Config) -> None:
        self._file = config.data / FILE
        self._keys: list[str] = []

    def seal(self, secret: dict[str, str]) -> bytes:
        """Encrypt a secret with the first key; makes the key file if there is no key yet."""
        return MultiFernet(self._open_keys(make=True)).encrypt(json.dumps(secret).encode())

    def open(self, sealed: bytes) -> dict[str, str]:
        """Decrypt a secret."""
        secret: dict[str, str] = json.loads(self._open_keys()[self.which(sealed)].decrypt(sealed))
        return secret

    def which(self, sealed: bytes) -> int:
        """The place of the key that opens a secret: 0 for the one that seals."""
        for place, key in enumerate(self._open_keys()):
            with suppress(InvalidToken):
                key.decrypt(sealed)
                return place
        raise ConfigError(
            f"the accounts were connected with another key than {self.source}",
            "Bring that key back, or connect the accounts again.",
        )

    def seal_anew(self, sealed: bytes) -> bytes:
        """A secret sealed by the first key, whichever had sealed it."""
        return self.seal(self.open(sealed))

    @property
    def marks(self) -> list[str]:
        """What tells the keys apart, in order, without telling them: the start of each one's hash."""
        self._open_keys()
        return [hashlib.sha256(key.encode()).hexdigest()[:8] for key in self._keys]

    @property
    def source(self) -> str:
        """Where the keys come from: the variable's name, or the file's path."""
        return ENVIRONMENT if from_environment() else str(self._file)

    def add_key(self) -> None:
        """Put a new key before those in the file, which stay; whole or not at all."""
        self._open_keys(make=True)
        self._write([Fernet.generate_key().decode(), *self._keys])

    def forget_keys(self, keep: int) -> None:
        """Leave only that many keys in the file, the newest."""
        self._keys = []
        self._open_keys()
        if len(self._keys) > keep:
            self._write(self._keys[:keep])

    def _write(self, keys: list[str]) -> None:
        _write_private(self._file, "\n".join(keys) + "\n", over=True)
        self._keys = keys

    def _open_keys(self, *, make: bool = False) -> list[Fernet]:
        if not self._keys:
            said = os.environ.get(ENVIRONMENT, "") or _read_keys(self._file, make=make)
            self._keys = said.replace(",", " ").split()
        try:
            return [Fernet(key) for key in self._keys]
        except ValueError:
            raise ConfigError(
                f"{self.source}: not a key",
                "A key is 32 random bytes in URL-safe base64 (44 characters): syndicate keys new makes one.",
            ) from None


def from_environment() -> bool:
    """Whether the keys come from the environment, where only the operator can change them."""
    return bool(os.environ.get(ENVIRONMENT))


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


def _write_private(file: Path, text: str, *, over: bool = False) -> None:
    """Whole or not at all; unless `over`, if somebody else makes it at the same moment, theirs counts."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=file.parent, prefix=".part-")  # mode 600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            if over:
                Path(part).replace(file)
            else:
                with suppress(FileExistsError):
                    file.hardlink_to(part)
        finally:
            Path(part).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from None


def _read_keys(file: Path, *, make: bool) -> str:
    text = private_text(file, Fernet.generate_key().decode() if make else None)
    if text is None:
        raise ConfigError(
            f"there is no key in {ENVIRONMENT} and no file {file}",
            "Bring the key back that connected the accounts.",
        )
    return text
