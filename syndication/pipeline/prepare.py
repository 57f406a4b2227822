"""The second step: cards, metadata, and the frozen words of each post. Repeating it is harmless."""

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from syndication.cards import make_cards
from syndication.cards.photo import probe_bytes
from syndication.config import Config
from syndication.errors import (
    CardError,
    ClaimLost,
    FetchError,
    MetadataError,
    PhotoError,
    SyndicationError,
)
from syndication.fetch import fetch
from syndication.metadata import head_tags, page_path, rewrite_file, write_fragments
from syndication.models import Account, Card, Delivery, Draft, Image, PublishEvent, State
from syndication.pipeline.accept import keep_file
from syndication.store import Store, accounts, deliveries, moment, stories, trail
from syndication.text import compose

log = logging.getLogger(__name__)

SOFT_TRIES = 3
"""How often a photo that cannot be fetched, a card that cannot be drawn or a page that is missing holds a story up."""

MOST_TRIES = 20
"""How often a story is taken up, also by workers that died of it, before it is left to a person."""

_SOFT_PAUSE = 4_000
_HARD_PAUSE = 15_000
_LONGEST_PAUSE = 600_000


def prepare_next(store: Store, config: Config) -> str | None:
    """Prepare the most urgent story that is due; its id, or None if none is due."""
    with store.write() as tx:
        story = stories.claim(tx, store.now(), int(config.delivery.lease * 1000))
    if story is None:
        return None
    try:
        _prepare(store, config, story)
    except ClaimLost as lost:
        log.info("story changed meanwhile", extra={"story": story.event.id, "why": lost.message})
        with store.write() as tx:
            # The old version's metadata may stand where the new one's stood already.
            stories.check_again(tx, story.event.id, store.now())
    except Exception as error:
        words = str(error)
        if not isinstance(error, SyndicationError | OSError):
            log.exception("preparing failed", extra={"story": story.event.id})
            words = f"our own fault: {type(error).__name__}, see the log"
        _postpone(store, story, words, _HARD_PAUSE)
    return story.event.id


def _prepare(store: Store, config: Config, story: stories.Story) -> None:
    """Draw, write, freeze. What is wrong with the story alone holds it up for a few tries, and is then left out."""
    event, problems = story.event, list[str]()
    if story.tries > MOST_TRIES:
        return _give_up(store, story)
    last_try = story.tries >= SOFT_TRIES
    files = dict[str, Path | None]()
    for name, file_of in (("photo", photo_of), ("portrait", portrait_of)):
        try:
            files[name] = file_of(event, config, config.photos)
        except (FetchError, PhotoError) as error:
            if isinstance(error, FetchError) and error.again and not last_try:
                return _postpone(store, story, error.message, _SOFT_PAUSE)
            problems.append(f"the card has no {name}: {error.message}")
    photo, portrait = files.get("photo"), files.get("portrait")
    try:
        cards = _draw(config, event, photo, portrait, problems)
    except CardError as error:
        if not last_try:
            return _postpone(store, story, str(error), _SOFT_PAUSE)
        cards = ()
        problems.append(f"there is no card: {error}")
    try:
        write_metadata(config, event, cards)
    except MetadataError as error:
        if not last_try:
            return _postpone(store, story, error.message, _SOFT_PAUSE)
        problems.append(error.message)
    return _freeze(store, story, cards, "; ".join(problems))


def _draw(
    config: Config, event: PublishEvent, photo: Path | None, portrait: Path | None, problems: list[str]
) -> tuple[Card, ...]:
    """The cards; without the photo, and telling it, where that turns out to be damaged."""
    folder = config.at(config.cards.folder)
    try:
        return make_cards(event, config=config, photo=photo, portrait=portrait, folder=folder)
    except PhotoError as error:
        if photo is None and portrait is None:
            raise
        problems.append(f"the card has no photo: {error.message}")
        return make_cards(event, config=config, photo=None, folder=folder)


def _postpone(store: Store, story: stories.Story, problem: str, pause: int) -> None:
    with store.write() as tx:
        now = store.now()
        later = now + min(pause * 2 ** (story.tries - 1), _LONGEST_PAUSE)
        stories.postpone(tx, story, later, problem)
        trail.add(tx, now, story.event.id, "problem", problem)


