"""Accepting: what an event changes, and that nothing is half-written."""

import itertools

import pytest

from syndication.models import State
from syndication.pipeline import Verdict, accept, prepare_next, resume, run_due
from syndication.pipeline.hold import SAME_URL
from syndication.store import deliveries, stories


def verdict(store, config, event):
    return accept(store, config, event).verdict


def posts(store, story="cms-1"):
    with store.read() as tx:
        return deliveries.of_story(tx, story)


def test_the_same_event_again_changes_nothing(store, config, connect, event):
    """CMSs repeat themselves: one story, one set of posts."""
    connect()
    assert verdict(store, config, event()) is Verdict.NEW
    assert verdict(store, config, event()) is Verdict.UNCHANGED
    assert len(posts(store)) == 1


def test_a_signed_message_counts_once(store, config, connect, event):
    """The same webhook-id is one event, even with another body."""
    assert accept(store, config, event(), webhook="msg-1").verdict is Verdict.NEW
    assert accept(store, config, event(revision=2), webhook="msg-1").verdict is Verdict.UNCHANGED


def test_an_older_revision_never_wins(store, config, connect, event):
    """Whatever order events arrive in, the newest version of the story is what stands."""
    connect()
    versions = [event(revision=n, headline=f"Revision {n}") for n in (1, 2, 3)]
    for order, version in enumerate(itertools.permutations(versions)):
        for one in version:
            accept(store, config, one.model_copy(update={"id": f"cms-{order}"}))
        with store.read() as tx:
            assert stories.need(tx, f"cms-{order}").event.headline == "Revision 3"
        assert len(posts(store, f"cms-{order}")) == 1


def test_a_later_change_at_the_same_revision_is_newer(store, config, event):
    """CMSs without revisions are ordered by the time of the change."""
    accept(store, config, event())
    assert verdict(store, config, event(modified="2026-11-20T09:00:00Z")) is Verdict.UPDATED
    assert verdict(store, config, event(modified="2026-11-20T08:30:00Z")) is Verdict.OLDER


def test_an_update_of_an_unknown_story_announces_nothing(store, config, connect, event):
    """Correcting a five-year-old story must not post it as news."""
    connect()
    assert verdict(store, config, event(kind="update")) is Verdict.FILED
    assert posts(store) == []


def test_an_update_makes_unsent_posts_anew_and_plans_no_more(store, config, connect, event):
    """What is frozen but surely not out is written again from the new version."""
    connect()
    accept(store, config, event())
    prepare_next(store, config)
    assert posts(store)[0].state is State.READY
    assert verdict(store, config, event(kind="update", revision=2, summary="Corrected.")) is Verdict.UPDATED
    assert posts(store)[0].state is State.PLANNED
    prepare_next(store, config)
    assert posts(store)[0].draft.text.startswith("Corrected.")
    assert len(posts(store)) == 1


def test_a_withdrawal_cancels_what_is_not_out(store, config, connect, event):
    """Also at the same revision, also before the story itself: a takedown is never missed."""
    connect()
    accept(store, config, event(modified="2026-11-20T09:00:00Z"))
    assert verdict(store, config, event(kind="withdraw")) is Verdict.WITHDRAWN
    assert posts(store)[0].state is State.CANCELLED
    assert prepare_next(store, config) == "cms-1"  # what was made of it goes out of reach
    assert prepare_next(store, config) is None
    assert verdict(store, config, event(kind="withdraw")) is Verdict.UNCHANGED
    assert verdict(store, config, event(modified="2026-11-20T09:00:00Z")) is not Verdict.NEW
    assert verdict(store, config, event(id="cms-2", kind="withdraw")) is Verdict.WITHDRAWN
    assert verdict(store, config, event(id="cms-2")) is not Verdict.NEW
    assert posts(store, "cms-2") == []


def test_publishing_again_after_a_withdrawal_posts_what_never_went_out(store, config, connect, event):
    """An unpublish by mistake does not cost the story its post."""
    connect()
    accept(store, config, event())
    accept(store, config, event(kind="withdraw"))
    assert verdict(store, config, event(revision=2)) is Verdict.UPDATED
    assert posts(store)[0].state is State.PLANNED


