"""A newsroom's folder, the sandbox network, and commands run as a shell would run them."""

import io
import json
import sys
import threading
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from syndication import cli
from syndication.config import load
from syndication.pipeline import connect_account
from syndication.sandbox import Memory, address, open_server
from syndication.store import open_store

TODAY = datetime.now(UTC).isoformat()
"""When the stories are published: as news, whenever the tests run."""


class Done(NamedTuple):
    """How a command ended, and what it said on stdout and stderr."""

    status: int
    out: str
    err: str

    def data(self):
        """Its stdout as JSON: nothing else may stand there."""
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch, capfd, tmp_path):
    """Runs `syndicate WORDS` in this process, in the room's folder: run(*words, stdin=b"")."""
    room = tmp_path / "دفتر the room"
    room.mkdir()
    monkeypatch.chdir(room)
    monkeypatch.setenv("BROWSER", "true")

    def go(*words, stdin=b""):
        typed = io.TextIOWrapper(io.BytesIO(stdin)) if isinstance(stdin, bytes) else stdin
        # Set and taken back by us, so that a command's own `--config` does not outlive it.
        monkeypatch.setenv("SYNDICATE_CONFIG", "")
        monkeypatch.delenv("SYNDICATE_CONFIG")
        monkeypatch.setattr(sys, "argv", ["syndicate", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", typed)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Done(ended.value.code, *capfd.readouterr())

    go.room = room
    return go


@pytest.fixture
def network():
    """The sandbox network: its `memory` of what it was sent, and its `url`."""
    memory = Memory()
    with open_server(memory) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        server.memory, server.url = memory, address(server)
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def desk(run, network, database, fresh_store):
    """A room with its config, keys and the sandbox's account `desk` connected: run, by another name."""
    assert run("init").status == 0
    fresh_store(load(run.room / "syndicate.toml"))
    connect_by_token(run, network, "desk")
    return run


def connect_by_token(run, network, name):
    config = load(run.room / "syndicate.toml")
    store = open_store(config.store_url)
    connect_account(store, config, "mastodon", network.url, {"access_token": f"sandbox-{name}"}, name)
    store.close()


@pytest.fixture
def story(run):
    """Writes an event's file into the room: story(name="story.json", **changes)."""

    def write(name="story.json", **changes):
        event = {
            "id": "cms-4711",
            "url": f"https://news.example/world/{changes.get('id', 'cms-4711').removeprefix('cms-')}",
            "headline": "Harbour towns vote to let the sea back in",
            "summary": "Three towns give up their dykes.",
            "published": TODAY,
        }
        file = run.room / name
        file.write_text(json.dumps({**event, **changes}), encoding="utf-8")
        return file

    return write
