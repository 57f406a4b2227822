"""Workers that freeze in the middle of their work, are taken for dead, and wake: each post is out once and known."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from machines import until
from sqlalchemy import text

from syndication.config import load
from syndication.models import PublishEvent, State
from syndication.pipeline import accept, connect_account, prepare_next, run_due, withdraw
from syndication.sandbox.memory import Memory
from syndication.sandbox.server import address, open_server
from syndication.store import deliveries, open_store, stories, trail

pytestmark = pytest.mark.slow

# A worker that stops itself at the step it is told.
WORKER = """
import os, signal, sys
from socket import socket
from syndication import cards
from syndication.config import load
from syndication.networks import http
from syndication.pipeline import letter, prepare, run_due
from syndication.store import open_store

def freeze(module, name, *, after=False, when=lambda *_: True):
    whole = getattr(module, name)
    def frozen(*parts, **more):
        if not when(*parts):
            return whole(*parts, **more)
        setattr(module, name, whole)
        if not after:
            os.kill(os.getpid(), signal.SIGSTOP)
        made = whole(*parts, **more)
        if after:
            os.kill(os.getpid(), signal.SIGSTOP)
        return made
    setattr(module, name, frozen)

def creates(session, request, seconds):
    return request.method == "POST" and request.url.endswith("/api/v1/statuses")

def edits(session, request, seconds):
    return request.method == "PUT"

def uploads(session, request, seconds):
    return request.url.endswith("/api/v2/media")

def doomed(*parts, write=cards.write_whole):
    os.kill(os.getpid(), signal.SIGSTOP)
    write(*parts)
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "doomed":
    cards.write_whole = doomed
