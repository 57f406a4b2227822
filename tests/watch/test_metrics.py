"""What Prometheus and whoever asks for health are told."""

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from syndication.models import Draft, Receipt, State
from syndication.pipeline import accept
from syndication.store import accounts, claims, deliveries, pulses, seals, stories
from syndication.watch.app import ailments
from syndication.watch.metrics import Metrics

HOUR = 3_600_000
LEASE = 60_000


@pytest.fixture
def ready(store, event, connect):
    """Makes a post that is due now, and was wanted now."""
    connect()

    def make(story="cms-1", priority="normal"):
        told, now = event(id=story, priority=priority), store.now()
        with store.write() as tx:
            stories.add(tx, told, withdrawn=False, due_at=None, now=now)
            deliveries.plan(tx, told, "desk", "publish", due_at=now, expires_at=now + HOUR, now=now)
            one = deliveries.by_key(tx, deliveries.key_of(story, "desk", "publish"))
            draft = Draft(
                key=one.key, text="words", link=told.url, title="t", description="", language="en", card=None,
                alt="", created=one.due,
            )  # fmt: skip
            deliveries.freeze(tx, one, draft, now)

    return make


def send(store):
    with store.write() as tx:
        now = store.now()
        claim = claims.claim(tx, accounts.open_mailbox(tx, now, LEASE), now, LEASE)
        claims.intend(tx, claim, now, LEASE)
        receipt = Receipt(id="1", url="https://social.example/1")
        claims.settle(tx, claim, State.SENT, what="sent", now=now, receipt=receipt)
        accounts.hold(tx, claim.mailbox, now)
        seals.seal_new(tx)


def read(metrics):
    """Every sample by its name and labels."""
    families = parse(metrics.text().decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_waits_is_told_by_lane_state_and_network(store, ready, clock):
    """The queue's age is from when a post was to go out."""
    ready()
    ready("cms-2", "breaking")
    clock.move(90)
    now = read(Metrics(store))
    assert now["syndication_posts", "mastodon", "normal", "ready"] == 1
    assert now["syndication_queue_age_seconds", "breaking"] == 90
    assert now["syndication_queue_age_seconds", "evergreen"] == 0
    assert now["syndication_sweep_age_seconds",] == -1


def test_outcomes_are_counted_once_from_when_it_started(store, ready, clock):
    """What came before this process is not counted; each later row is, however often it is asked."""
    ready()
    send(store)
    metrics = Metrics(store)
    assert ("syndication_outcomes_total", "desk", "mastodon", "sent") not in read(metrics)
    ready("cms-2")
    clock.move(7)
    send(store)
    for _ in range(2):
        now = read(metrics)
        assert now["syndication_outcomes_total", "desk", "mastodon", "sent"] == 1
        assert now["syndication_post_delay_seconds_sum", "normal"] == 7
        assert now["syndication_post_delay_seconds_bucket", "10.0", "normal"] == 1
        assert now["syndication_post_delay_seconds_bucket", "5.0", "normal"] == 0


def test_a_paused_account_is_told_and_is_not_called_late(store, ready, clock):
    """A dead token is one figure of its own; its letters wait for a person, not for a worker."""
    ready()
    with store.write() as tx:
        accounts.pause(tx, "desk", "token revoked")
    clock.move(5000)
    now = read(Metrics(store))
    assert now["syndication_account_paused", "desk"] == 1
    assert now["syndication_queue_age_seconds", "normal"] == 0


def test_health_says_what_is_not_done(store, ready, clock):
    """Healthy is what has a sweep, and nobody waiting whom a worker could serve."""
    assert ailments(store) == ["the sweep never ran: syndicate worker"]
    with store.write() as tx:
        pulses.beat(tx, "sweep", "here", store.now())
    ready()
    assert ailments(store) == []
    clock.move(901)
    silent, idle = ailments(store)
    assert silent == "the sweep gave no sign for 901 s: syndicate worker"
    assert idle == "a post could have gone out for 901 s: is `syndicate worker` at work?"


def test_health_names_the_role_that_bulk_needs(store, event, clock, config):
    """An evergreen story may wait for an hour; then whoever runs each part by itself learns which one is missing."""
    accept(store, config, event(priority="evergreen"))
    for seconds, expected in (
        (3600, []),
        (1, ["a story has waited 3601 s to be drawn: is `syndicate worker --only bulk` at work?"]),
    ):
        clock.move(seconds)
        with store.write() as tx:
            pulses.beat(tx, "sweep", "here", store.now())
        assert ailments(store) == expected


def test_who_rests_for_a_rate_limit_is_not_ill(store, ready, clock):
    """A mailbox that waits for its network's window keeps posts late, and nobody can help it."""
    ready()
    with store.write() as tx:
        mailbox = accounts.open_mailbox(tx, store.now(), LEASE)
        accounts.hold(tx, mailbox, store.now() + 2 * HOUR)
        clock.move(3600)
        pulses.beat(tx, "sweep", "here", store.now())
    assert ailments(store) == []


def test_a_sign_of_life_is_written_seldom_and_never_from_a_time_to_come(store, clock):
    """The sweep runs every two seconds, and its sign costs a write every twenty; a clock set back is followed."""
    start = clock()
    for seconds, expected in ((0, start), (10, start), (10, start + 20_000), (-3600, start - 3_580_000)):
        clock.move(seconds)
        with store.write() as tx:
            pulses.beat(tx, "sweep", "here", clock())
            assert pulses.newest(tx, "sweep") == expected
