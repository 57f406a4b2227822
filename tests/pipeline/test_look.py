"""Posts are read back once they are out, held against what was sent, mended once or told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import DONE, SENT, Script, deliver, post, steps
from sqlalchemy import update

from syndication.config import parse
from syndication.errors import CannotTell, NotSent, Refused, Unauthorized
from syndication.models import Deed, Draft, State
from syndication.networks import connector
from syndication.networks.base import Shown
from syndication.pipeline import accept, prepare_next, resolve
from syndication.pipeline.look import can_mend, differences
from syndication.store import accounts, deeds, left, trail
from syndication.store.schema import accounts as mailboxes
from syndication.store.schema import deliveries as rows


@pytest.fixture
def reads(network, monkeypatch):
    """What the scripted network shows, look by look; True: just what was sent."""
    said = [True]

    def read(self, http, receipt):
        word = Script._next(said)
        return Shown(self.sent[-1].text, image=True) if word is True else word

    monkeypatch.setattr(Script, "read", read, raising=False)
    return said


@pytest.fixture
def out(store, config, reads, published):
    """A story whose post is just out."""
    deliver(store, config)
    assert post(store).state is State.SENT
    return published


def words(store, what="looked"):
    with store.read() as tx:
        return [step.words for step in trail.of_story(tx, "cms-1") if step.what == what]


def later(store, config, clock, seconds):
    clock.move(seconds)
    while deliver(store, config):
        pass


def test_a_post_is_read_back_half_a_minute_later(store, config, out, clock):
    """Not before; the trail says that it is as it should be, and nothing waits for anybody."""
    later(store, config, clock, 29)
    assert words(store) == []
    later(store, config, clock, 1)
    assert words(store) == ["as it should be"]
    later(store, config, clock, 3600)
    assert words(store) == ["as it should be"] and post(store).pending is None


def test_waiting_to_be_read_back_is_nothing_to_do_for_people(store, out):
    """A post that is out is done: no command says otherwise in the meantime."""
    assert post(store).pending is None
    with store.read() as tx:
        assert deeds.count_left(tx) == 0


def test_a_picture_that_is_missing_is_attached_once_more(store, config, out, clock, reads, network):
    """By an edit that says the same; a second look sees that it helped, and no editor is bothered."""
    reads[:] = [Shown(network.sent[-1].text, image=False), True]
    later(store, config, clock, 30)
    assert [draft.text for draft in network.edited] == [network.sent[-1].text]
    later(store, config, clock, 120)
    assert words(store) == ["Script shows no picture; said once more", "as it should be"]
    assert len(network.edited) == 1 and post(store).pending is None


@pytest.mark.parametrize("answer", ["edited", NotSent("no answer within 60 seconds"), Refused("no")])
def test_who_was_frozen_while_mending_does_not_have_the_last_word(
    store, config, out, clock, reads, network, event, answer
):
    """Its words of before a correction may reach the network after the correction's: that one is said once more."""
    reads[:] = [lambda: Shown(network.sent[-1].text, image=False), True]

    def frozen():
        accept(store, config, event(kind="update", revision=2, summary="The council votes on 50 homes."))
        while prepare_next(store, config):
            pass
        clock.move(61)
        deliver(store, config)
        assert "50" in network.edited[-1].text
        return DONE if answer == "edited" else answer

    network.edits = [frozen, DONE]
    later(store, config, clock, 30)
    later(store, config, clock, 600)
    assert ["50" in draft.text for draft in network.edited] == [False, True, True]
    assert "50" in post(store).draft.text and post(store).pending is None


def test_what_stays_wrong_is_told_to_an_editor(store, config, out, clock, reads, network):
    """Once mended, never again by itself; `resolve` lists it, takes `done`, and the post stays as sent."""
    reads[:] = [Shown(network.sent[-1].text, image=False)]
    later(store, config, clock, 30)
    later(store, config, clock, 120)
    pending = post(store).pending
    assert (pending.deed, pending.due) == (Deed.LOOK, None)
    assert "Script shows no picture" in pending.words and "https://social.example/7" in pending.words
    assert len(network.edited) == 1
    resolve(store, 1, done=True)
    assert (post(store).state, post(store).pending) == (State.SENT, None)


