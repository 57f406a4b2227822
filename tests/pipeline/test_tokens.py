"""Tokens: renewed ahead of time by whoever has the mailbox open, stored before they are used, given up aloud."""

import logging
import time

import pytest
from scripted import deliver, post
from sqlalchemy.exc import OperationalError

from syndication.errors import NotSent, Unauthorized
from syndication.models import State
from syndication.networks.life import Life
from syndication.pipeline import accept, connect_account, prepare_next, sweep
from syndication.store import accounts, moment
from syndication.vault import Vault

DAY = 86_400


@pytest.fixture
def ending(store, config, network, clock, monkeypatch):
    """An account whose token ends and is renewed at times that the test's clock knows: ending(ends, renew)."""
    network.words = []

    def fresh(http):
        if network.words and clock() >= (network.life(http.secret).renew or 1e20) * 1000:
            word = network.words.pop(0)
            word = word() if callable(word) else word
            if isinstance(word, Exception):
                raise word
            http.renew({**http.secret, **word}, None)

    def life(secret):
        return Life(
            *(float(secret[name]) if name in secret else None for name in ("ends", "renew")), moves=True
        )

    monkeypatch.setattr(network, "fresh", fresh, raising=False)
    monkeypatch.setattr(network, "life", life, raising=False)

    def make(**secret):
        times = {name: str(clock() / 1000 + seconds) for name, seconds in secret.items()}
        return connect_account(
            store, config, "script", "https://social.example", {"token": "one", **times}, "desk"
        )

    return make


def account(store):
    with store.read() as tx:
        return accounts.get(tx, "desk")


def secret(store, config):
    return Vault(config).open(account(store)[1])


def test_a_token_is_renewed_although_nothing_waits(store, config, network, clock, ending):
    """At its time the mailbox counts as due, whoever opens it renews, and the new one's end is known at once."""
    ending(ends=60 * DAY, renew=30 * DAY)
    assert sweep(store, config).mailboxes == 0
    assert not deliver(store, config)
    clock.move(30 * DAY)
    network.words = [
        {"token": "two", "ends": str(clock() / 1000 + 60 * DAY), "renew": str(clock() / 1000 + 30 * DAY)}
    ]
    assert sweep(store, config).mailboxes == 1
    assert deliver(store, config)
    assert secret(store, config)["token"] == "two"
    one, _ = account(store)
    assert (one.ends, one.renews) == (moment(clock() + 60 * DAY * 1000), True)
    assert sweep(store, config).mailboxes == 0


def test_a_letter_that_renews_by_the_way_is_enough(store, config, network, clock, ending, event, monkeypatch):
    """The letter goes first; its line has renewed the token, and nobody asks again."""
    ending(ends=60 * DAY, renew=1)
    accept(store, config, event())
    prepare_next(store, config)
    clock.move(5)
    network.words = [{"token": "two", "renew": str(clock() / 1000 + DAY)}]
    publish = network.publish

    def fresh_first(http, draft, image):
        network.fresh(http)
        return publish(http, draft, image)

    monkeypatch.setattr(network, "publish", fresh_first)
    assert deliver(store, config)
    assert post(store).state is State.SENT
    assert secret(store, config)["token"] == "two"
    assert network.words == []
    assert sweep(store, config).mailboxes == 0


@pytest.mark.parametrize(("left", "pause"), [(30 * DAY, DAY), (5 * DAY, DAY / 2), (600, 60), (None, 60)])
def test_a_renewal_that_fails_is_tried_again(store, config, network, clock, ending, left, pause):
    """After a tenth of the time that is left, between a minute and a day; until then the mailbox is not due."""
    ending(**({"ends": left} if left else {}), renew=0)
    network.words = [NotSent("no answer"), {"token": "two", "renew": str(clock() / 1000 + 90 * DAY)}]
    with store.write() as tx:
        accounts.tend_next(tx, "desk", clock())
    assert deliver(store, config)
    assert secret(store, config)["token"] == "one"
    clock.move(pause - 1)
    assert sweep(store, config).mailboxes == 0
    clock.move(2)
    assert deliver(store, config)
    assert secret(store, config)["token"] == "two"


def test_a_dead_token_stops_its_mailbox_and_is_told_once(store, config, network, clock, ending, caplog):
    """One line at ERROR with the remedy; the account is paused with the network's words, and not asked again."""
    ending(renew=0)
    network.words = [
        Unauthorized("the token is not renewed: revoked", "Connect the account again: syndicate connect")
    ]
    clock.move(61)
    assert deliver(store, config)
    clock.move(DAY)
    assert sweep(store, config).mailboxes == 0
    assert not deliver(store, config)
    assert account(store)[0].paused == "the token is not renewed: revoked"
    [line] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (line.account, line.remedy) == ("desk", "Connect the account again: syndicate connect")


def test_a_token_that_nobody_renews_is_looked_at_when_it_ends(store, config, network, clock, ending):
    """So that its end is told on its day, and not when the next story breaks; later once a day."""
    ending(ends=DAY)
    assert account(store)[0].renews is False
    clock.move(DAY - 1)
    assert sweep(store, config).mailboxes == 0
    clock.move(2)
    assert deliver(store, config)
    clock.move(DAY - 10)
    assert sweep(store, config).mailboxes == 0
    clock.move(11)
    assert sweep(store, config).mailboxes == 1


def test_a_renewed_token_waits_for_a_store_that_is_away(store, config, network, clock, ending, monkeypatch):
    """The network takes the old one no more: what it gave is not lost because the database was cut for a moment."""
    ending(renew=0)
    network.words = [{"token": "two", "renew": str(clock() / 1000 + DAY)}]
    clock.move(61)
    keep_token, failures = (
        accounts.keep_token,
        [OperationalError("x", {}, Exception("cut")) for _ in range(3)],
    )

    def cut(*words):
        if failures:
            raise failures.pop()
        keep_token(*words)

    pauses = []
    monkeypatch.setattr(accounts, "keep_token", cut)
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert deliver(store, config)
    assert secret(store, config)["token"] == "two"
    assert pauses == [0.25, 0.5, 1.0]


def test_a_worker_that_lost_the_mailbox_keeps_nothing(store, config, network, clock, ending):
    """Connected again meanwhile: the token that a slow worker brings is another's, and not stored over the new one."""
    ending(renew=0)
    clock.move(61)

    def meanwhile():
        connect_account(store, config, "script", "https://social.example", {"token": "three"}, "desk")
        return {"token": "two"}

    network.words = [meanwhile]
    assert deliver(store, config)
    assert secret(store, config) == {"token": "three"}


def test_a_fault_in_a_connector_does_not_come_back_at_once(store, config, network, clock, ending, caplog):
    """It is logged with its traceback, and the mailbox is not due again for a minute."""
    ending(renew=0)
    network.words = [KeyError("a fault of the test")]
    clock.move(61)
    assert deliver(store, config)
    assert "connector failed" in caplog.text
    assert sweep(store, config).mailboxes == 0
    clock.move(61)
    assert sweep(store, config).mailboxes == 1
