"""What an account posts of a story: in its voice, form and size, with a link that is counted."""

from datetime import UTC, datetime

import pytest

from syndication.config import parse
from syndication.models import Account, Card, Limits, PublishEvent
from syndication.networks import NETWORKS
from syndication.networks.base import Connector
from syndication.pipeline.drafts import card_for, draft, form_of, sizes_for

LIMITS = Limits(text=300, link_in_text=True, alt=40, image_bytes=1_000_000, hashtags=3)
WHEN = datetime(2026, 11, 20, 8, tzinfo=UTC)


class Choosy(Connector):
    """A network of pins that can carry a card in two ways."""

    name, title, limits = "choosy", "Choosy", LIMITS
    forms, size = ("crawled", "image"), (1000, 1500)

    def connect(self, desk, server):
        raise NotImplementedError

    def auth(self, secret):
        raise NotImplementedError

    def identify(self, http):
        raise NotImplementedError

    def publish(self, http, draft, image):
        raise NotImplementedError

    def limits_of(self, limits, form):
        return limits.model_copy(update={"text": 40}) if form == "image" else limits


@pytest.fixture(autouse=True)
def choosy(monkeypatch):
    monkeypatch.setitem(NETWORKS, "choosy", Choosy())


def account(name="pins", network="choosy"):
    return Account(name=name, network=network, server="https://choosy.example", handle="@m", limits=LIMITS)


def card(width, height, template="article"):
    words = "A ferry at its pier. It is night, and the lamps are lit along the whole of the quay."
    return Card(
        template=template, width=width, height=height, file=f"{width}.jpg", sha256="0" * 64, size=9, alt=words
    )


def event(**parts):
    told = {"id": "cms-1", "url": "https://news.example/a", "headline": "Ferry sinks", "summary": "Twelve are missing.",
            "section": "World", "byline": ["Ada Marlowe"], "tags": ["sea", "harbour"]}  # fmt: skip
    return PublishEvent.model_validate({**told, "published": "2026-11-20T08:00:00Z", **parts})


def drafted(config="", cards=(), own="", **parts):
    return draft(parse(config), event(**parts), account(), cards, key="0" * 64, created=WHEN, own=own)


def test_a_post_says_what_its_account_is_told_to_say():
    """Template, number of hashtags, people and the counted link, all from the config."""
    said = drafted(
        '[accounts.pins]\ntext = "{kicker}: {headline} by {mentions} {link} {hashtags}"\nhashtags = 1\n'
        '[mentions."Ada Marlowe"]\nchoosy = "@ada"\nmastodon = "@ada@social.example"\n'
        '[links]\nutm = { source = "{network}", campaign = "{section}" }\n'
    )
    link = "https://news.example/a?utm_source=choosy&utm_campaign=World"
    assert said.text == f"World: Ferry sinks by @ada {link} #sea"
    assert (said.link, said.tags) == (link, ("sea", "harbour"))


def test_words_of_the_editor_come_first():
    """Of this very post before the event's for the account, that before the event's for the network."""
    both = {"pins": "For the account", "choosy": "For the network"}
    assert drafted(own="By hand", overrides=both).text.startswith("By hand")
    assert drafted(overrides=both).text.startswith("For the account")
    assert drafted(overrides={"choosy": "For the network"}).text.startswith("For the network")


def test_a_form_is_the_configs_where_the_network_can():
    """Else its usual way; what is taken may differ by the form."""
    assert form_of(parse(""), account()) == "crawled"
    assert form_of(parse('[accounts.pins]\nform = "image"'), account()) == "image"
    assert form_of(parse('[accounts.pins]\nform = "made"'), account()) == "crawled"
    assert len(drafted('[accounts.pins]\nform = "image"', summary="word " * 50).text) <= 40


def test_the_card_is_of_the_size_that_the_network_wants():
    """Else the wide one; a clean crop only where there is no card at all."""
    wide, square, tall = card(1200, 630), card(1080, 1080), card(1000, 1500)
    clean = card(1600, 900, template="clean")
    assert card_for(Choosy(), (wide, square, tall, clean)) == tall
    assert card_for(Choosy(), (square, wide, clean)) == wide
    assert card_for(None, (square, wide)) == wide
    assert card_for(Choosy(), ()) is None
    assert sizes_for([account()]) == ((1200, 630), (1080, 1080), (1000, 1500))


def test_a_description_is_as_long_as_the_network_takes():
    """Whole sentences of it; and the card's public address goes along where it has one."""
    public = '[cards]\nbase_url = "https://news.example/cards"'
    said = drafted(public, (card(1000, 1500),))
    assert said.alt == "A ferry at its pier."
    assert said.image_url == "https://news.example/cards/1000.jpg"
    assert drafted(cards=(card(1000, 1500),)).image_url == ""


def test_an_account_whose_connector_is_gone_holds_nobody_up():
    """Its post is drafted as its stored limits allow; what is wrong its own mailbox says."""
    gone = account(network="was-a-package")
    said = draft(parse(""), event(), gone, (card(1200, 630),), key="0" * 64, created=WHEN)
    assert said.form is None
    assert said.text.startswith("Twelve are missing.")