def test_words_that_a_person_changed_are_told_and_never_overwritten(
    store, config, out, clock, reads, network
):
    """Looked at twice, as a network may be slow to show what it has."""
    reads[:] = [Shown("Other words, by hand.", image=False)]
    later(store, config, clock, 30)
    assert post(store).pending is None
    later(store, config, clock, 120)
    assert network.edited == []
    assert "Script shows another text and no picture" in post(store).pending.words


def test_a_post_that_is_gone_is_told(store, config, out, clock, reads, network):
    """It is not posted again, nor edited."""
    reads[:] = [None]
    later(store, config, clock, 30)
    later(store, config, clock, 120)
    assert "nothing there any more" in post(store).pending.words
    assert len(network.sent) == 1 and network.edited == []


def test_an_account_whose_posts_are_an_editors_is_only_told(
    store, config, desk, reads, network, event, clock
):
    """`correct = "tell"`."""
    config = parse('[accounts.desk]\ncorrect = "tell"\n', config.folder / "syndicate.toml")
    accept(store, config, event())
    prepare_next(store, config)
    deliver(store, config)
    reads[:] = [Shown(network.sent[-1].text, image=False)]
    later(store, config, clock, 30)
    later(store, config, clock, 120)
    assert network.edited == [] and post(store).pending.deed is Deed.LOOK


@pytest.mark.parametrize(
    "error", [CannotTell("no"), Refused("no"), Unauthorized("no right"), ValueError("odd")]
)
def test_a_look_that_cannot_be_taken_harms_nobody(store, config, out, clock, reads, error):
    """The trail says why; the post is out, its account goes on, and nobody is asked to do anything."""
    reads[:] = [error]
    later(store, config, clock, 30)
    assert len(words(store)) == 1 and words(store)[0].startswith("not read back: ")
    assert post(store).pending is None
    with store.read() as tx:
        assert accounts.paused(tx) == {}


def test_a_network_that_is_away_is_asked_again_and_not_for_ever(store, config, out, clock, reads):
    """Some eight times, ever more slowly."""
    reads[:] = [NotSent("no answer")]
    for _ in range(30):
        later(store, config, clock, 900)
    assert words(store) == ["not read back: no answer"]


def test_no_look_takes_the_place_of_a_deed(store, config, reads, published, network, event):
    """A story that was withdrawn while its post went out is removed, not looked at."""

    def meanwhile():
        accept(store, config, event(kind="withdraw", revision=2))
        return SENT

    network.publishes = [meanwhile]
    while deliver(store, config):
        pass
    assert post(store).state is State.WITHDRAWN and words(store) == []


def test_a_deed_takes_the_place_of_a_look(store, config, out, clock, network, event):
    """A story that changes is edited; the look that waited is left out."""
    accept(store, config, event(revision=2, summary="Other words altogether."))
    prepare_next(store, config)
    later(store, config, clock, 60)
    assert len(network.edited) == 1 and words(store) == []


def test_a_withdrawal_after_a_look_that_began_can_be_taken_back(
    store, config, out, clock, reads, event, network
):
    """A look that was begun changed nothing, so a story that stands again keeps its post."""
    reads[:] = [NotSent("no answer")]
    later(store, config, clock, 30)
    accept(store, config, event(kind="withdraw", revision=2))
    accept(store, config, event(revision=3))
    while prepare_next(store, config):
        pass
    later(store, config, clock, 60)
    assert post(store).state is State.SENT and network.removed == []


def test_what_an_editor_was_told_of_a_look_outlives_a_change_that_shows_nothing(
    store, config, out, clock, reads, network, event
):
    """A revision with the same words is no reason to forget that the picture is missing."""
    reads[:] = [Shown("Other words.", image=True)]
    later(store, config, clock, 30)
    later(store, config, clock, 120)
    accept(store, config, event(revision=2, tags=["floods"]))
    prepare_next(store, config)
    assert post(store).pending.deed is Deed.LOOK


