"""A server's own idempotency is not trusted alone: one that claims to be Mastodon and ignores keys gets one post."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted import deliver, post

from syndication.models import State
from syndication.pipeline import accept, connect_account, prepare_next
from syndication.sandbox import Faults, Memory, address, open_server


@pytest.fixture
def memory(store, config, event):
    """What a server that ignores keys keeps; a story waits to go out there."""
    kept = Memory()
    with open_server(kept) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        connect_account(store, config, "mastodon", address(server), {"access_token": "sandbox-desk"}, "desk")
        accept(store, config, event())
        prepare_next(store, config)
        yield kept
        server.shutdown()
        thread.join()


def test_workers_at_once_are_no_race_at_the_server(memory, store, config):
    """Six deliver at the same time to a slow server: one opens the mailbox, and one request is made."""
    memory.misbehave(Faults(ignore_keys=True, slow=0.2))
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(lambda _: deliver(store, config), range(6))) == 1
    assert post(store).state is State.SENT
    assert len(memory.posts) == 1


def test_a_lost_answer_is_looked_for_before_any_key_is_used_again(memory, store, config, clock):
    """The post is found among the account's own, and the key, which would not help, is not tried."""
    memory.misbehave(Faults(ignore_keys=True, drop_after_store=1.0))
    deliver(store, config)
    assert post(store).state is State.UNKNOWN
    memory.misbehave(Faults(ignore_keys=True))
    clock.move(25)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert len(memory.posts) == 1