else: freeze(*{
    "drawn": (prepare, "write_metadata"),
    "claimed": (letter, "card_bytes"),
    "editing": (http, "exchange"),
    "uploaded": (http, "exchange"),
    "intended": (http, "exchange"),
    "sending": (socket, "sendall"),
    "answered": (http, "exchange"),
}[sys.argv[1]], **{
    "uploaded": {"when": uploads, "after": True},
    "intended": {"when": creates},
    "sending": {"when": lambda line, data: data.startswith(b"POST /api/v1/statuses")},
    "answered": {"when": creates, "after": True},
    "editing": {"when": edits},
}.get(sys.argv[1], {}))
config = load()
store = open_store(config.store_url)
run_due(store, config)
store.close()
"""


@pytest.fixture
def network():
    memory = Memory()
    with open_server(memory, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield memory, address(server)
        server.shutdown()
        thread.join()


@pytest.fixture
def room(tmp_path, network, database):
    """A store with one account and one accepted story; work that is not finished in 3 seconds is done by another."""
    (tmp_path / "syndicate.toml").write_text('[delivery]\nlease = 3\n[metadata]\nfragments = "out"\n')
    config = load(tmp_path / "syndicate.toml")
    store = open_store(config.store_url)
    connect_account(store, config, "mastodon", network[1], {"access_token": "sandbox-desk"}, "desk")
    accept(store, config, story())
    yield store, config
    store.close()


def story(**changes):
    base = {"id": "cms-1", "url": "https://news.example/world/1", "headline": "The sea took the road twice"}
    return PublishEvent.model_validate({**base, "published": datetime.now(UTC), **changes})


class Frozen:
    """A worker that has stopped at a step."""

    def __init__(self, config, step):
        home = {**os.environ, "SYNDICATE_CONFIG": str(config.folder / "syndicate.toml")}
        words = [sys.executable, "-W", "error", "-c", WORKER, step]
        self.process = subprocess.Popen(words, env=home, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        stopped = os.WSTOPPED | os.WNOWAIT | os.WNOHANG
        try:
            until(lambda: os.waitid(os.P_PID, self.process.pid, stopped), 60, "the worker stands still")
        except ChildProcessError:
            raise AssertionError(f"the worker ended: {self.process.communicate()[1]}") from None
        return self

    def wake(self):
        """Let it go on to its end, which has no fault in it."""
        self.process.send_signal(signal.SIGCONT)
        _, said = self.process.communicate(timeout=20)
        assert "Traceback" not in said, said
        assert self.process.returncode == 0, said

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def post(store):
    with store.read() as tx:
        return deliveries.of_story(tx, "cms-1")[0]


def is_now(store, config, state):
    """Whether the post came to that state, after doing what is due."""
    run_due(store, config)
    return post(store).state is state


def says(store, config, memory, words):
    """Whether the one post begins with these words, after doing what is due."""
    run_due(store, config)
    return memory.posts[0].text.startswith(words)


@pytest.mark.parametrize("step", ["drawn", "claimed", "uploaded", "intended", "sending", "answered"])
def test_a_worker_that_wakes_after_its_lease_posts_nothing_twice(room, network, step):
    """Another worker finishes what it had; what it does when it wakes changes nothing."""
    (store, config), (memory, _) = room, network
    with Frozen(config, step) as frozen:
        until(lambda: is_now(store, config, State.SENT), 60, "another worker sends the post")
        receipt = post(store).receipt
        frozen.wake()
    assert len(memory.posts) == 1
    assert (post(store).state, post(store).receipt) == (State.SENT, receipt)
    run_due(store, config)
    assert len(memory.posts) == 1


@pytest.mark.parametrize("step", ["drawn", "uploaded"])
def test_a_worker_that_wakes_after_a_withdrawal_posts_nothing(room, network, step):
    """What was not on its way when the story was withdrawn stays in."""
    (store, config), (memory, _) = room, network
    with Frozen(config, step) as frozen:
        accept(store, config, story(kind="withdraw"))
        frozen.wake()
    run_due(store, config)
    assert post(store).state is State.CANCELLED
    assert memory.posts == []


def test_a_post_that_was_on_its_way_is_known_whenever_it_arrives(room, network):
    """Frozen in the middle of its request, withdrawn meanwhile and not found: once it is out, it is removed."""
    (store, config), (memory, _) = room, network
    with Frozen(config, "sending") as frozen:
        accept(store, config, story(kind="withdraw"))
        until(lambda: is_now(store, config, State.CANCELLED), 60, "it is looked for and not found")
        frozen.wake()
    assert post(store).state is State.UNKNOWN  # its answer came too late to be believed
    with store.write() as tx:
        tx.execute(text("UPDATE deliveries SET due_at = 0"))  # as after the network's own pause
    until(lambda: is_now(store, config, State.WITHDRAWN), 60, "the post is removed")
    assert [one.deleted for one in memory.posts] == [True]
    with store.read() as tx:
        what = [step.what for step in trail.of_story(tx, "cms-1")]
    assert what.index("found") < what.index("removed")


def test_a_worker_that_wakes_before_its_request_sends_nothing(room, network):
    """Frozen after its intent, withdrawn meanwhile and not found: what others have settled stays as it is."""
    (store, config), (memory, _) = room, network
    with Frozen(config, "intended") as frozen:
        accept(store, config, story(kind="withdraw"))
        until(lambda: is_now(store, config, State.CANCELLED), 60, "it is looked for and not found")
        frozen.wake()
    run_due(store, config)
    assert (post(store).state, memory.posts) == (State.CANCELLED, [])


def test_a_worker_that_wakes_in_an_edit_does_not_bring_old_words_back(room, network):
    """It sends what it was about to, after newer words: they are said once more."""
    (store, config), (memory, _) = room, network
    run_due(store, config)
    accept(store, config, story(revision=2, summary="The second words."))
    with Frozen(config, "editing") as frozen:
        accept(store, config, story(revision=3, summary="The third words."))
        until(lambda: says(store, config, memory, "The third"), 60, "another worker edits")
        frozen.wake()
    assert says(store, config, memory, "The third")
    assert post(store).pending is None
    assert post(store).draft.text == memory.posts[0].text
    assert len(memory.posts) == 1


def test_a_worker_that_wakes_after_a_change_leaves_the_new_words(room, network):
    """Page and post say what the newest version says, whoever writes last."""
    (store, config), (memory, _) = room, network
    with Frozen(config, "drawn") as frozen:
        accept(store, config, story(revision=2, headline="The newer words"))
        while prepare_next(store, config):
            pass
        frozen.wake()
    run_due(store, config)
    assert "The newer words" in (config.folder / "out/cms-1.html").read_text()
    assert post(store).draft.title == "The newer words"
    assert len(memory.posts) == 1


def test_a_card_that_a_worker_writes_as_it_is_killed_goes_with_its_withdrawn_story(room):
    """It was about to write as the story's files were removed, so that they are removed once more."""
    store, config = room
    cards = config.at(config.cards.folder)
    with Frozen(config, "doomed") as worker:
        withdraw(store, "cms-1")
        assert prepare_next(store, config) == "cms-1"
        worker.process.send_signal(signal.SIGCONT)
        assert worker.process.wait(20) == -signal.SIGKILL
    assert len(list(cards.iterdir())) == 1
    with store.read() as tx:
        assert stories.need(tx, "cms-1").problem == "a worker may still write its files"
    store.now = lambda now=store.now: now() + 60_000
    assert prepare_next(store, config) == "cms-1"
    assert list(cards.iterdir()) == []
