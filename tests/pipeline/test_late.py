"""What is late: dropped or asked about, never fired in a burst; and what was old when we first saw it."""

import pytest
from scripted import SENT, deliver, post, steps

from syndication.config import parse
from syndication.errors import NotSent
from syndication.models import State
from syndication.pipeline import Verdict, accept, prepare_next, resume, run_due, share, sweep
from syndication.store import stories

HOUR = 3600


@pytest.fixture
def configured(config):
    """The config with more lines of its `[late]` table."""
    return lambda lines: parse(f"[delivery]\nlease = 60\n[late]\n{lines}\n", config.folder / "syndicate.toml")


@pytest.mark.parametrize(("priority", "hours"), [("breaking", 1), ("normal", 24), ("evergreen", 72)])
def test_each_lane_has_its_own_patience(store, config, network, desk, event, clock, priority, hours):
    """Breaking news an hour late is no news; an evergreen may take three days."""
    network.publishes = [NotSent("the server is down")]
    accept(store, config, event(priority=priority))
    run_due(store, config)
    clock.move(hours * HOUR - 1)
    sweep(store, config)
    assert post(store).state is State.READY
    clock.move(2)
    sweep(store, config)
    assert post(store).state is State.FAILED
    assert post(store).reason == "not sent in its time: the server is down"


def test_what_is_late_waits_for_an_editor_where_that_is_the_policy(
    store, configured, network, desk, event, clock
):
    """Nothing is sent and nothing is dropped unasked; released it goes out, with a new time."""
    config = configured('then = "ask"')
    network.publishes = [NotSent("down"), SENT]
    accept(store, config, event(priority="breaking"))
    run_due(store, config)
    clock.move(HOUR + 1)
    sweep(store, config)
    assert (post(store).state, post(store).held_for) == (State.HELD, "late")
    assert post(store).reason == "not sent in its time: down"
    resume(store, config, posts=[1])
    run_due(store, config)
    assert post(store).state is State.SENT


def test_a_worker_that_finds_a_late_letter_asks_as_well(store, configured, network, desk, event, clock):
    """Whoever comes first, the sweep or the mailbox, does what the config says."""
    config = configured('then = "ask"')
    accept(store, config, event(priority="breaking"))
    prepare_next(store, config)
    clock.move(HOUR + 1)
    deliver(store, config)
    assert post(store).state is State.HELD
    assert network.sent == []


def test_what_the_cms_lets_expire_is_dropped_unasked(store, configured, network, desk, event, clock):
    """`expires` is the newsroom's own word; a share by hand does not ask it."""
    config = configured('then = "ask"')
    network.publishes = [NotSent("down")]
    accept(store, config, event(expires="2026-11-20T13:00:00Z"))
    run_due(store, config)
    clock.move(HOUR + 1)
    sweep(store, config)
    assert post(store).state is State.FAILED
    assert share(store, config, "cms-1", ["desk"])[0].delivery.state is State.PLANNED


def test_an_outage_is_followed_by_no_burst(store, config, network, desk, event, clock):
    """What piled up goes out one by one, five minutes apart; breaking news, and what is new, at once."""
    network.publishes = [NotSent("down")]
    for number in range(3):
        accept(store, config, event(id=f"cms-{number}", url=f"https://news.example/{number}"))
    run_due(store, config)
    clock.move(3 * HOUR)
    network.publishes, network.sent = [SENT], []
    run_due(store, config)
    assert len(network.sent) == 1
    accept(store, config, event(id="alarm", url="https://news.example/alarm", priority="breaking"))
    accept(store, config, event(id="new", url="https://news.example/new"))
    run_due(store, config)
    assert [draft.link[-5:] for draft in network.sent[1:]] == ["alarm", "e/new"]
    for count in (4, 5):
        clock.move(298)
        run_due(store, config)
        assert len(network.sent) == count - 1
        clock.move(3)
        run_due(store, config)
        assert len(network.sent) == count


def test_of_late_posts_the_urgent_goes_first(store, config, network, desk, event, clock):
    """Each time that one may go, it is the one of the lowest lane, also if it came last."""
    for name, priority in (("green", "evergreen"), ("other", "evergreen"), ("news", "normal")):
        accept(store, config, event(id=name, url=f"https://news.example/{name}", priority=priority))
    clock.move(HOUR)
    for _ in range(3):
        run_due(store, config)
        clock.move(301)
    assert [draft.link.rsplit("/", 1)[1] for draft in network.sent] == ["news", "green", "other"]


def test_a_burst_on_time_is_no_outage(store, config, network, desk, event):
    """Ten stories at once go out at once."""
    for number in range(10):
        accept(store, config, event(id=f"cms-{number}", url=f"https://news.example/{number}"))
    run_due(store, config)
    assert len(network.sent) == 10


def test_no_spacing_is_a_choice(store, configured, network, desk, event, clock):
    """`spacing = 0` lets everything go."""
    config = configured("spacing = 0")
    for number in range(3):
        accept(store, config, event(id=f"cms-{number}", url=f"https://news.example/{number}"))
    clock.move(HOUR)
    run_due(store, config)
    assert len(network.sent) == 3


def test_an_archive_floods_nobody(store, config, network, desk, event):
    """A story older than a week at first sight is drawn and filed; an editor may share it."""
    assert accept(store, config, event(published="2019-11-20T08:00:00Z")).verdict is Verdict.OLD
    assert accept(store, config, event(id="cms-2", published="2026-11-13T12:00:00Z")).verdict is Verdict.NEW
    run_due(store, config)
    assert len(network.sent) == 1
    with store.read() as tx:
        assert stories.need(tx, "cms-1").cards
    assert steps(store)[:2] == ["accepted", "filed"]
    share(store, config, "cms-1", ["desk"])
    run_due(store, config)
    assert len(network.sent) == 2


@pytest.mark.parametrize("kind", ["publish", "update"])
def test_a_story_of_the_archive_stays_filed_whatever_date_it_gets(store, config, network, desk, event, kind):
    """A feed that dates everything anew, or a publish after an update, makes no news of it."""
    accept(store, config, event(kind=kind, published="2019-11-20T08:00:00Z"))
    for revision in (2, 3):
        accept(store, config, event(revision=revision, published="2026-11-20T11:00:00Z"))
    run_due(store, config)
    assert network.sent == []


def test_a_story_that_is_dated_anew_is_announced_once(store, config, network, desk, event):
    """Nor does a changed slug make another story of it."""
    accept(store, config, event())
    run_due(store, config)
    accept(store, config, event(published="2026-11-20T11:59:00Z", modified="2026-11-20T11:59:00Z"))
    accept(store, config, event(revision=2, url="https://news.example/world/another-slug"))
    run_due(store, config)
    assert len(network.sent) == 1


def test_an_embargo_makes_an_old_text_new(store, config, network, desk, event):
    """What was written long ago and is let go today is news."""
    old = event(published="2026-09-01T08:00:00Z", embargo="2026-11-20T12:00:00Z")
    assert accept(store, config, old).verdict is Verdict.NEW