def test_nothing_of_an_embargoed_story_is_made_before_its_time(store, config, connect, event, clock):
    """No card, no draft, no metadata until the clock says so."""
    connect()
    accept(store, config, event(embargo="2026-11-20T13:00:00Z"))
    assert prepare_next(store, config) is None
    assert not config.at(config.cards.folder).exists()
    clock.move(3601)
    assert prepare_next(store, config) == "cms-1"


def test_a_silent_account_gets_no_posts_by_itself(store, config, connect, event):
    """publish = false leaves an account to the editors."""
    from syndication.config import parse

    connect()
    quiet = parse("[accounts.desk]\npublish = false\n", config.folder / "syndicate.toml")
    accept(store, quiet, event())
    assert posts(store) == []


def test_a_photo_outlives_the_file_it_came_from(store, config, event, tmp_path):
    """The photo, and a portrait, are copied under their content's hash before the event counts as accepted."""
    from PIL import Image

    photo, portrait = tmp_path / "photo.jpg", tmp_path / "portrait.jpg"
    Image.new("RGB", (1600, 1000), "teal").save(photo)
    Image.new("RGB", (800, 800), "navy").save(portrait)
    card = {"template": "opinion", "portrait": {"path": str(portrait)}}
    accept(store, config, event(image={"path": str(photo)}, card=card))
    photo.unlink()
    portrait.unlink()
    assert prepare_next(store, config) == "cms-1"
    with store.read() as tx:
        assert stories.need(tx, "cms-1").problem == ""


def test_a_photo_that_vanishes_before_it_is_kept_stops_the_event(store, config, event, tmp_path):
    """Nothing is half-written in the store when the photo cannot be read."""
    with pytest.raises(OSError, match="No such file"):
        accept(store, config, event(image={"path": str(tmp_path / "gone.jpg")}))
    with store.read() as tx:
        assert stories.get(tx, "cms-1") is None


def test_an_address_is_announced_once(store, config, network, desk, event):
    """The same URL under another id is filed, and its posts are held with the words that name the first story."""
    accept(store, config, event())
    assert verdict(store, config, event(id="other-9", url=event().url)) is Verdict.NEW
    run_due(store, config)
    (post,) = posts(store, "other-9")
    assert (post.state, post.held_for) == (State.HELD, SAME_URL)
    assert "https://news.example/world/1 is cms-1 already" in post.reason
    assert verdict(store, config, event(id="other-9", url=event().url, revision=2)) is Verdict.UPDATED
    run_due(store, config)
    assert len(network.sent) == 1


def test_an_editor_may_announce_an_address_twice(store, config, network, desk, event):
    """What is resumed by its number goes out, though the other story still stands."""
    accept(store, config, event())
    accept(store, config, event(id="other-9", url=event().url))
    run_due(store, config)
    resume(store, config, posts=[posts(store, "other-9")[0].id])
    run_due(store, config)
    assert len(network.sent) == 2


def test_the_first_story_of_an_address_is_not_held_for_a_later_one(
    store, config, network, desk, event, clock
):
    """Whichever is drawn first; and once it is withdrawn or has moved away the address is free."""
    accept(store, config, event(embargo="2026-11-20T13:00:00Z"))
    accept(store, config, event(id="other-9", url=event().url))
    accept(store, config, event(revision=2, embargo="2026-11-20T13:00:00Z"))
    clock.move(3601)
    run_due(store, config)
    assert [posts(store, name)[0].state for name in ("cms-1", "other-9")] == [State.SENT, State.HELD]
    accept(store, config, event(revision=3, url="https://news.example/moved"))
    accept(store, config, event(id="other-9", url=event().url, kind="withdraw"))
    accept(store, config, event(id="third", url=event().url))
    run_due(store, config)
    assert posts(store, "third")[0].state is State.SENT


def test_an_event_without_an_id_is_of_the_story_at_its_address(store, config, network, desk, event):
    """A page that is published by hand is the story the CMS told, and so is a takedown that names the URL alone."""
    accept(store, config, event(revision=3))
    url = event().url
    same = accept(store, config, event(id="", url=url))
    assert (same.story, same.verdict) == ("cms-1", Verdict.OLDER)
    run_due(store, config)
    assert accept(store, config, event(id="", url=url, kind="withdraw")).story == "cms-1"
    run_due(store, config)
    assert [post.state for post in posts(store, "cms-1")] == [State.WITHDRAWN]
