"""A store that is away for a moment, restarted or locked by a backup, costs neither a doubt nor a lease."""

import time

import pytest
from scripted import NOT_THERE, SENT, deliver, post, steps
from sqlalchemy.event import listen
from sqlalchemy.exc import OperationalError

from syndication.errors import NotSent, Refused, Unknown
from syndication.models import State
from syndication.pipeline import accept, letter, prepare, prepare_next, run_due, withdraw
from syndication.store import accounts, claims, deeds, stories


@pytest.fixture
def away(monkeypatch):
    """Has a function of the store fail so many times before it works again; the pauses that were made meanwhile."""
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def fail(module, name, times):
        whole, failures = getattr(module, name), [OperationalError("x", {}, Exception("cut"))] * times

        def cut(*parts, **more):
            if failures:
                raise failures.pop()
            return whole(*parts, **more)

        monkeypatch.setattr(module, name, cut)
        return pauses

    return fail


@pytest.mark.parametrize(
    ("answer", "state"),
    [(SENT, State.SENT), (Refused("too long"), State.FAILED), (NotSent("busy"), State.READY)],
)
def test_what_a_network_answered_waits_for_the_store(store, config, network, published, away, answer, state):
    """Nobody else knows it: the record is made once the store is back, and no doubt is left to be settled."""
    network.publishes = [answer]
    pauses = away(claims, "settle", 3)
    deliver(store, config)
    assert pauses == [0.25, 0.5, 1.0]
    assert (post(store).state, len(network.sent)) == (state, 1)
    assert "unknown" not in steps(store)


def test_an_intent_that_the_store_did_not_take_sends_nothing(store, config, network, published, away, clock):
    """The letter goes out a moment later."""
    away(claims, "intend", 1)
    deliver(store, config)
    assert network.sent == []
    clock.move(3)
    run_due(store, config)
    assert (post(store).state, len(network.sent)) == (State.SENT, 1)


def test_a_mailbox_is_open_again_once_the_store_is_back(store, config, network, published, away):
    """Nobody waits for the lease of one who opened it and got no further; it is given back as often as that takes."""
    away(claims, "row_of", 1)
    with pytest.raises(OperationalError):
        deliver(store, config)
    run_due(store, config)
    assert post(store).state is State.SENT


def test_a_doubt_is_settled_once_the_store_is_back(store, config, network, published, away, clock):
    """Asking again is harmless, and waits for no lease."""
    network.publishes, network.finds = [Unknown("lost")], [NOT_THERE, SENT]
    deliver(store, config)
    away(letter, "standing_for", 1)
    away(claims, "give_back", 2)
    clock.move(11)
    with pytest.raises(OperationalError):
        deliver(store, config)
    run_due(store, config)
    assert post(store).state is State.SENT


def test_a_removal_that_met_an_absent_store_is_done_once_it_is_back(store, config, network, out, away):
    """The network took it away, and the store did not hear of it: asked again at once, it is gone."""
    withdraw(store, "cms-1")
    away(deeds, "removed", 1)
    with pytest.raises(OperationalError):
        deliver(store, config)
    run_due(store, config)
    assert (post(store).state, len(network.removed)) == (State.WITHDRAWN, 2)


def test_a_story_that_met_an_absent_store_is_drawn_once_it_is_back(store, config, network, desk, event, away):
    """No story waits for the lease of a worker whose database was restarted."""
    accept(store, config, event())
    away(prepare, "_tell_drawn", 1)
    with pytest.raises(OperationalError):
        prepare_next(store, config)
    assert prepare_next(store, config) == "cms-1"
    with store.read() as tx:
        story = stories.need(tx, "cms-1")
    assert (story.due_at, story.problem, post(store).state) == (None, "", State.READY)


def test_what_was_claimed_with_a_record_that_was_not_kept_is_not_taken_up(
    store, config, network, published, event, monkeypatch
):
    """Another may have opened the mailbox before the record is made at last: the next letter is theirs."""
    accept(store, config, event(id="cms-2", url="https://news.example/2"))
    prepare_next(store, config)
    failures, taken, run = [OperationalError("COMMIT", {}, Exception("cut"))], [], letter.Letter.run

    def lost(_tx):
        if network.sent and failures:
            raise failures.pop()

    def another(_pause):
        with store.write() as tx:
            accounts.seize(tx, "desk", store.now(), 60_000)

    monkeypatch.setattr(time, "sleep", another)
    monkeypatch.setattr(letter.Letter, "run", lambda one: (taken.append(one.claim.delivery.story), run(one)))
    listen(store.engine, "commit", lost)
    deliver(store, config)
    assert (failures, taken, len(network.sent)) == ([], ["cms-1"], 1)
    assert post(store).state is State.SENT
