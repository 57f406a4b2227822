"""Lanes: what is more urgent goes first, in a mailbox and among them, and who serves which."""

from rows import LEASE, freeze

from syndication.models import BULK, EVERY, NEWS
from syndication.store import accounts, claims, stories


def test_breaking_leaves_the_mailbox_first(store, planned):
    """Letters go in order of lane, then of due time."""
    freeze(store, planned("slow", priority="evergreen"))
    freeze(store, planned("news"))
    freeze(store, planned("alarm", priority="breaking"))
    with store.write() as tx:
        mailbox = accounts.open_mailbox(tx, store.now(), LEASE)
        order = [claims.claim(tx, mailbox, store.now(), LEASE).delivery.story for _ in range(3)]
    assert order == ["alarm", "news", "slow"]


def test_a_worker_gives_way_to_what_is_more_urgent_elsewhere(store, planned, connect):
    """Breaking news in a mailbox that nobody has open is not behind bulk in one that somebody has."""
    freeze(store, planned("slow", priority="evergreen"))
    freeze(store, planned("news"))
    connect("alarms")
    with store.write() as tx:
        bulk = accounts.open_by_name(tx, "desk", store.now(), LEASE)
    freeze(store, planned("alarm", "alarms", priority="breaking"))
    with store.write() as tx:
        assert claims.claim(tx, bulk, store.now(), LEASE) is None
        accounts.hold(tx, bulk, store.now())
        urgent = accounts.open_mailbox(tx, store.now(), LEASE)
        assert urgent.account.name == "alarms"
        # Somebody has it open now, so that nobody else needs to make room.
        bulk = accounts.open_mailbox(tx, store.now(), LEASE)
        assert claims.claim(tx, bulk, store.now(), LEASE).delivery.story == "news"
        assert claims.claim(tx, urgent, store.now(), LEASE).delivery.story == "alarm"


def test_a_mailbox_with_news_and_bulk_is_emptied_by_two(store, planned):
    """Who serves the news leaves the rest alone; who serves the rest hands a mailbox back once news is in it."""

    def opened(lanes):
        return accounts.open_mailbox(tx, store.now(), LEASE, lanes)

    for name in ("green", "old"):
        freeze(store, planned(name, priority="evergreen"))
    with store.write() as tx:
        assert [accounts.count_due(tx, store.now(), lanes) for lanes in (NEWS, BULK, EVERY)] == [0, 1, 1]
        assert opened(NEWS) is None
        mailbox = opened(BULK)
        assert claims.claim(tx, mailbox, store.now(), LEASE).delivery.story == "green"
    freeze(store, planned("alarm", priority="breaking"))
    with store.write() as tx:
        assert claims.claim(tx, mailbox, store.now(), LEASE) is None
        accounts.hold(tx, mailbox, store.now())
        assert [accounts.count_due(tx, store.now(), lanes) for lanes in (NEWS, BULK, EVERY)] == [1, 0, 1]
        assert opened(BULK) is None
        mailbox = opened(NEWS)
        assert claims.claim(tx, mailbox, store.now(), LEASE).delivery.story == "alarm"
        assert claims.claim(tx, mailbox, store.now(), LEASE) is None
        accounts.hold(tx, mailbox, store.now())
        assert claims.claim(tx, opened(BULK), store.now(), LEASE).delivery.story == "old"


def test_whoever_serves_bulk_lets_news_pass_and_waits_for_nothing_else(store, planned, connect, clock):
    """News that fell due in the last ten seconds goes first in any mailbox; what is held up longer holds up nobody."""
    freeze(store, planned("green", priority="evergreen"))
    connect("alarms")
    with store.write() as tx:
        mailbox = accounts.open_mailbox(tx, store.now(), LEASE, BULK)
    alarm = planned("alarm", "alarms", priority="breaking")  # it is drawn now
    for step in (lambda: None, lambda: freeze(store, alarm)):
        step()
        with store.write() as tx:
            assert claims.claim(tx, mailbox, store.now(), LEASE) is None
    clock.move(11)
    with store.write() as tx:
        assert claims.claim(tx, mailbox, store.now(), LEASE).delivery.story == "green"


def test_stories_are_drawn_by_whoever_serves_their_lane(store, planned):
    """Each takes the most urgent of its own lanes, and counts those alone."""
    for priority in ("evergreen", "normal", "breaking"):
        planned(priority, priority=priority)
    with store.write() as tx:
        assert [stories.count_due(tx, store.now(), lanes) for lanes in (NEWS, BULK, EVERY)] == [2, 1, 3]
        taken = [stories.claim(tx, store.now(), LEASE, lanes) for lanes in (BULK, BULK, NEWS, NEWS, NEWS)]
    assert [one and one.event.id for one in taken] == ["evergreen", None, "breaking", "normal", None]
