"""The store: its tables, its transactions, its claims."""

import multiprocessing
import threading
import time

import pytest
from machines import until
from rows import HOUR, LEASE, freeze
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from syndication.errors import ClaimLost, ConfigError, NotFound
from syndication.models import MOVES, Card, Receipt, State
from syndication.store import accounts, claims, deliveries, open_store, overdue, stories, trail
from syndication.store.schema import trail as trail_table


def claim(store):
    with store.write() as tx:
        mailbox = accounts.open_mailbox(tx, store.now(), LEASE)
        return claims.claim(tx, mailbox, store.now(), LEASE) if mailbox else None


def state(store, number):
    with store.read() as tx:
        return deliveries.get(tx, number).state


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_store_survives_sudden_death_of_the_machine(store):
    """Commits are on disk before anyone is told, and readers do not stop writers."""
    with store.read() as tx:
        assert tx.execute(text("PRAGMA synchronous")).scalar() == 2
        assert tx.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert tx.execute(text("PRAGMA foreign_keys")).scalar() == 1
    for synced, level in ((False, 1), (True, 2)):  # 1: with the next transaction that is
        with store.write(synced=synced) as tx:
            assert tx.execute(text("PRAGMA synchronous")).scalar() == level
    with store.write() as tx:
        assert tx.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_failed_transaction_leaves_nothing(store, event):
    """What was written before an error in one transaction is gone with it."""
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        stories.add(tx, event(), withdrawn=False, due_at=None, now=store.now())
        1 / 0  # noqa: B018
    with store.read() as tx:
        assert stories.get(tx, "cms-1") is None


