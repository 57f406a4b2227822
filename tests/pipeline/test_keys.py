"""Keys change while workers go on, and a change that is broken off anywhere leaves every secret readable."""

import os
import stat
import threading

import pytest
from cryptography.fernet import Fernet

from syndication.errors import ConfigError, InputError
from syndication.pipeline.keys import list_keys, rotate_keys
from syndication.pipeline.tokens import keep
from syndication.store import accounts
from syndication.vault import ENVIRONMENT, FILE, Vault


@pytest.fixture(autouse=True)
def no_key_around(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)


@pytest.fixture
def three(connect, config, network):
    for name in ("desk", "sport", "world"):
        connect(name, "script", Vault(config).seal({"token": name}))


def opened(store, config):
    with store.read() as tx:
        return {name: Vault(config).open(one)["token"] for name, one in accounts.secrets(tx).items()}


ALL = {"desk": "desk", "sport": "sport", "world": "world"}


def test_a_new_key_seals_everything_and_the_one_before_stays_for_a_while(store, config, three):
    """The file holds the new key first and one before it, for its owner only; a second change drops the oldest."""
    first = (config.data / FILE).read_text().strip()
    assert rotate_keys(store, config) == 3
    assert opened(store, config) == ALL
    assert [key.secrets for key in list_keys(store, config)] == [3, 0]
    assert stat.S_IMODE((config.data / FILE).stat().st_mode) == 0o600
    assert first in (config.data / FILE).read_text()
    rotate_keys(store, config)
    assert [key.secrets for key in list_keys(store, config)] == [3, 0]
    assert first not in (config.data / FILE).read_text()
    assert opened(store, config) == ALL
    assert [one.name for one in config.data.iterdir() if one.name.startswith(".part")] == []


@pytest.mark.parametrize("after", range(5))
def test_a_change_that_is_broken_off_is_harmless(store, config, three, monkeypatch, after):
    """At each step: every secret can still be read, and the next change goes through."""
    rotate_keys(store, config)
    steps = iter(range(100))

    def dies(real):
        def step(*words, **named):
            if next(steps) == after:
                raise KeyboardInterrupt
            return real(*words, **named)

        return step

    with monkeypatch.context() as broken:
        broken.setattr(accounts, "keep_secret", dies(accounts.keep_secret))
        for name in ("add_key", "forget_keys"):
            broken.setattr(Vault, name, dies(getattr(Vault, name)))
        with pytest.raises(KeyboardInterrupt):
            rotate_keys(store, config)
    assert opened(store, config) == ALL
    rotate_keys(store, config)
    assert opened(store, config) == ALL
    assert [key.secrets for key in list_keys(store, config)] == [3, 0]


def test_a_token_that_is_renewed_meanwhile_is_not_lost(store, config, three):
    """Whoever renews while keys change keeps the renewed one, whatever key it had read."""
    mailboxes = {}
    for name in ALL:
        with store.write() as tx:
            mailboxes[name] = accounts.open_by_name(tx, name, store.now(), 60_000)
    last, stop, failed = {}, threading.Event(), []

    def renew(name):
        number = 0
        while not stop.is_set():
            number += 1
            try:
                keep(store, config, mailboxes[name], {"token": f"{name} {number}"})
            except Exception as error:
                failed.append(error)
                return
            last[name] = f"{name} {number}"

    workers = [threading.Thread(target=renew, args=(name,)) for name in ALL]
    for worker in workers:
        worker.start()
    try:
        for _ in range(8):
            rotate_keys(store, config)
            opened(store, config)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert failed == []
    assert opened(store, config) == last
    assert set(last) == set(ALL)


def test_keys_of_the_environment_are_the_operators(store, config, connect, network, monkeypatch):
    """Without a new one there nothing is done; with it first, all is sealed by it, and the old one may go."""
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    monkeypatch.setenv(ENVIRONMENT, old)
    connect("desk", "script", Vault(config).seal({"token": "desk"}))
    with pytest.raises(InputError) as told:
        rotate_keys(store, config)
    assert "syndicate keys new" in told.value.hint
    assert old not in str(told.value)
    monkeypatch.setenv(ENVIRONMENT, f"{new}, {old}")
    assert [key.secrets for key in list_keys(store, config)] == [0, 1]
    assert rotate_keys(store, config) == 1
    monkeypatch.setenv(ENVIRONMENT, new)
    assert opened(store, config) == {"desk": "desk"}
    assert not (config.data / FILE).exists()


def test_a_secret_whose_key_is_lost_stops_the_change(store, config, three, connect, network):
    """Nothing is half done: the keys and all other secrets stay as they are."""
    connect("lost", "script", Fernet(Fernet.generate_key()).encrypt(b"{}"))
    before = (config.data / FILE).read_text()
    with pytest.raises(ConfigError, match="another key"):
        rotate_keys(store, config)
    assert (config.data / FILE).read_text() == before
    assert os.environ.get(ENVIRONMENT) is None