def _give_up(store: Store, story: stories.Story) -> None:
    problem = f"drawing it was tried {MOST_TRIES} times: {story.problem or 'the workers died of it'}"
    with store.write() as tx:
        now = store.now()
        deliveries.fail_planned(tx, story.event.id, problem, now)
        stories.finish(tx, story, story.cards, problem, now)
        trail.add(tx, now, story.event.id, "problem", problem)


def _freeze(store: Store, story: stories.Story, cards: tuple[Card, ...], problem: str) -> None:
    with store.read() as tx:
        known = {account.name: account for account in accounts.everyone(tx)}
        planned = [d for d in deliveries.of_story(tx, story.event.id) if d.state is State.PLANNED]
    drafts = [(d, draft(story.event, known[d.account], d, cards, store)) for d in planned]
    with store.write() as tx:
        now = store.now()
        stories.get(tx, story.event.id, lock=True)  # first the story, then its posts, as everywhere
        trail.add(tx, now, story.event.id, "drawn", ", ".join(card.file for card in cards))
        if problem:
            trail.add(tx, now, story.event.id, "problem", problem)
        for delivery, frozen in drafts:
            deliveries.freeze(tx, delivery, frozen, now)
        stories.finish(tx, story, cards, problem, now)


def draft(
    event: PublishEvent, account: Account, delivery: Delivery, cards: Sequence[Card], store: Store
) -> Draft:
    """The post of a story for one account, as it will be sent."""
    words = post_text(event, account, delivery.text)
    card = main_card(cards)
    return Draft(
        key=delivery.key,
        text=words,
        link=event.url,
        title=event.headline,
        description=event.summary,
        language=event.language,
        card=card,
        alt=card.alt if card else "",
        # Networks sort by it: one that goes out next week is not to look a week old.
        created=max(moment(store.now()), delivery.due or moment(0)),
    )


def post_text(event: PublishEvent, account: Account, own: str = "") -> str:
    """What a post says: an editor's words, else the event's for this account or network, else the story's."""
    override = own or event.overrides.get(account.name) or event.overrides.get(account.network, "")
    return compose(event, limits=account.limits, override=override)


def main_card(cards: Sequence[Card]) -> Card | None:
    """The wide card: the one that posts carry and pages name."""
    return max(cards, key=lambda card: card.width / card.height, default=None)


def write_metadata(config: Config, event: PublishEvent, cards: Sequence[Card]) -> None:
    """Write a story's tags wherever the config says. Raises MetadataError."""
    table = config.metadata
    if not table.pages and table.fragments is None:
        return
    tags = head_tags(event, cards, brand=config.brand, base_url=config.cards.base_url)
    if table.fragments is not None:
        write_fragments(config.at(table.fragments), event.id, tags)
    if table.pages:
        rewrite_file(page_path(table.pages, event, config.folder), tags)


def photo_of(event: PublishEvent, config: Config, folder: Path) -> Path | None:
    """The story's photo as a file; one with a URL is fetched into `folder`, once for each version of the story.

    Raises FetchError or PhotoError.
    """
    return _file_of(event.image, event, config, folder)


def portrait_of(event: PublishEvent, config: Config, folder: Path) -> Path | None:
    """As `photo_of`, for the portrait of who writes or is quoted."""
    return _file_of(event.card.portrait, event, config, folder)


def _file_of(image: Image | None, event: PublishEvent, config: Config, folder: Path) -> Path | None:
    if image is None:
        return None
    if image.path is not None:
        return folder / image.path
    assert image.url is not None  # noqa: S101 - an image has a path or a URL
    token = hashlib.sha256(f"{image.url}\0{event.version}".encode()).hexdigest()
    known = folder / f"{token}.url"
    if known.exists():
        return known.resolve()
    limits = config.fetch
    fetched = fetch(
        image.url, allow=limits.allow, max_bytes=limits.max_bytes, seconds=limits.seconds, accept="image/*"
    )
    probe_bytes(fetched.body)
    name = keep_file(folder, fetched.body)
    with suppress(FileExistsError):
        known.symlink_to(name)
    return folder / name
