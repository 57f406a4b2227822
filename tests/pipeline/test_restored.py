"""A database put back from a backup: posts that went out since the backup are not sent again under a hold."""

import sqlite3
from contextlib import closing

import pytest
from scripted import SENT, deliver, post

from syndication.models import State
from syndication.pipeline import Choice, accept, hold, prepare_next, resume, run_due, sweep
from syndication.store import open_store


@pytest.fixture
def database(monkeypatch):
    """SQLite: one way to copy a store is enough, as holds are tested on both."""
    monkeypatch.delenv("SYNDICATE_STORE", raising=False)
    return "sqlite"


@pytest.fixture
def backup(config, store, clock):
    """Makes a backup of the store as it is; what that gives puts it back: a store of then."""
    file = config.store_url.removeprefix("sqlite:///")

    def copy(to, origin):
        with closing(sqlite3.connect(origin)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)

    def make():
        copy(f"{file}.copy", file)

        def put_back():
            store.close()
            copy(file, f"{file}.copy")
            old = open_store(config.store_url)
            old.now = clock
            return old

        return put_back

    return make


def test_what_went_out_since_a_backup_waits_for_an_editor(
    store, config, network, published, event, backup, clock
):
    """Also of stories that the CMS tells a second time; the editor drops what is out, and the rest goes."""
    put_back = backup()
    second = event(id="cms-2", url="https://news.example/2")
    deliver(store, config)
    accept(store, config, second)
    run_due(store, config)
    assert len(network.sent) == 2
    clock.move(3600)
    old = put_back()
    hold(old, config, Choice())
    accept(old, config, second)
    accept(old, config, event(id="cms-3", url="https://news.example/3"))
    run_due(old, config)
    assert len(network.sent) == 2
    resume(old, config, posts=[1, 2], drop=True)
    resume(old, config, everything=True)
    run_due(old, config)
    assert [draft.link for draft in network.sent[2:]] == ["https://news.example/3"]
    assert [post(old, number).state for number in (1, 2, 3)] == [State.CANCELLED, State.CANCELLED, State.SENT]
    old.close()


def test_what_was_being_sent_as_the_backup_was_made_is_looked_for(
    store, config, network, published, backup, clock
):
    """It may be out, so that no hold and no restored row has it sent again unasked."""
    made = []
    network.publishes, network.finds = [lambda: made.append(backup()) or SENT], [SENT]
    deliver(store, config)
    clock.move(3600)
    old = made[0]()
    assert post(old).state is State.SENDING
    hold(old, config, Choice())
    sweep(old, config)
    run_due(old, config)
    assert (post(old).state, len(network.sent)) == (State.SENT, 1)
    old.close()


def test_what_is_held_stays_so_for_a_story_that_is_drawn_anew(store, config, network, desk, event, backup):
    """A backup from before a story was drawn: its post is written anew, and held."""
    accept(store, config, event())
    put_back = backup()
    run_due(store, config)
    old = put_back()
    hold(old, config, Choice())
    while prepare_next(old, config):
        pass
    run_due(old, config)
    assert (post(old).state, len(network.sent)) == (State.HELD, 1)
    old.close()
