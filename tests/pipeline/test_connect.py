"""A name stays with its account: what waits for one must not go to another."""

import pytest

from syndication.errors import InputError
from syndication.pipeline import connect_account
from syndication.store import accounts

SERVER = "https://social.example"


@pytest.fixture
def renew(store, config, network, monkeypatch):
    """Connect again under one name: as `handle`, with a secret."""

    def again(handle, **secret):
        monkeypatch.setattr(network, "identify", lambda http: handle)
        return connect_account(store, config, "script", SERVER, secret, "desk")

    return again


def test_another_user_of_the_server_is_refused(store, renew):
    """By the account's name, where people cannot change it; the same one is renewed."""
    renew("@meridian", token="one")
    renew("@meridian", token="two")
    with pytest.raises(InputError) as caught:
        renew("@harbour", token="three")
    assert "@meridian" in caught.value.message
    assert "--name" in caught.value.hint
    with store.read() as tx:
        assert accounts.get(tx, "desk")[0].handle == "@meridian"


def test_a_renamed_account_is_the_same(store, renew, network):
    """Where the network has a number for it; and a name that another has taken over is not."""
    network.steady = ("did",)
    renew("@meridian", did="1")
    assert renew("@meridian-news", did="1").handle == "@meridian-news"
    with pytest.raises(InputError):
        renew("@meridian-news", did="2")


def test_a_lost_key_does_not_keep_an_account_from_being_renewed(renew, config, network):
    """What it was connected with cannot be read any more; its name still can."""
    network.steady = ("did",)
    renew("@meridian", did="1")
    (config.data / "secret.key").unlink()
    renew("@meridian", did="1")
    (config.data / "secret.key").unlink()
    with pytest.raises(InputError):
        renew("@harbour", did="1")
