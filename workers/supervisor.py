"""All that one machine needs, kept alive: our own Redis if none is configured, drawing, delivering, bulk, the sweep.

Each role is a process of its own. One that dies is started again, at once the first time, then ever later; so is one
that lives and takes nothing up any more. When the supervisor goes, however it goes, they go with it.
"""

import ctypes
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from syndication.config import Config
from syndication.errors import ConfigError
from workers import broker

log = logging.getLogger(__name__)

QUEUES = ("draw", "deliver", "bulk")
ROLES = ("redis", *QUEUES, "sweep")
_STEADY = 20.0  # seconds of life after which a death counts as the first one again
_LONGEST = 30.0
_PORT_LOST = 4  # quick deaths of our Redis, after which its port is given up
_PATIENCE = 20.0  # seconds that a role gets to end its work
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass
class Role:
    """One kept process."""

    name: str
    start: Callable[[], "subprocess.Popen[bytes]"]
    process: "subprocess.Popen[bytes] | None" = None
    born: float = 0.0
    deaths: int = 0
    again_at: float = field(default=0.0)
    # The oldest nudge in its queue, and since when it is seen there.
    waits: tuple[bytes | None, float] = (None, 0.0)

    def tend(self, now: float) -> None:
        """Start it if it should run and does not."""
        if self.process and self.process.poll() is None:
            return
        if self.process:
            self.deaths = 1 if now - self.born > _STEADY else self.deaths + 1
            self.again_at = now + min(0.5 * 2 ** (self.deaths - 1), _LONGEST)
            log.warning("%s ended with status %s", self.name, self.process.returncode)
            self.clear()
            self.process = None
        if now >= self.again_at:
            self.process, self.born = self.start(), now
            log.info("%s started as process %s", self.name, self.process.pid)

    def listen(self, oldest: bytes | None, now: float, lease: float) -> None:
        """End it if the same nudge waits for a whole lease: tasks are shorter, so it hears nothing any more.

        A Celery worker whose child was killed in the middle of a message may wait for the rest of it for ever.
        """
        known, since = self.waits
        if oldest is None or oldest != known:
            self.waits = (oldest, now)
        elif self.process and now - since > lease and now - self.born > lease + _STEADY:
            log.warning("%s takes nothing up any more and is started anew", self.name)
            self.waits = (None, now)
            self.clear()

    def clear(self) -> None:
        """End what is left of its process group: a killed parent leaves children behind."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def run(config: Config, roles: Sequence[str] = (), **counts: int) -> None:
    """Keep these roles (all: none named) alive until SIGTERM or SIGINT; `counts`: processes by the queue's name.

    Raises ConfigError if our own Redis is asked for and another supervisor runs it.
    """
    wanted = [name for name in ROLES if name in roles] if roles else list(ROLES)
    if config.redis_url and "redis" in wanted:
        wanted.remove("redis")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _alone(config, "redis" in wanted):
        kept = [_role(name, config, counts) for name in wanted]
        lease, listened = config.delivery.lease, 0.0
        try:
            while not stop.wait(0.2):
                for role in kept:
                    role.tend(time.monotonic())
                _move_redis(kept, config)
                if time.monotonic() - listened > lease / 30:
                    for role in (one for one in kept if one.name in QUEUES):
                        role.listen(broker.oldest(config, role.name), time.monotonic(), lease)
                    listened = time.monotonic()
        finally:
            _end(kept)


def _role(name: str, config: Config, counts: Mapping[str, int]) -> Role:
    if name == "redis":
        return Role(name, lambda: _redis(config))
    if name == "sweep":
        return Role(name, lambda: _python(["-m", "workers.sweeper"]))
    words = [
        "-m",
        "celery",
        "-q",
        "-A",
        "workers.gently" if name == "bulk" else "workers.app",
        "worker",
        "-Q",
        name,
        "-c",
        str(counts[name]),
        "-n",
        f"{name}@%h",
    ]
    quiet_words = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]
    return Role(name, lambda: _python([*words, *quiet_words]))


def _redis(config: Config) -> "subprocess.Popen[bytes]":
    broker.choose(config)
    return broker.start(config, **_bound())


def _move_redis(kept: list[Role], config: Config) -> None:
    """A Redis that cannot start has lost its port to somebody: choose another, and tell all by a new start."""
    redis = next((role for role in kept if role.name == "redis"), None)
    if redis is None or redis.deaths < _PORT_LOST:
        return
    log.warning("redis gives its port up", extra={"see": str(broker.folder(config) / "redis.log")})
    broker.forget(config)
    for role in kept:
        role.clear()
        role.deaths, role.again_at = 0, 0.0  # our Redis at once, as it chooses what the others read


def _python(words: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, *words], stdin=subprocess.DEVNULL, **_bound())  # noqa: S603


def _bound() -> dict[str, Any]:
    """Process options: out of the terminal's Ctrl-C, and gone when we are gone.

    A group of its own and not a session: Linux may weigh sessions against each other, whatever priorities their
    processes have (sched(7), "The autogroup feature"), and bulk is to give way to the other roles.
    """
    parent = os.getpid()

    def follow() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)

    return {"process_group": 0, "preexec_fn": follow}


@contextmanager
def _alone(config: Config, redis: bool) -> Iterator[None]:
    """Two supervisors must not both run the Redis of one folder."""
    if not redis:
        yield
        return
    config.data.mkdir(parents=True, exist_ok=True)
    with (config.data / "worker.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"a worker runs on {config.data} already",
                "Stop it first, or start only a part here: syndicate worker --only deliver.",
            ) from None
        yield


def _end(kept: list[Role]) -> None:
    """Ask all to end, our Redis last; whoever does not in time is killed."""
    redis, workers = [r for r in kept if r.name == "redis"], [r for r in kept if r.name != "redis"]
    for group in (workers, redis):
        for role in group:
            if role.process and role.process.poll() is None:
                role.process.terminate()
        deadline = time.monotonic() + _PATIENCE
        for role in group:
            _await(role, deadline)


def _await(role: Role, deadline: float) -> None:
    if role.process is None:
        return
    try:
        role.process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        log.warning("%s did not end in time and was killed", role.name)
    role.clear()
