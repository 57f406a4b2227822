"""One newsroom of the crash matrix: its folder, its network, its processes, and what can befall them."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from crashes.networks import CONNECTORS, SECRETS, Network
from machines import Machine, free_port, redis_words, until

from syndication.config import load
from syndication.models import State
from syndication.pipeline import accept, connect_account
from syndication.sources import read_event
from syndication.store import deliveries, open_store, stories, trail

LEASE = 8.0
"""Seconds; one request may take a fifth of it, which is enough on a busy machine."""

PATIENCE = 75.0
"""Seconds in which a story must be out, or stand before an editor: leases, the network's own pause, back-offs."""

PUBLISHED = datetime.now(UTC).isoformat()  # news, whenever the run is
STORY = "4711"

_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps its context in globals

CONFIG = """\
[delivery]
lease = {lease}
sweep = 0.25
[cards]
folder = "cards"
[metadata]
fragments = "out"
[accounts.desk]
form = "image"
"""


def _shim(folder):
    """The clock that can be moved, as a library for LD_PRELOAD."""
    made = folder / "clock.so"
    words = ["cc", "-shared", "-fPIC", "-O2", "-o", made, Path(__file__).with_name("clock.c"), "-ldl"]
    subprocess.run(words, check=True)
    return made


class Nursery:
    """The process that forks workers; with `clock`, their clock is that of a file."""

    def __init__(self, folder, clock=False):
        self.path = folder / ("clocked.sock" if clock else "plain.sock")
        home = {"LD_PRELOAD": str(_shim(folder))} if clock else {}
        words = [sys.executable, str(Path(__file__).with_name("nursery.py")), str(self.path)]
        environment = {**os.environ, **home, "PYTHONWARNINGS": "error"}
        self.process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n", "the nursery ended"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Child:
    """A forked worker at the other end of its line."""

    def __init__(self, nursery, told):
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(str(nursery.path))
        self.file = self.line.makefile()
        self._say(json.dumps(told))
        self.pid = int(self.file.readline())
        self.log = Path(told["log"])
        self.said, self.ended = [], threading.Event()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _say(self, words):
        self.line.sendall(f"{words}\n".encode())

    def _read(self):
        with suppress(ConnectionError):
            for word in self.file:
                self.said.append(word.strip())
        self.ended.set()

    def there(self):
        until(lambda: "there" in self.said or self.ended.is_set(), 40, f"the step comes: {self.log}")
        assert "there" in self.said, self.log.read_text()

    def go(self):
        with suppress(BrokenPipeError):
            self._say("go")

    def finishes(self, seconds=PATIENCE):
        """Wait until what it was in the middle of is over."""
        before = self.said.count("round")
        until(
            lambda: self.ended.is_set() or self.said.count("round") > before, seconds, f"it ends: {self.log}"
        )

    def signal(self, number):
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self):
        self.signal(signal.SIGKILL)
        self.reader.join()
        self.file.close()
        self.line.close()


class Room:
    """What one cell needs. `nurseries` are two: with the true clock, and with one that can be moved."""

    def __init__(self, folder, kind, step, nurseries, *, clock=False, queue=False, database=None, disk=False):
        self.folder, self.kind, self.step, self.queue = folder, kind, step, queue
        self.children, self.redis = [], None
        folder.mkdir(parents=True)
        self.nursery = nurseries[clock]
        self.move_clock(0)
        words = CONFIG.format(lease=LEASE)
        if queue:
            port = free_port()
            words += f'[queue]\nredis = "redis://127.0.0.1:{port}/0"\n'
            self.redis = Machine("redis", redis_words(port, folder), folder).start()
        self.database = database
        if database:
            words += f'[store]\nurl = "{database.make(folder.name)}"\n'
        (folder / "syndicate.toml").write_text(words)
        self.config = load(folder / "syndicate.toml")
        self.disk = folder / "cards" if disk else None
        if disk:
            self.disk.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", self.disk], check=True)
        # Telegram's one request carries the picture: it has been uploaded before the post is stored.
        hold = {"stored": "after"}.get(step) or ("before" if (kind, step) == ("neither", "upload") else "")
        self.network = Network(kind, hold)
        self.held = bool(hold)
        with _ONE_AT_A_TIME:
            self.store = open_store(self.config.store_url)
        secret = SECRETS[kind]
        connect_account(self.store, self.config, CONNECTORS[kind], self.network.address, secret, "desk")

    def event(self):
        return {
            "id": STORY,
            "url": f"https://news.example/world/{STORY}",
            "headline": "The sea took the road twice",
            "summary": "After the third winter of floods the council votes on 40 homes.",
            "published": PUBLISHED,
        }

    def child(self, role, step=""):
        name = f"{role}{len(self.children)}"
        home = {
            "SYNDICATE_CONFIG": str(self.folder / "syndicate.toml"),
            "CRASHES_CLOCK": str(self.folder / "clock"),
        }
        told = {"role": role, "step": step, "log": str(self.folder / f"{name}.log"), "environment": home}
        told |= {"folder": str(self.folder), "event": self.event(), "queue": self.queue}
        self.children.append(Child(self.nursery, told))
        return self.children[-1]

    def bring_to_step(self):
        """A process that stands at the step, in the middle of the story's way; whoever is to be struck."""
        if self.step == "accept":
            victim = self.child("cms", "accept")
            victim.there()
            return victim
        accept(self.store, self.config, read_event(json.dumps(self.event()).encode()))
        if self.queue:
            self.child("sweeper")
        victim = self.child("celery" if self.queue else "worker", "" if self.held else self.step)
        if self.held:
            assert self.network.state.there.wait(40), victim.log.read_text()
        else:
            victim.there()
        return victim

    def go(self, victim):
        self.network.state.goes.set()
        if not self.held:
            victim.go()

    def others(self):
        """Whoever is at work besides, or is started after a fall."""
        if self.queue:
            if self.step == "accept":
                self.child("sweeper")
            self.child("celery")
        else:
            self.child("worker")

    def post(self):
        with self.store.read() as tx:
            return deliveries.of_story(tx, STORY)[0]

    def problem(self):
        with self.store.read() as tx:
            return stories.need(tx, STORY).problem

    def settled(self):
        """Whether it is out, or a person is told of it; nothing waits for the drawing either."""
        with self.store.read() as tx:
            drawn = stories.need(tx, STORY).due_at is None
        post = self.post()
        told = post.state is State.UNKNOWN and post.due is None
        return drawn and (told or post.state in (State.SENT, State.FAILED))

    def trail(self):
        with self.store.read() as tx:
            return [f"{step.attempt or ''} {step.what} {step.words}" for step in trail.of_story(tx, STORY)]

    def fill_disk(self):
        with suppress(OSError), (self.disk / "filler").open("wb", buffering=0) as out:
            while True:
                out.write(bytes(65536))

    def free_disk(self):
        (self.disk / "filler").unlink()

    def move_clock(self, hours):
        with os.fdopen(os.open(self.folder / "clock", os.O_WRONLY | os.O_CREAT), "wb") as out:
            out.write(struct.pack("q", 3600 * hours))

    def lose_redis(self):
        self.redis.kill()
        time.sleep(0.5)  # the outage itself: those who are connected notice
        self.redis.start()

    def close(self):
        for child in self.children:
            child.stop()
        self.network.stop()
        self.store.close()
        if self.redis:
            self.redis.stop()
        if self.disk:
            subprocess.run(["umount", "-l", self.disk], check=True)
