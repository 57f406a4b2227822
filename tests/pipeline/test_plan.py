"""What is to become of a post that is out: decided from two drafts, a network and a policy alone."""

from datetime import UTC, datetime

import pytest

from syndication.models import Card, Deed, Draft
from syndication.networks import connector
from syndication.pipeline.plan import Move, after_edit, can_edit, can_withdraw, changes, move

CARD = Card(template="article", width=1200, height=630, file="a.jpg", sha256="a" * 64, size=9)
NEW_CARD = CARD.model_copy(update={"file": "b.jpg", "sha256": "b" * 64})


def said(**changed):
    facts = {
        "key": "k",
        "text": "The council votes.",
        "link": "https://news.example/1",
        "title": "The sea took the road",
        "description": "The council votes.",
        "language": "en",
        "card": CARD,
        "alt": "",
        "created": datetime(2026, 11, 20, tzinfo=UTC),
        "form": "image",
    }
    return Draft.model_validate({**facts, **changed})


def test_only_what_readers_see_makes_a_move():
    """The time, the key, the description for those who cannot see, and the file's name are no change of a post."""
    unseen = said(
        created=datetime(2026, 11, 21, tzinfo=UTC),
        alt="other words",
        card=CARD.model_copy(update={"file": "c.jpg"}),
        tags=("sea",),
    )
    assert move(said(), unseen, connector("mastodon"), "edit") == Move(None)


@pytest.mark.parametrize(
    ("form", "changed"),
    [
        ("image", ("text", "link", "image")),
        ("made", ("text", "link", "image", "title", "description")),
        ("crawled", ("text", "link")),
    ],
)
def test_a_card_shows_what_its_form_shows(form, changed):
    """Title and description count where the link card is ours, the picture where it is ours or attached."""
    new = said(form=form, text="x", link="https://news.example/2", card=NEW_CARD, title="y", description="z")
    assert changes(said(form=form), new, connector("mastodon")) == changed


@pytest.mark.parametrize(
    ("network", "correct", "deed", "tell"),
    [
        ("mastodon", "edit", Deed.EDIT, False),
        ("mastodon", "repost", Deed.EDIT, False),
        ("mastodon", "tell", Deed.EDIT, True),
        ("x", "edit", Deed.EDIT, True),
        ("x", "repost", Deed.REPOST, False),
        ("x", "tell", Deed.EDIT, True),
    ],
)
def test_the_policy_counts_where_the_network_cannot_edit(network, correct, deed, tell):
    """Edited where it can be; posted again only where the newsroom said so; else an editor is told."""
    found = move(said(), said(text="Other words."), connector(network), correct)
    assert (found.deed, found.tell) == (deed, tell)


def test_what_an_edit_cannot_reach_is_told():
    """Facebook changes a post's text and nothing else: the rest is left to an editor, or posted again."""
    new, network = said(text="Other words.", card=NEW_CARD), connector("facebook")
    assert move(said(), new, network, "edit") == Move(Deed.EDIT, ("text", "image"), ("image",))
    assert move(said(), said(card=NEW_CARD), network, "edit").tell
    assert move(said(), new, network, "repost").deed is Deed.REPOST
    left = after_edit(said(), new, ("image",))
    assert (left.text, left.card) == ("Other words.", CARD)


def test_a_deed_that_was_begun_goes_on():
    """Nobody knows how much of it was done, so going back to the old words is a change as well."""
    network = connector("mastodon")
    assert move(said(), said(), network, "edit", Deed.EDIT).deed is Deed.EDIT
    assert move(said(), said(), connector("x"), "repost", Deed.REPOST).deed is Deed.REPOST
    assert move(said(), said(text="Other words."), network, "edit", Deed.WITHDRAW) == Move(None)


def test_a_network_that_is_gone_is_an_editors_business():
    """Without the package that brought it nothing can be done, and it is said."""
    assert move(said(), said(text="Other words."), None, "repost").tell


@pytest.mark.parametrize(
    ("name", "edits", "removes"),
    [("mastodon", True, True), ("x", False, True), ("instagram", False, True), ("telegram", True, True)],
)
def test_what_a_network_can_is_read_from_its_connector(name, edits, removes):
    """A deed that a connector does not have of its own is one that its network does not offer."""
    network = connector(name)
    assert (can_edit(network), can_withdraw(network)) == (edits, removes)
    assert not can_edit(None)


def test_a_card_that_a_network_drew_from_the_page_is_read_again():
    """Where an edit has it read the page anew, another headline or picture is a change; elsewhere nobody could act."""
    new = said(form="crawled", title="The sea took the road twice", card=NEW_CARD)
    live = said(form="crawled")
    assert move(live, new, connector("facebook"), "edit") == Move(Deed.EDIT, ("card",))
    assert move(live, new, connector("x"), "edit") == Move(None)


def test_a_correction_is_a_reply_where_the_network_has_replies():
    """Of words, not of a picture alone; what was begun as an edit is finished as one."""
    new = said(text="The council votes on 50 homes.")
    assert move(said(), new, connector("x"), "reply") == Move(Deed.REPLY, ("text",))
    assert move(said(), new, connector("mastodon"), "reply", Deed.EDIT).deed is Deed.EDIT
    assert move(said(), said(card=NEW_CARD), connector("mastodon"), "reply").deed is Deed.EDIT
    assert move(said(), new, connector("tumblr"), "reply").deed is Deed.EDIT
    assert move(said(), new, connector("instagram"), "reply").tell
