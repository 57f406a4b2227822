"""A record of the story beside its posts follows the story: with each edit, and away with the post."""

from datetime import timedelta
from hashlib import sha256

import pytest
from scripted import DONE, SENT, Script, deliver, post

from syndication.config import parse
from syndication.errors import NotSent, Unknown
from syndication.models import Deed, State
from syndication.networks.base import Shown
from syndication.pipeline import accept, prepare_next, run_due, withdraw
from syndication.pipeline.plan import changes, move
from syndication.pipeline.tokens import token_of

CONFIG = '[brand]\nname = "The Meridian"\nsite = "https://news.example/"\n[accounts.desk]\nrecord = true\n'
RIGHTS = {"records": "keep a record of each story"}


@pytest.fixture
def network(network, monkeypatch):
    """It keeps records beside link cards of ours; `unrecorded` tells which it was told to remove."""
    network.records, network.forms, network.unrecorded = RIGHTS, ("made", "image"), []
    monkeypatch.setattr(Script, "unrecord", lambda self, http, draft: self.unrecorded.append(draft.record))
    return network


@pytest.fixture
def story(event):
    return lambda **parts: event(**{"url": "https://news.example/world/4711?a=1#top", **parts})


@pytest.fixture
def post_as(store, config, desk, network, story):
    """Posts a story as a config says; the config."""

    def go(text=CONFIG, **parts):
        told = parse(text, config.folder / "syndicate.toml")
        accept(store, told, story(**parts))
        prepare_next(store, told)
        deliver(store, told)
        return told

    return go


def settle(store, config, clock):
    for _ in range(4):
        run_due(store, config)
        clock.move(60)


def test_a_record_says_which_story_and_when(post_as, network, event):
    """The paper's address without a slash, the story's path from there on, its time; and which story it is."""
    post_as()
    record = network.sent[-1].record
    assert (record.paper, record.site, record.path) == (
        "The Meridian",
        "https://news.example",
        "/world/4711?a=1",
    )
    assert (record.published, record.modified) == (event().published, None)
    assert record.story == sha256(b"cms-1").hexdigest()


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (CONFIG, "https://elsewhere.example/a"),
        (CONFIG, "https://news.example.evil.example/a"),
        (f'{CONFIG}form = "image"\n', "https://news.example/a"),
        (CONFIG.replace("record = true", ""), "https://news.example/a"),
        (CONFIG.replace("site =", "twitter ="), "https://news.example/a"),
    ],
)
def test_no_record_that_nobody_would_see_or_of_anothers_page(post_as, network, text, url):
    """It needs a link card of ours, and a page that is the paper's own."""
    post_as(text, url=url)
    assert network.sent[-1].record is None


def test_a_change_that_only_the_record_shows_is_an_edit(store, post_as, network, story, clock, event):
    """The date of a change is seen beside the post, so a story that was changed has its post follow."""
    config = post_as()
    later = event().published + timedelta(hours=2)
    accept(store, config, story(kind="update", revision=2, modified=later.isoformat()))
    settle(store, config, clock)
    assert [draft.record.modified for draft in network.edited] == [later]
    assert network.unrecorded == []


def test_a_record_is_no_correction_and_nothing_for_people(post_as, network):
    """It is neither answered nor told of: nobody could change it by hand."""
    post_as()
    live = network.sent[-1]
    new = live.model_copy(update={"record": live.record.model_copy(update={"path": "/b"})})
    assert changes(live, new, network) == ("record",)
    assert move(live, new, network, "reply").deed is Deed.EDIT
    assert move(live, new, network, "tell").deed is None


def test_a_withdrawn_story_takes_its_record_away_with_the_post(store, post_as, network, clock):
    """After the post; and where that was cut off, both again."""
    config = post_as()
    network.removals = [NotSent("no answer"), DONE]
    withdraw(store, "cms-1")
    settle(store, config, clock)
    assert post(store).state is State.WITHDRAWN
    assert network.removed == [SENT, SENT]
    assert network.unrecorded == [network.sent[-1].record]


def test_a_record_that_an_unfinished_edit_made_goes_as_well(store, post_as, network, story, clock):
    """The post had none before: an edit that was cut off may have made it."""
    config = post_as(CONFIG.replace("record = true", ""))
    network.edits = [NotSent("no answer")]
    recording = parse(CONFIG, config.folder / "syndicate.toml")
    accept(store, recording, story(kind="update", revision=2, summary="Eleven are missing."))
    run_due(store, recording)
    assert [bool(draft.record) for draft in network.edited] == [True]
    withdraw(store, "cms-1")
    settle(store, recording, clock)
    assert network.unrecorded == [network.edited[-1].record]


def test_a_record_that_is_no_longer_wanted_goes_with_the_next_edit(store, post_as, network, story, clock):
    """The option was switched off: the post stays, and names it no more."""
    config = post_as()
    plain = parse(CONFIG.replace("record = true", ""), config.folder / "syndicate.toml")
    accept(store, plain, story(kind="update", revision=2, summary="Eleven are missing."))
    settle(store, plain, clock)
    assert (network.edited[-1].record, network.unrecorded) == (None, [network.sent[-1].record])


def test_what_is_not_surely_out_has_no_record_to_remove(store, post_as, network, clock):
    """A story that is withdrawn while its post is in doubt, and was not there: nothing is removed."""
    network.publishes = [Unknown("the answer was lost")]
    config = post_as()
    withdraw(store, "cms-1")
    settle(store, config, clock)
    assert post(store).state is State.CANCELLED
    assert (network.removed, network.unrecorded) == ([], [])


@pytest.mark.parametrize("correct", ["edit", "tell"])
def test_a_record_that_is_missing_is_made_by_the_look(store, post_as, network, clock, monkeypatch, correct):
    """A worker that was killed after the post: half a minute later it is put right, words untouched."""
    seen = [False, True]
    monkeypatch.setattr(
        Script,
        "read",
        lambda self, http, receipt: Shown(self.sent[-1].text, image=True, record=seen.pop(0)),
        raising=False,
    )
    config = post_as(f'{CONFIG}correct = "{correct}"\n')
    settle(store, config, clock)
    assert seen == []
    assert network.edited == [network.sent[-1]]
    assert post(store).pending is None


def test_who_may_not_keep_records_is_told_where_they_are_wanted(config, network):
    """By what the account was not allowed, as with any right; nobody else is bothered."""
    secret, wanting = {"scope": "posts"}, parse(CONFIG, config.folder / "syndicate.toml")
    assert token_of(wanting, network, "desk", secret, 0).lacks == "keep a record of each story (records)"
    assert token_of(wanting, network, "other", secret, 0).lacks == ""
    assert token_of(wanting, network, "desk", {"scope": "posts records"}, 0).lacks == ""
