"""Delivering: what becomes of a letter, whatever the network does. The network is a script of answers."""

from datetime import UTC, datetime, timedelta

import pytest
from scripted import NOT_THERE, SENT, deliver, post, steps

from syndication.errors import (
    CannotTell,
    NotSent,
    RateLimited,
    Refused,
    Unauthorized,
    Unknown,
)
from syndication.models import State
from syndication.pipeline import accept, prepare_next, resolve, run_due, share, sweep
from syndication.store import accounts, stories
from syndication.vault import Vault


def test_a_story_goes_out_once_to_each_account(store, config, network, connect, event):
    """Accept and run_due do the whole job in-process, and doing it again posts nothing more."""
    for name in ("desk", "world"):
        connect(name, "script", Vault(config).seal({"token": name * 4}))
    accept(store, config, event())
    run_due(store, config)
    accept(store, config, event())
    run_due(store, config)
    assert len(network.sent) == 2
    assert [post(store, n).state for n in (1, 2)] == [State.SENT, State.SENT]
    assert post(store).receipt == SENT


def test_a_post_costs_two_transactions(store, config, network, desk, event, monkeypatch):
    """One commits the intent, to the disk; the other records the answer and claims the next letter."""
    for number in range(5):
        accept(store, config, event(id=f"cms-{number}"))
        prepare_next(store, config)
    begun, write = [], store.write
    monkeypatch.setattr(store, "write", lambda *, synced=True: begun.append(synced) or write(synced=synced))
    deliver(store, config)
    assert len(network.sent) == 5
    opened, closed = [True, True], [True]  # the mailbox, which is opened, and the first letter claimed
    assert begun == opened + [True, False] * 5 + closed


def test_a_record_stands_though_the_mailbox_is_lost(store, config, network, connect, desk, event):
    """Connected again while a post is on its way: that post is out and known, and the next waits for the new token."""
    for number in (1, 2):
        accept(store, config, event(id=f"cms-{number}"))
        prepare_next(store, config)
    sealed = Vault(config).seal({"token": "a-new-token"})
    network.publishes = [lambda: connect("desk", "script", sealed) and SENT]
    deliver(store, config)
    assert [post(store, n).state for n in (1, 2)] == [State.SENT, State.READY]
    assert len(network.sent) == 1
    deliver(store, config)
    assert post(store, 2).state is State.SENT


def test_the_trail_tells_the_whole_life(store, config, network, published):
    """From the event to the answer, in order."""
    deliver(store, config)
    assert steps(store) == ["accepted", "planned", "drawn", "frozen", "intent", "sent"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotSent("down"), State.READY),
        (RateLimited("slow", retry_after=30), State.READY),
        (Unauthorized("token"), State.READY),
        (Refused("no"), State.FAILED),
        (Unknown("lost"), State.UNKNOWN),
        (KeyError("id"), State.UNKNOWN),
    ],
)
def test_each_error_leads_where_its_name_says(store, config, network, published, error, state):
    """What happens next follows from the error's class alone, and from whether the intent was committed."""
    network.publishes = [error]
    deliver(store, config)
    assert post(store).state is state
    assert len(network.sent) == 1


def test_a_fault_before_the_intent_is_not_sent(store, config, network, published):
    """Nothing can have been posted if the intent was never committed, whatever went wrong."""
    network.before, network.publishes = True, [KeyError("id")]
    deliver(store, config)
    assert post(store).state is State.READY


def test_a_rate_limit_rests_the_mailbox_not_the_worker(store, config, network, published, clock):
    """The account's next letter waits as long as the network asked."""
    network.publishes = [RateLimited("slow", retry_after=30), SENT]
    deliver(store, config)
    clock.move(29)
    assert not deliver(store, config)
    clock.move(2)
    assert deliver(store, config)
    assert post(store).state is State.SENT


def test_not_sent_is_tried_again_ever_later(store, config, network, published, clock):
    """Back-off grows with each try, and the same frozen draft is sent each time."""
    network.publishes = [NotSent("down"), NotSent("down"), SENT]
    waits = []
    while post(store).state is not State.SENT:
        start = clock.value
        while not deliver(store, config):
            clock.move(0.25)
            assert clock.value - start < 60_000
        waits.append(clock.value - start)
    assert waits[0] == 0 < waits[1] < waits[2]
    assert len({draft.model_dump_json() for draft in network.sent}) == 1


def test_a_dead_token_pauses_the_account_and_keeps_the_post(store, config, network, published, connect):
    """Nothing is lost while the operator reconnects, and the post goes out by itself then."""
    network.publishes = [Unauthorized("the token was revoked"), SENT]
    deliver(store, config)
    with store.read() as tx:
        account, _ = accounts.get(tx, "desk")
    assert account.paused == "the token was revoked"
    assert not deliver(store, config)
    connect("desk", "script", Vault(config).seal({"token": "another-token"}))
    deliver(store, config)
    assert post(store).state is State.SENT