def test_bad_store_urls_are_config_errors(tmp_path):
    """An operator who mistypes the store's URL is told so, without a traceback or a password."""
    with pytest.raises(ConfigError, match="not a SQLAlchemy URL"):
        open_store("nonsense")
    with pytest.raises(ConfigError, match="mysql is no store"):
        open_store("mysql://user:word@db.example/paper")
    (tmp_path / "x.db").write_bytes(b"this is no database at all, but a text file" * 50)
    with pytest.raises(ConfigError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_number_that_no_delivery_can_have_is_told(store):
    """Neither database is asked for a number that it could not hold."""
    with store.read() as tx:
        for number in (7, 2**63, -(2**70)):
            with pytest.raises(NotFound, match=str(number)):
                deliveries.get(tx, number)


def test_a_story_is_found_by_id_and_by_url(store, planned):
    """Editors may name a story by its id or by its URL, and are told if there is none."""
    planned()
    with store.read() as tx:
        assert stories.need(tx, "cms-1").event.id == "cms-1"
        assert stories.need(tx, "https://news.example/world/1").event.id == "cms-1"
        with pytest.raises(NotFound, match="nothing"):
            stories.need(tx, "nothing")


def test_planning_the_same_post_twice_plans_it_once(store, planned, event):
    """The key of story, account and occasion is unique."""
    first = planned()
    with store.write() as tx:
        again = deliveries.plan(tx, event(), "desk", "publish", due_at=0, expires_at=HOUR, now=store.now())
    assert not again
    with store.read() as tx:
        assert deliveries.of_story(tx, "cms-1") == [first]


def test_a_claimed_letter_is_nobody_elses_until_its_lease_ends(store, planned, clock):
    """A claim is a postponement: the row comes due again by itself when its worker died."""
    freeze(store, planned())
    assert claim(store) is not None
    assert claim(store) is None
    clock.move(61)
    again = claim(store)
    assert again is not None
    assert again.delivery.attempt == 2


def test_a_worker_that_slept_through_its_lease_cannot_send(store, planned, clock):
    """The intent is compared with the attempt that was claimed."""
    freeze(store, planned())
    slept = claim(store)
    clock.move(61)
    woke = claim(store)
    with pytest.raises(ClaimLost), store.write() as tx:
        claims.intend(tx, slept, store.now(), LEASE)
    with store.write() as tx:
        claims.intend(tx, woke, store.now(), LEASE)
    assert state(store, woke.delivery.id) is State.SENDING


def test_a_withdrawn_story_is_caught_at_the_intent(store, planned):
    """What is cancelled after it was claimed does not go out."""
    freeze(store, planned())
    claimed = claim(store)
    with store.write() as tx:
        deliveries.cancel(tx, "cms-1", "withdrawn", store.now())
    with pytest.raises(ClaimLost), store.write() as tx:
        claims.intend(tx, claimed, store.now(), LEASE)
    assert state(store, claimed.delivery.id) is State.CANCELLED


def test_who_was_sending_and_never_came_back_leaves_doubt(store, planned, clock):
    """A sending row past its lease is unknown, never ready."""
    freeze(store, planned())
    claimed = claim(store)
    with store.write() as tx:
        claims.intend(tx, claimed, store.now(), LEASE)
        assert overdue.doubt_expired(tx, store.now()) == 0
    clock.move(61)
    with store.write() as tx:
        assert overdue.doubt_expired(tx, store.now()) == 1
    assert state(store, claimed.delivery.id) is State.UNKNOWN


def test_a_late_answer_still_counts_until_somebody_else_asks(store, planned, clock):
    """The worker that did send may say so after its lease, unless another has taken the question up."""
    freeze(store, planned())
    late = claim(store)
    with store.write() as tx:
        claims.intend(tx, late, store.now(), LEASE)
    clock.move(61)
    receipt = Receipt(id="1", url="https://social.example/1")
    with store.write() as tx:
        overdue.doubt_expired(tx, store.now())
        claims.settle(tx, late, State.SENT, what="sent", now=store.now(), receipt=receipt)
    assert state(store, late.delivery.id) is State.SENT


def test_a_withdrawal_leaves_what_may_be_out_to_be_settled(store, planned, clock):
    """A post that may have reached the network is not cancelled unseen: it is asked about."""
    freeze(store, planned())
    claimed = claim(store)
    with store.write() as tx:
        claims.intend(tx, claimed, store.now(), LEASE)
        claims.settle(tx, claimed, State.UNKNOWN, what="unknown", now=store.now(), due_at=store.now())
        again = claims.claim(tx, claimed.mailbox, store.now(), LEASE)
        claims.settle(tx, again, State.READY, what="again", now=store.now(), due_at=store.now())
        deliveries.cancel(tx, "cms-1", "withdrawn", store.now())
    assert state(store, claimed.delivery.id) is State.UNKNOWN


def test_a_mailbox_is_open_to_one_worker_only(store, planned, clock):
    """A second worker finds no due mailbox, and one whose lease ran out has lost it."""
    freeze(store, planned())
    freeze(store, planned("cms-2"))
    with store.write() as tx:
        first = accounts.open_mailbox(tx, store.now(), LEASE)
        assert accounts.open_mailbox(tx, store.now(), LEASE) is None
    clock.move(61)
    with store.write() as tx:
        assert accounts.open_mailbox(tx, store.now(), LEASE).holder == first.holder + 1
    with pytest.raises(ClaimLost), store.write() as tx:
        claims.claim(tx, first, store.now(), LEASE)


def test_a_paused_account_is_left_alone_until_it_is_connected_again(store, planned, connect):
    """A dead token stops its own mailbox and nothing else."""
    freeze(store, planned())
    with store.write() as tx:
        accounts.pause(tx, "desk", "token revoked")
        assert accounts.open_mailbox(tx, store.now(), LEASE) is None
    connect()
    with store.write() as tx:
        assert accounts.open_mailbox(tx, store.now(), LEASE) is not None


def test_what_was_not_sent_in_its_time_is_given_up_with_the_reason(store, planned, clock):
    """Nothing old is fired late, and nothing vanishes without a word."""
    freeze(store, planned())
    claimed = claim(store)
    with store.write() as tx:
        now = store.now()
        claims.settle(
            tx, claimed, State.READY, what="not_sent", now=now, words="503", due_at=now, forget_intent=True
        )
    clock.move(3700)
    with store.write() as tx:
        assert overdue.give_up_expired(tx, store.now()) == 1
    with store.read() as tx:
        given_up = deliveries.get(tx, claimed.delivery.id)
    assert (given_up.state, given_up.reason) == (State.FAILED, "not sent in its time: 503")


def test_a_story_that_changes_while_it_is_drawn_is_drawn_again(store, planned, event):
    """The worker that drew the old version cannot record it."""
    planned()
    with store.write() as tx:
        old = stories.claim(tx, store.now(), LEASE)
        stories.replace(tx, event(revision=2), withdrawn=False, due_at=store.now())
    with pytest.raises(ClaimLost), store.write() as tx:
        stories.finish(tx, old, (), "", store.now())


def test_a_post_planned_during_the_drawing_keeps_the_story_due(store, planned):
    """Finishing a story that has planned posts left has it prepared once more."""
    planned()
    card = Card(template="article", width=1200, height=630, file="a.jpg", sha256="0", size=1)
    with store.write() as tx:
        story = stories.claim(tx, store.now(), LEASE)
        stories.finish(tx, story, (card,), "", store.now())
        again = stories.claim(tx, store.now(), LEASE)
    assert again is not None
    assert again.cards == (card,)


def test_the_trail_keeps_everything_in_order(store, planned):
    """Each move leaves a row, oldest first, and only steps with a name of the list."""
    delivery = planned()
    freeze(store, delivery)
    with store.read() as tx:
        assert [step.what for step in trail.of_story(tx, "cms-1")] == ["planned", "frozen"]
    with pytest.raises(ValueError, match="not a step"), store.write() as tx:
        trail.add(tx, 0, "cms-1", "vanished")
    with store.read() as tx:
        assert len(tx.execute(select(trail_table)).all()) == 2


def test_every_state_can_be_reached_and_finished():
    """The map of moves has no island and no way into the dark."""
    reached, edge = set(), {State.PLANNED}
    while edge:
        reached |= edge
        edge = {later for state in edge for later in MOVES[state]} - reached
    assert reached == set(State)


def _hammer(url, done):
    store = open_store(url)
    taken = []
    for _ in range(400):
        with store.write() as tx:
            mailbox = accounts.open_mailbox(tx, store.now(), 1)
            claimed = claims.claim(tx, mailbox, store.now(), 1) if mailbox else None
            if claimed:
                claims.intend(tx, claimed, store.now(), 1)
                taken.append(claimed.delivery.id)
    done.put(taken)


@pytest.mark.slow
def test_four_processes_never_take_the_same_letter(store, planned):
    """Claims and intents of several processes on one store never overlap, and none fails as locked."""
    store.now = lambda: time.time_ns() // 1_000_000
    for number in range(100):
        freeze(store, planned(f"cms-{number}"))
    url = store.engine.url.render_as_string(hide_password=False)
    start = multiprocessing.get_context("spawn")
    done = start.Queue()
    crowd = [start.Process(target=_hammer, args=(url, done)) for _ in range(4)]
    for process in crowd:
        process.start()
    taken = [number for _ in crowd for number in done.get(timeout=120)]
    for process in crowd:
        process.join()
        assert process.exitcode == 0
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 100
    with store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM deliveries WHERE state='sending'")).scalar() == 100


WRONG = "a NUL \0 and half a sign \ud83d here"
TOLD = "a NUL � and half a sign � here"


def test_words_that_no_database_can_hold_are_kept_all_the_same(store, planned):
    """A network's answer may hold NUL, which PostgreSQL refuses, or half a sign, which UTF-8 cannot tell."""
    delivery = planned()
    freeze(store, delivery)
    claimed = claim(store)
    with store.write() as tx:
        claims.settle(tx, claimed, State.FAILED, what="refused", now=store.now(), words=WRONG)
        accounts.pause(tx, "desk", WRONG)
    with store.read() as tx:
        assert deliveries.get(tx, delivery.id).reason == TOLD
        assert trail.of_story(tx, "cms-1")[-1].words == TOLD
        assert accounts.paused(tx) == {"desk": TOLD}
        assert stories.get(tx, WRONG) is None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_nobody_waits_for_ever_for_a_frozen_worker_on_postgresql(store):
    """Who sleeps in a transaction loses it, and who waits for a row is told in the end."""
    with store.read() as tx:
        names = ("default_transaction_isolation", "lock_timeout", "idle_in_transaction_session_timeout")
        assert [tx.execute(text(f"SHOW {name}")).scalar() for name in names] == [
            "read committed",
            "20s",
            "2min",
        ]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_withdrawal_cancels_what_a_worker_is_just_claiming(store, planned):
    """The claim commits while the withdrawal waits for it: the withdrawal sees it, and the post does not go out."""
    freeze(store, planned())
    cancelled = threading.Thread(target=_withdraw, args=(store,))
    with store.write() as tx:
        mailbox = accounts.open_mailbox(tx, store.now(), LEASE)
        claimed = claims.claim(tx, mailbox, store.now(), LEASE)
        cancelled.start()
        until(lambda: _waiting(store), 60, "the withdrawal waits")
    cancelled.join(20)
    with pytest.raises(ClaimLost), store.write() as tx:
        claims.intend(tx, claimed, store.now(), LEASE)
    assert state(store, claimed.delivery.id) is State.CANCELLED


def _waiting(store):
    """How many wait for a row; in a transaction of its own, as PostgreSQL tells the same all through one."""
    with store.read() as tx:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return tx.execute(text(query)).scalar()


def _withdraw(store):
    with store.write() as tx:
        deliveries.cancel(tx, "cms-1", "withdrawn", store.now())


def test_an_error_of_the_database_repeats_nothing_that_was_to_be_written(store):
    """An embargoed headline and a sealed secret stand in no message."""
    with pytest.raises(DatabaseError) as told, store.write() as tx:
        tx.execute(text("INSERT INTO nowhere VALUES (:one)"), {"one": "a secret"})
    assert "nowhere" in str(told.value)
    assert "a secret" not in str(told.value)
