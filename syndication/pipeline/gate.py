"""The live gate: networks that read a story's page get the post once the page and its card are there for them.

A network reads the page once, at the first share, and shows for weeks what it found then.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from syndication.config import Config
from syndication.errors import FetchError
from syndication.fetch import Fetched, fetch
from syndication.metadata import card_url, read_properties
from syndication.models import Card, Delivery, Draft, Priority, PublishEvent
from syndication.networks.base import Connector
from syndication.pipeline.prepare import tags_of
from syndication.store import milliseconds

HELD_FOR = "gate"
"""What holds a post whose page is not ready."""

_FIRST_PAUSE, _LONGEST_PAUSE = 2_000, 15_000
_TOLD = 80  # characters of what a page says, in words to an editor


class Sight(NamedTuple):
    """What a look found missing, in words; empty: nothing. `passing`: waiting may help."""

    missing: str = ""
    passing: bool = True


def stands_before(config: Config, network: Connector, delivery: Delivery) -> bool:
    """Whether a post has to pass: its network reads the page, or fetches the card. An editor's word opens it."""
    draft = delivery.draft
    if draft is None or not config.gate.wait or (delivery.released and delivery.held_for == HELD_FOR):
        return False
    return draft.form == "crawled" or (network.public and bool(draft.image_url))


def next_look(config: Config, delivery: Delivery, now: int) -> int | None:
    """When to look again (milliseconds), each time after twice as long; None once the post has waited enough."""
    since = milliseconds(delivery.draft.created) if delivery.draft else now
    share = 4 if delivery.lane == Priority.BREAKING.lane else 1
    end = since + int(1000 * config.gate.wait / share)
    pause = min(max(_FIRST_PAUSE, now - since), _LONGEST_PAUSE)
    return min(now + pause, end) if now < end else None


def question(sight: Sight, number: int) -> str:
    """What an editor is asked about a post that waited in vain."""
    return f"{sight.missing}. `syndicate resume --delivery {number}` sends it all the same"


def look(config: Config, event: PublishEvent, draft: Draft, cards: Sequence[Card]) -> Sight:
    """Look at what the network would read; `cards` are the story's pictures as they are now.

    The page's tags are looked at only where they are ours. Then the page decides which picture is fetched.
    """
    frozen = {draft.image_url: draft.card.sha256} if draft.card and draft.image_url else {}
    if draft.form != "crawled":
        return _pictures(config, frozen)
    try:
        page = _get(config, event.url, "text/html,application/xhtml+xml")
    except FetchError as error:
        return _unread("the page", error)
    if not config.metadata.pages and config.metadata.fragments is None:
        return _pictures(config, frozen)
    said = read_properties(page.body, page.charset)
    tags = tags_of(config, event, cards)
    for meta in tags.metas:
        if meta.name in ("og:title", "og:url") and said.get(meta.name) != meta.content:
            return Sight(_differs(meta.name, said.get(meta.name, "")))
    if not tags.has_image:
        return Sight()
    ours = {card_url(config.cards.base_url, card): card.sha256 for card in cards}
    shown = said.get("og:image", "")
    return _pictures(config, {shown: ours[shown]}) if shown in ours else Sight(_differs("og:image", shown))


def _get(config: Config, url: str, accept: str) -> Fetched:
    seconds = min(config.delivery.look_limit, config.fetch.seconds)
    return fetch(
        url, allow=config.fetch.allow, max_bytes=config.fetch.max_bytes, seconds=seconds, accept=accept
    )


def _pictures(config: Config, wanted: Mapping[str, str]) -> Sight:
    """Whether the pictures at these addresses have the bytes of these hashes (SHA-256)."""
    for url, sha256 in wanted.items():
        try:
            found = _get(config, url, "image/*")
        except FetchError as error:
            return _unread("the card", error)
        if hashlib.sha256(found.body).hexdigest() != sha256:
            # Its name carries the hash: a picture that is another one there will not become ours.
            is_picture = found.mime.startswith("image/")
            what = "another picture than ours, as if a service rewrote it" if is_picture else "no picture yet"
            return Sight(f"{url} gives {what}", passing=not is_picture)
    return Sight()


def _unread(what: str, error: FetchError) -> Sight:
    if error.status is not None:
        return Sight(f"{what} is not there yet: {error.message}")
    words = f"{error.message} ({error.hint})" if error.hint else error.message
    return Sight(f"{what} cannot be read: {words}", passing=error.again)


def _differs(name: str, found: str) -> str:
    if not found:
        return f"the page has no {name}: our tags are not there yet"
    short = found if len(found) <= _TOLD else f"{found[:_TOLD]}…"
    return f"the page has another {name} than this revision of the story: {short}"