def test_a_disconnected_accounts_posts_are_not_looked_at(store, config, out, clock):
    """Nor is anybody asked to do so."""
    with store.write() as tx:
        tx.execute(update(mailboxes).values(left_at=clock.value))
        left.settle(tx, clock.value)
        assert deeds.count_left(tx) == 0
    assert "told" not in steps(store)


def test_nothing_is_read_back_where_the_config_says_so(store, config, reads, published, clock):
    """`read_back = false`."""
    config = parse("[gate]\nread_back = false\n", config.folder / "syndicate.toml")
    deliver(store, config)
    later(store, config, clock, 60)
    assert words(store) == []


def test_a_network_that_cannot_be_read_has_no_look(store, config, published):
    """No deed is written for it, so nothing is claimed in vain."""
    deliver(store, config)
    with store.read() as tx:
        assert tx.execute(rows.select()).mappings().one()["deed"] == ""


def said(**parts):
    whole = {
        "key": "4711" * 16, "text": "Twelve are missing.", "link": "https://news.example/world/4711?utm_source=x",
        "title": "Ferry sinks off the northern coast", "description": "", "language": "en", "card": None,
        "alt": "", "created": "2026-11-20T08:00:00Z", "form": "crawled",
    }  # fmt: skip
    card = {"template": "a", "width": 1200, "height": 630, "file": "a.jpg", "sha256": "0" * 64, "size": 1}
    pictured = {"card": card, "image_url": "https://news.example/cards/a.jpg"}
    return Draft.model_validate({**whole, **pictured, **parts})


@pytest.mark.parametrize(
    ("shown", "ours", "wrong"),
    [
        (Shown("Twelve are missing."), True, ()),
        (Shown(" twelve are   MISSING"), True, ()),
        (Shown("Eleven are missing."), True, ("text",)),
        (Shown(link="https://www.news.example/world/4711/"), True, ()),
        (Shown(link="https://news.example/world/4712"), True, ("link",)),
        (Shown(title="Ferry sinks off the northern …"), True, ()),
        (Shown(title="Home | The Meridian"), True, ("title",)),
        (Shown(title="Home | The Meridian"), False, ()),
        (Shown(link="https://news.example/world/4711", image=False), True, ("image",)),
        (Shown(link="", image=False), True, ("card",)),
        (Shown(image=False), True, ()),
        (Shown(image=None), True, ()),
        (None, True, ("post",)),
    ],
)
def test_what_counts_as_another_post(shown, ours, wrong):
    """Marks, capitals, counting parameters and cut titles are the network's; words, place and picture are not."""
    assert differences(said(), shown, ours=ours) == wrong


def test_a_crawled_card_without_a_public_picture_misses_none():
    """Where cards have no public address no page can name one."""
    shown = Shown(link="https://news.example/world/4711", image=False)
    assert differences(said(image_url=""), shown, ours=True) == ()
    assert differences(said(image_url="", form="image"), Shown(image=False), ours=True) == ("image",)


@pytest.mark.parametrize(
    ("name", "form", "differs", "may"),
    [
        ("mastodon", "image", ("image",), True),
        ("mastodon", "crawled", ("image",), False),
        ("mastodon", "image", ("text",), False),
        ("bluesky", "made", ("title", "image"), True),
        ("facebook", "crawled", ("card",), True),
        ("facebook", "image", ("image",), False),
        ("bluesky", "made", ("post",), False),
    ],
)
def test_what_an_edit_may_mend(name, form, differs, may):
    """What the network reads itself only where an edit makes it read again; never words, never a post that is gone."""
    assert can_mend(differs, said(form=form), connector(name)) is may


@given(st.text(max_size=200))
def test_what_was_sent_is_never_another_text(text):
    """Whatever its letters: a post that shows its own text is as it should be."""
    assert differences(said(text=text), Shown(text), ours=True) == ()
