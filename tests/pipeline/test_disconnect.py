"""A disconnected account posts nothing more, nothing that waits for it waits in silence, and its history stays."""

import pytest
from scripted import deliver, post, steps

from syndication.errors import NotFound, NotSent, Refused, Unauthorized, Unknown, Unsupported
from syndication.models import State
from syndication.pipeline import (
    accept,
    connect_account,
    disconnect_account,
    prepare_next,
    resolve,
    sweep,
    withdraw,
)
from syndication.store import accounts
from syndication.vault import Vault


@pytest.fixture
def revoked(network, monkeypatch):
    """The tokens that were given back; `answers` may hold an error to raise."""

    class Tokens(list):
        pass

    tokens = Tokens()
    tokens.answers = []

    def revoke(http):
        if tokens.answers:
            raise tokens.answers.pop(0)
        tokens.append(http.secret["token"])

    monkeypatch.setattr(network, "revoke", revoke, raising=False)
    return tokens


def test_what_waits_is_cancelled_with_the_reason(store, config, published, revoked):
    """The network forgets the token, so do we; the account is no longer listed, its row and its posts' stay."""
    left = disconnect_account(store, config, "desk")
    assert (left.cancelled, left.words) == (1, "")
    assert revoked == ["a-secret-token"]
    assert (post(store).state, post(store).reason) == (State.CANCELLED, "its account was disconnected")
    assert "cancelled" in steps(store)
    with store.read() as tx:
        assert accounts.everyone(tx) == []
        [known] = accounts.ever(tx)
        assert Vault(config).open(accounts.secrets(tx)["desk"]) == {}
    assert known.left
    assert not deliver(store, config)
    with pytest.raises(NotFound, match="no account is called desk"):
        disconnect_account(store, config, "desk")


def test_a_name_that_is_not_there_is_answered_with_the_nearest(store, config, desk):
    """An editor's slip."""
    with pytest.raises(NotFound) as caught:
        disconnect_account(store, config, "dsek")
    assert "Did you mean desk?" in caught.value.hint


def test_a_letter_on_its_way_is_caught_at_the_intent(store, config, published, network, revoked):
    """A worker that had claimed it loses the mailbox, and sends nothing."""
    network.before = True
    network.publishes = [lambda: disconnect_account(store, config, "desk") and NotSent("lost in time")]
    assert deliver(store, config)
    sweep(store, config)
    assert post(store).state is State.CANCELLED


def test_a_post_in_doubt_is_left_to_an_editor(store, config, published, network, revoked, clock):
    """Nobody can ask the network any more, and it says so."""
    network.publishes = [Unknown("the answer was lost")]
    assert deliver(store, config)
    disconnect_account(store, config, "desk")
    assert (post(store).state, post(store).due) == (State.UNKNOWN, None)
    assert "disconnected" in post(store).reason
    with pytest.raises(NotFound):
        resolve(store, 1, retry=True)
    assert resolve(store, 1, drop=True).state is State.CANCELLED


def test_a_post_that_is_out_is_removed_by_hand(store, config, published, network, revoked, clock):
    """A deed that is asked for later becomes an editor's with the next sweep, and not nobody's."""
    assert deliver(store, config)
    disconnect_account(store, config, "desk")
    assert post(store).state is State.SENT
    withdraw(store, "cms-1")
    sweep(store, config)
    assert post(store).pending.due is None
    assert "by hand" in post(store).pending.words


def test_a_network_that_does_not_answer_keeps_the_token_for_another_try(store, config, published, revoked):
    """Nothing goes out from the first moment on; the second try ends it."""
    revoked.answers.append(NotSent("no answer"))
    with pytest.raises(NotSent):
        disconnect_account(store, config, "desk")
    assert not deliver(store, config)
    assert disconnect_account(store, config, "desk").cancelled == 1
    assert revoked == ["a-secret-token"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unsupported("Script has no request for that", "End it there: Settings."), "End it there"),
        (Unauthorized("the token is dead"), ""),
        (Refused("404: no such page"), "in the account's settings"),
    ],
)
def test_it_is_said_honestly_what_the_network_did(store, config, desk, revoked, error, said):
    """Where only a person can end it they are told where; a token that was dead is dead."""
    revoked.answers.append(error)
    words = disconnect_account(store, config, "desk").words
    assert said in words
    assert bool(said) == bool(words)


def test_offline_asks_nobody(store, config, desk, revoked):
    """For an account whose network, or key, is gone."""
    (config.data / "secret.key").unlink()
    assert disconnect_account(store, config, "desk", offline=True).words
    assert revoked == []


def test_a_token_that_another_account_posts_by_is_left_good(store, config, desk, connect, revoked):
    """One bot may speak in two channels."""
    connect("sport", "script", Vault(config).seal({"token": "a-secret-token", "channel": "sport"}))
    assert "sport" in disconnect_account(store, config, "desk").words
    assert revoked == []
    assert disconnect_account(store, config, "sport").words == ""
    assert revoked == ["a-secret-token"]


def test_connected_again_it_goes_on(store, config, desk, network, revoked, event, monkeypatch):
    """Under its name, the same account: new stories go there; what was cancelled stays so. Another one is refused."""
    monkeypatch.setattr(network, "identify", lambda http: "@desk")
    accept(store, config, event())
    disconnect_account(store, config, "desk")
    connect_account(store, config, "script", "http://127.0.0.1:9", {"token": "new"}, "desk")
    accept(store, config, event(id="cms-2", url="https://news.example/world/2"))
    while prepare_next(store, config):
        pass
    assert deliver(store, config)
    assert post(store, 2).state is State.SENT
    assert post(store, 1).state is State.CANCELLED
    disconnect_account(store, config, "desk")
    monkeypatch.setattr(network, "identify", lambda http: "@harbour")
    with pytest.raises(Exception, match="already, not @harbour"):
        connect_account(store, config, "script", "http://127.0.0.1:9", {"token": "other"}, "desk")
