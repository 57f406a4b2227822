"""Limits that networks told rest their mailboxes before another request is refused."""

import pytest
from scripted import SENT, deliver, post

from syndication.errors import RateLimited
from syndication.models import State, Window
from syndication.pipeline import accept, mailboxes_due, prepare_next, sweep
from syndication.store import rates
from syndication.vault import Vault


@pytest.fixture
def telling(network, monkeypatch):
    """The scripted network tells of these limits with its next answers, one a post; from what an app asks, if named."""
    windows = []
    publish = type(network).publish

    def tell(self, http, draft, image):
        if windows and windows[0][0] in ("", http.secret.get("client_id", "")):
            http.rates = {(one.name, one.app): one for one in windows.pop(0)[1]}
        return publish(self, http, draft, image)

    monkeypatch.setattr(type(network), "publish", tell)
    return windows


@pytest.fixture
def story(store, config, event):
    def make(number, priority="normal"):
        accept(store, config, event(id=f"cms-{number}", url=f"https://n.example/{number}", priority=priority))
        prepare_next(store, config)

    return make


def states(store, *numbers):
    return [post(store, number).state for number in numbers]


def test_a_limit_that_is_used_up_rests_the_mailbox_until_its_reset(
    store, config, desk, telling, story, clock
):
    """Nothing more is asked before the network allows it, and nothing has to be told when it does."""
    telling.append(("", [Window("posts", 0, 300, 240)]))
    story(1), story(2, "breaking")
    deliver(store, config)
    assert states(store, 2, 1) == [State.SENT, State.READY]
    assert mailboxes_due(store) == 0
    assert sweep(store, config).mailboxes == 0
    clock.move(241)
    assert sweep(store, config).mailboxes == 1
    deliver(store, config)
    assert states(store, 1) == [State.SENT]


def test_the_last_tenth_of_a_limit_is_for_breaking_posts(store, config, desk, telling, story, clock):
    """What is not breaking waits for the reset, and what is goes out at once."""
    telling += [("", [Window("posts", left, 300, 240)]) for left in (30, 29)]
    story(1)
    deliver(store, config)
    story(2)
    assert mailboxes_due(store) == 0
    story(3, "breaking")
    assert mailboxes_due(store) == 1
    deliver(store, config)
    assert states(store, 1, 2, 3) == [State.SENT, State.READY, State.SENT]
    clock.move(241)
    deliver(store, config)
    assert states(store, 2) == [State.SENT]


def test_a_limit_with_room_holds_nobody_up(store, config, desk, telling, story):
    """One more than the tenth is enough; and a limit whose size is not told has no reserve."""
    telling.append(("", [Window("posts", 31, 300, 240), Window("reads", 1, None, 240)]))
    story(1), story(2)
    deliver(store, config)
    assert states(store, 1, 2) == [State.SENT, State.SENT]


def test_what_the_app_used_up_rests_all_its_accounts(store, config, network, connect, telling, story, event):
    """Accounts of one app wait together; another app's go on."""
    seal = Vault(config).seal
    for name, app in (("a", "one"), ("b", "one"), ("c", "two")):
        connect(name, "script", seal({"token": f"token-of-{name}", "client_id": app}))
    # Each tells of its app once, so that its row knows it.
    telling += [("", [Window("day", 50, 100, 3600, app=True)])] * 3
    story(1)
    while deliver(store, config):
        pass
    assert states(store, 1, 2, 3) == [State.SENT] * 3
    telling.append(("one", [Window("day", 0, 100, 3600, app=True)]))
    story(2)
    while deliver(store, config):
        pass
    assert sorted(states(store, 4, 5, 6)) == [State.READY, State.SENT, State.SENT]
    assert post(store, 6).state is State.SENT


def test_a_pause_for_the_app_rests_its_other_accounts(store, config, network, connect, story):
    """A 429 that is meant for the whole app is met by one account, and remembered for all."""
    seal = Vault(config).seal
    for name in ("a", "b"):
        connect(name, "script", seal({"token": f"token-of-{name}", "client_id": "one"}))
    limited = RateLimited("app limit", retry_after=600)
    limited.app = True
    network.publishes = [SENT, SENT, limited, SENT]
    for number in (1, 2):
        story(number)
        if number == 1:
            with store.write() as tx:
                mark = network.app_of({"client_id": "one"})
                for name in ("a", "b"):
                    rates.note(tx, name, mark, [Window("day", 9, None, 60, app=True)], store.now())
        while deliver(store, config):
            pass
    assert states(store, 3, 4) == [State.READY, State.READY]
    assert len(network.sent) == 3


@pytest.mark.parametrize(
    ("told", "rest"),
    [
        ([Window("posts", 0, 300, 240), Window("day", 0, None, 900)], (900, True)),
        ([Window("posts", 0, 300, 240), Window("day", 9, 100, 900)], (240, True)),
        ([Window("posts", 30, 300, 240), Window("day", 11, 100, 900)], (240, False)),
        ([Window("posts", 31, 300, 240)], None),
    ],
)
def test_who_rests_is_told_with_the_time_at_which_it_goes_on(store, desk, story, told, rest):
    """Of limits that are used up the last counts, and before those whose rest is for breaking posts."""
    with store.write() as tx:
        rates.note(tx, "desk", "", told, store.now())
        assert rates.resting(tx, store.now()) == []  # it has nothing to say
    story(1)
    expected = rest and [("desk", store.now() + 1000 * rest[0], rest[1])]
    with store.read() as tx:
        assert rates.resting(tx, store.now()) == (expected or [])
        assert rates.resting(tx, store.now() + 900_000) == []


def test_connecting_again_forgets_what_was_told_of_the_account(store, desk, connect):
    """It may be another account, or one with other rights."""
    with store.write() as tx:
        rates.note(tx, "desk", "", [Window("posts", 0, 300, 240)], store.now())
        assert rates.of_account(tx, "desk", store.now())
    connect("desk", "script")
    with store.read() as tx:
        assert rates.of_account(tx, "desk", store.now()) == []