def test_a_lost_answer_is_asked_about_after_a_pause(store, config, network, published, clock):
    """What is found is sent; it is never posted again."""
    network.publishes, network.finds = [Unknown("lost")], [SENT]
    deliver(store, config)
    assert not deliver(store, config)
    clock.move(11)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert len(network.sent) == 1
    assert steps(store)[-2:] == ["unknown", "found"]


def test_what_is_not_found_is_sent_again_with_the_same_key(store, config, network, published, clock):
    """Inside the network's window a repeated key is harmless."""
    network.publishes = [Unknown("lost"), SENT]
    deliver(store, config)
    clock.move(11)
    deliver(store, config)
    assert post(store).state is State.SENT
    assert [draft.key for draft in network.sent] == [post(store).key] * 2


@pytest.mark.parametrize("answer", [NOT_THERE, CannotTell("bots cannot read the channel")])
def test_beyond_the_window_an_editor_decides(store, config, network, published, clock, answer):
    """Without a key that protects, nothing is sent again by a machine; the reason says what to do."""
    network.replay, network.finds = timedelta(0), [answer]
    network.publishes = [Unknown("lost"), SENT]
    deliver(store, config)
    clock.move(11)
    deliver(store, config)
    waiting = post(store)
    assert waiting.state is State.UNKNOWN
    assert "syndicate resolve 1" in waiting.reason
    clock.move(86_400)
    assert not deliver(store, config)
    assert len(network.sent) == 1


def test_the_editors_word_settles_it(store, config, network, published, clock):
    """Posted means sent, not posted means send; what is settled cannot be resolved again."""
    network.replay, network.publishes = timedelta(0), [Unknown("lost"), SENT]
    deliver(store, config)
    assert resolve(store, 1, retry=True).state is State.READY
    deliver(store, config)
    assert post(store).state is State.SENT
    with pytest.raises(Exception, match="nothing to resolve"):
        resolve(store, 1, posted="https://social.example/7")


def test_a_worker_killed_while_sending_leaves_a_question(store, config, network, published, clock):
    """After the lease the sweep turns sending into unknown, and the network is asked."""
    network.publishes, network.finds = [SystemExit("killed")], [SENT]
    with pytest.raises(SystemExit):
        deliver(store, config)
    assert post(store).state is State.SENDING
    clock.move(61)
    assert sweep(store, config).mailboxes == 1
    deliver(store, config)
    assert post(store).state is State.SENT
    assert len(network.sent) == 1


def test_a_withdrawn_story_is_not_sent_again_after_doubt(store, config, network, published, clock, event):
    """A lost answer and a takedown: it is looked for, and if not there it stays away."""
    network.publishes = [Unknown("lost"), SENT]
    deliver(store, config)
    accept(store, config, event(kind="withdraw"))
    clock.move(11)
    deliver(store, config)
    assert post(store).state is State.CANCELLED
    assert len(network.sent) == 1


def test_one_bad_account_harms_only_itself(store, config, network, connect, event):
    """The other mailboxes are served while one rests."""
    connect("a", "script", Vault(config).seal({"token": "token-of-a"}))
    connect("b", "script", Vault(config).seal({"token": "token-of-b"}))
    accept(store, config, event())
    prepare_next(store, config)
    network.publishes = [RateLimited("slow", retry_after=600), SENT]
    deliver(store, config)
    deliver(store, config)
    assert {post(store, n).state for n in (1, 2)} == {State.READY, State.SENT}


def test_a_card_that_changed_on_disk_is_never_sent(store, config, network, published):
    """The frozen card's bytes are checked; a lost file is drawn again before the post goes out."""
    card = post(store).draft.card
    file = config.at(config.cards.folder) / card.file
    file.write_bytes(b"something else")
    deliver(store, config)
    assert post(store).state is State.PLANNED
    assert network.sent == []
    with store.read() as tx:
        assert stories.count_due(tx, store.now()) == 1


def test_sharing_again_posts_once_for_each_label(store, config, network, published, clock):
    """The same label says where it is; another label is another post, at its own time."""
    deliver(store, config)
    at = datetime.fromtimestamp(clock.value / 1000, UTC) + timedelta(hours=2)
    first = share(store, config, "cms-1", ["desk"], text="Again, by hand", label="evening", at=at)
    again = share(store, config, "https://news.example/world/1", ["desk"], label="evening")
    assert (first[0].fresh, again[0].fresh) == (True, False)
    run_due(store, config)
    assert len(network.sent) == 1
    clock.move(7201)
    run_due(store, config)
    assert network.sent[1].text.startswith("Again, by hand")
    assert len(network.sent) == 2


def test_secrets_are_closed_to_the_wrong_key(store, config, network, published, monkeypatch):
    """Accounts connected under another key are an operator's error that says so."""
    monkeypatch.setenv("SYNDICATE_KEY", "A" * 43 + "=")
    with pytest.raises(Exception, match="another key"):
        deliver(store, config)
