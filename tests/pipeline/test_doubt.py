"""A lost answer: the network is asked, the same is sent again where that is harmless, else an editor is asked."""

import time
from datetime import timedelta

import pytest
from scripted import NOT_THERE, SENT, deliver, post, settle, steps
from sqlalchemy.exc import OperationalError

from syndication.errors import NotSent, Refused, Unknown
from syndication.models import Receipt, State
from syndication.pipeline import accept, resolve, run_due, share, sweep
from syndication.store import claims

HOUR = 3600


def test_a_repeated_key_is_not_trusted_beyond_its_window(store, config, network, published, clock):
    """Sent again with the same key, held up for hours: then it is asked for anew, and an editor decides."""
    network.publishes = [Unknown("lost"), NotSent("down", retry_after=2 * HOUR), SENT]
    settle(store, config, clock, rounds=20, seconds=600)
    waiting = post(store)
    assert len(network.sent) == 2
    assert (waiting.state, waiting.due) == (State.UNKNOWN, None)
    assert "syndicate resolve 1" in waiting.reason


def test_a_doubtful_post_is_not_sent_again_after_its_time(store, config, network, published, clock):
    """Nothing old is fired late, however long the network knows its keys."""
    network.replay = timedelta(days=3650)
    network.publishes = [Unknown("lost"), NotSent("down", retry_after=25 * HOUR), SENT]
    settle(store, config, clock, rounds=30, seconds=HOUR)
    waiting = post(store)
    assert len(network.sent) == 2
    assert (waiting.state, waiting.due) == (State.UNKNOWN, None)


@pytest.mark.parametrize("found", [SENT, NOT_THERE])
def test_a_server_that_may_show_late_what_it_has_is_asked_twice(
    store, config, network, published, clock, found
):
    """One that ignores keys and has the post would else get another; each try is followed by two questions."""
    network.shows_late = timedelta(seconds=40)
    network.publishes, network.finds = [Unknown("lost"), Unknown("lost"), SENT], [NOT_THERE, found, NOT_THERE]
    deliver(store, config)
    for _ in range(10 + 11):  # a question may be as late as one request may take, here 12 seconds
        clock.move(1)
        deliver(store, config)
        assert len(network.sent) == 1
    clock.move(4)
    deliver(store, config)
    if found is SENT:
        assert (len(network.sent), post(store).state) == (1, State.SENT)
        return
    assert (len(network.sent), post(store).state) == (2, State.UNKNOWN)
    settle(store, config, clock)
    assert (len(network.sent), post(store).state) == (3, State.SENT)
    asked = [step for step in steps(store) if step in ("unknown", "not_found", "again", "sent")]
    assert asked == ["unknown", "not_found", "again"] * 2 + ["sent"]


def test_a_withdrawn_post_is_missed_only_when_it_was_asked_for_twice(
    store, config, network, published, clock, event
):
    """It shows up late, and is removed."""
    network.shows_late = timedelta(seconds=40)
    network.publishes, network.finds = [Unknown("lost")], [NOT_THERE, SENT]
    deliver(store, config)
    accept(store, config, event(kind="withdraw"))
    settle(store, config, clock)
    assert (post(store).state, network.removed) == (State.WITHDRAWN, [SENT])


def test_a_network_that_refuses_the_question_has_not_refused_the_post(
    store, config, network, published, clock
):
    """`failed` would tell an editor that nothing is out."""
    network.replay = timedelta(0)
    network.publishes, network.finds = [Unknown("lost"), SENT], [Refused("no such endpoint")]
    settle(store, config, clock)
    assert post(store).state is State.UNKNOWN
    assert "syndicate resolve 1" in post(store).reason
    assert len(network.sent) == 1


def test_a_question_that_breaks_the_connector_is_asked_again(store, config, network, published, clock):
    """A fault of ours while asking stops neither the mailbox nor the question."""
    network.publishes, network.finds = [Unknown("lost"), SENT], [KeyError("did"), SENT]
    settle(store, config, clock)
    assert post(store).state is State.SENT
    assert len(network.sent) == 1


@pytest.mark.parametrize("doubt", [False, True])
def test_a_sweep_gives_nothing_up_that_may_be_out(store, config, network, published, clock, doubt):
    """Late is told as late only where nothing can have gone out."""
    network.publishes = [Unknown("lost")] if doubt else [NotSent("down")]
    deliver(store, config)
    clock.move(30 * HOUR)
    sweep(store, config)
    assert post(store).state is (State.UNKNOWN if doubt else State.FAILED)


def test_a_receipt_after_the_lease_still_counts(store, config, network, published, clock):
    """A worker that was frozen while the network answered may still say so if nobody has asked meanwhile."""

    def frozen():
        clock.move(61)
        sweep(store, config)
        return Receipt(id="8", url="https://social.example/8")

    network.publishes = [frozen]
    deliver(store, config)
    assert post(store).receipt.id == "8"
    assert steps(store)[-2:] == ["unknown", "sent"]


def test_a_post_that_goes_out_after_all_is_known_as_sent(store, config, network, published, clock, event):
    """A worker wakes after its post was looked for and given up as withdrawn: the answer is the truth."""

    def frozen():
        accept(store, config, event(kind="withdraw"))
        clock.move(61)
        run_due(store, config)
        assert post(store).state is State.CANCELLED
        return SENT

    network.publishes = [frozen]
    deliver(store, config)
    assert (post(store).state, post(store).receipt) == (State.SENT, SENT)
    assert steps(store)[-1] == "sent"


@pytest.mark.parametrize("number", ["7", "8"])
def test_a_post_that_a_network_made_twice_is_told(store, config, network, published, clock, number):
    """It showed the first to nobody, and took the key for new: whoever hears of both has an editor remove one."""

    def frozen():
        clock.move(61)
        run_due(store, config)
        assert (post(store).state, post(store).receipt) == (State.SENT, second)
        return SENT

    second = Receipt(id=number, url=f"https://social.example/{number}")
    network.publishes = [frozen, second]
    deliver(store, config)
    if number == SENT.id:  # the network knew its key
        assert post(store).pending is None
        return
    assert f"out twice, as {second.url} and as {SENT.url}:" in post(store).pending.words
    resolve(store, 1, done=True)
    assert (post(store).state, post(store).pending) == (State.SENT, None)


def test_a_store_that_fails_when_the_answer_comes_loses_no_post(
    store, config, network, published, clock, monkeypatch
):
    """A full disk right after the network took it: the network is asked later, and nothing goes out twice."""

    def full(*_, **__):
        raise OperationalError("UPDATE deliveries", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(claims, "settle", full)
        patch.setattr(time, "sleep", lambda _: None)
        deliver(store, config)
    assert post(store).state is State.SENDING
    network.finds = [SENT]
    settle(store, config, clock)
    assert post(store).state is State.SENT
    assert len(network.sent) == 1


def test_a_share_that_is_lost_is_not_taken_for_the_post_it_repeats(store, config, network, published, clock):
    """A network searched by words finds the first post of the story: that one is known to be another."""
    run_due(store, config)
    share(store, config, "cms-1", ["desk"])
    again = Receipt(id="8", url="https://social.example/8")
    network.publishes, network.finds = [Unknown("lost"), again], [SENT]
    settle(store, config, clock)
    assert post(store, 2).receipt == again
    assert len(network.sent) == 3
