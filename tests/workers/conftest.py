"""A room with a config, and the processes that a supervisor keeps there."""

import json
from contextlib import contextmanager

import pytest
from machines import Machine, redis_words, syndicate, until
from processes import children, listening, role_of

from syndication.config import load


class Room:
    """A folder with a config and a space in its path, and the processes that are started in it."""

    def __init__(self, folder):
        self.folder, self.started = folder, []
        self.file = folder / "syndicate.toml"
        self.file.write_text("[delivery]\nlease = 20\nsweep = 0.5\n")
        self.home = {"SYNDICATE_CONFIG": str(self.file)}

    @property
    def config(self):
        return load(self.file)

    def start(self, name, words, **environment):
        self.started.append(Machine(name, words, self.folder, {**self.home, **environment}).start())
        return self.started[-1]

    def redis(self, port, name="redis"):
        """A Redis of somebody else's, without a password."""
        return self.start(name, redis_words(port, self.folder))

    def supervisor(self):
        return Kept(self)


class Kept:
    """A supervisor of all roles, and its children as /proc tells of them."""

    def __init__(self, room):
        self.room, self.machine = room, room.start("worker", syndicate("worker", "--deliver", "1"))
        until(self.works, 60, "the workers listen")

    @property
    def pid(self):
        return self.machine.process.pid

    def log(self):
        return self.machine.log.read_text()

    def roles(self):
        """The process of each role by its name."""
        return {role_of(pid): pid for pid in children(self.pid)}

    def family(self):
        """The supervisor's children and theirs."""
        return [pid for child in children(self.pid) for pid in (child, *children(child))]

    def redis(self):
        """Port and password of our Redis; empty while it is moving."""
        file = self.room.config.data / "redis/redis.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def works(self):
        """Whether Redis is up and all workers listen to their queues."""
        from workers.broker import broker_url

        return listening(broker_url(self.room.config)) == 3


@contextmanager
def opened(folder):
    folder.mkdir()
    made = Room(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNDICATE_CONFIG", str(made.file))  # the package `workers` reads it when it is imported
        try:
            yield made
        finally:
            for machine in reversed(made.started):
                machine.stop()


@pytest.fixture
def room(tmp_path):
    with opened(tmp_path / "the room") as made:
        yield made


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A supervisor at work, shared by the tests that leave it so."""
    with opened(tmp_path_factory.mktemp("kept") / "the room") as made:
        yield made.supervisor()
