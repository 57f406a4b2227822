"""The second step: cards, metadata, and the frozen words of each post. Repeating it is harmless."""

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from syndication.cards import Note, choose_template
from syndication.config import Config
from syndication.errors import (
    CardError,
    CardRefused,
    ClaimLost,
    FetchError,
    MetadataError,
    PhotoError,
    SyndicationError,
)
from syndication.metadata import HeadTags, head_tags, page_path, rewrite_file, write_fragments
from syndication.models import EVERY, Account, Card, Delivery, Draft, Lanes, PublishEvent, Receipt, State
from syndication.networks import network_names
from syndication.pipeline.drafts import draft
from syndication.pipeline.drawing import Drawing, clean_crops, draw
from syndication.pipeline.follow import ask_to_follow
from syndication.pipeline.hold import stop_held
from syndication.pipeline.retract import retract, strip_left_pages
from syndication.pipeline.times import earliest
from syndication.pipeline.writing import Files
from syndication.sources import photo_of, portrait_of
from syndication.store import Store, accounts, deeds, deliveries, insist, moment, overdue, stories, trail
from syndication.traces import span

log = logging.getLogger(__name__)

SOFT_TRIES = 3
"""How often a photo that cannot be fetched, a card that cannot be drawn or a page that is missing holds a story up."""

MOST_TRIES = 20
"""How often a story is taken up, also by workers that died of it, before it is left to a person."""

_FILES_IN_A_ROW = 12  # a row of the trail has room for 2,000 characters

_SOFT_PAUSE = 4_000
_HARD_PAUSE = 15_000
_LONGEST_PAUSE = 600_000


def prepare_next(store: Store, config: Config, lanes: Lanes = EVERY) -> str | None:
    """Prepare the most urgent story of these lanes that is due; its id, or None if none is due."""
    with store.write() as tx:
        story = stories.claim(tx, store.now(), int(config.delivery.lease * 1000), lanes)
    if story is None:
        return None
    try:
        with span("prepare", story.event.id, story.event.revision), Files(config, story.event.id) as files:
            _prepare(store, config, story, files)
    except ClaimLost as lost:
        log.info("story changed meanwhile", extra={"story": story.event.id, "why": lost.message})
        with store.write() as tx:
            # The old version's metadata may stand where the new one's stood already, or where none is to stand.
            now, newest = store.now(), stories.need(tx, story.event.id, lock=True)
            if earliest(newest.event, now) > now:
                stories.redraw(tx, story.event.id, now)
            else:
                stories.check_again(tx, story.event.id, now)
    except KeyboardInterrupt:
        _give_back(store, story)
        raise
    except DBAPIError:
        with suppress(ClaimLost):
            insist(partial(_give_back, store, story))
        raise
    except Exception as error:
        words = str(error)
        if not isinstance(error, SyndicationError | OSError):
            log.exception("preparing failed", extra={"story": story.event.id})
            words = f"our own fault: {type(error).__name__}, see the log"
        _postpone(store, story, words, _HARD_PAUSE)
    return story.event.id


def _prepare(store: Store, config: Config, story: stories.Story, files: Files) -> None:
    """Draw, write, freeze. What is wrong with the story alone holds it up for a few tries, and is then left out."""
    event, problems = story.event, list[str]()
    if story.withdrawn or earliest(event, now := store.now()) > now:
        return _retract(store, config, story, quiet=files.no_writers())
    if story.tries > MOST_TRIES:
        return _give_up(store, story)
    last_try = story.tries >= SOFT_TRIES
    photos = dict[str, Path | None]()
    for name, file_of in (("photo", photo_of), ("portrait", portrait_of)):
        try:
            photos[name] = file_of(event, config, config.photos)
        except (FetchError, PhotoError) as error:
            if isinstance(error, FetchError) and error.again and not last_try:
                return _postpone(store, story, error.message, _SOFT_PAUSE)
            if story.in_bulk:
                return _leave(store, story, error.message)
            problems.append(f"the card has no {name}: {error.message}")
    photo, portrait, note = photos.get("photo"), photos.get("portrait"), _noting(store, story, files)
    try:
        drawing, photo = _draw(store, config, story, photo, portrait, problems, note)
        if story.in_bulk and drawing.own.template != (story.template or choose_template(event, config)):
            return _leave(store, story, "; ".join(drawing.problems))
        problems += drawing.problems
    except CardRefused as error:
        return _leave(store, story, str(error)) if story.in_bulk else _hold(store, story, str(error))
    except CardError as error:
        if not last_try:
            return _postpone(store, story, str(error), _SOFT_PAUSE)
        if story.in_bulk:
            return _leave(store, story, str(error))
        drawing = Drawing()
        problems.append(f"there is no card: {error}")
    crops, why = clean_crops(event, photo, config.at(config.cards.folder), note)
    drawing, failed = drawing._replace(crops=crops), False
    problems += why
    try:
        write_metadata(config, event, drawing.page)
        strip_left_pages(store, config, event)
    except MetadataError as error:
        if not last_try:
            return _postpone(store, story, error.message, _SOFT_PAUSE)
        problems.append(error.message)
        failed = story.in_bulk
    return _freeze(store, config, story, drawing, problems, failed=failed)


def _draw(
    store: Store,
    config: Config,
    story: stories.Story,
    photo: Path | None,
    portrait: Path | None,
    problems: list[str],
    note: Note,
) -> tuple[Drawing, Path | None]:
    """The cards, and the photo; without it, and telling so, where that turns out to be damaged."""
    known, planned, live = _posts(store, story)
    drawn = partial(
        draw,
        story.event,
        [known[delivery.account] for delivery in (*planned, *live)],
        config=config,
        folder=config.at(config.cards.folder),
        template=story.template or None,
        now=moment(store.now()),
        note=note,
    )
    try:
        with span("draw"):
            return drawn(photo=photo, portrait=portrait), photo
    except PhotoError as error:
        if story.in_bulk or (photo is None and portrait is None):
            raise
        problems.append(f"the card has no photo: {error.message}")
        return drawn(photo=None, portrait=None), None


def _noting(store: Store, story: stories.Story, files: Files) -> Note:
    """Files are noted before they are written, so that a withdrawal removes them also where their writer was killed."""

    def note(names: Sequence[str]) -> None:
        files.write()
        with store.write() as tx:
            stories.note_pictures(tx, story, names)

    return note


def _give_back(store: Store, story: stories.Story) -> None:
    """Whoever goes on need not wait for the lease of one who said goodbye, or whose store was away for a moment."""
    with store.write() as tx:
        stories.postpone(tx, story, store.now(), story.problem)


def _postpone(store: Store, story: stories.Story, problem: str, pause: int) -> None:
    with store.write() as tx:
        now = store.now()
        later = now + min(pause * 2 ** (story.tries - 1), _LONGEST_PAUSE)
        stories.postpone(tx, story, later, problem)
        trail.add(tx, now, story.event.id, "problem", problem)


def _give_up(store: Store, story: stories.Story) -> None:
    _hold(
        store, story, f"drawing it was tried {MOST_TRIES} times: {story.problem or 'the workers died of it'}"
    )


def _hold(store: Store, story: stories.Story, problem: str) -> None:
    """Nothing of the story goes out until a person has mended it, or says so with `syndicate resolve`."""
    with store.write() as tx:
        now = store.now()
        stories.lock(tx, story.event.id)
        overdue.fail_planned(tx, story.event.id, problem, now)
        stories.finish(tx, story, story.cards, problem, now, failed=story.in_bulk)
        trail.add(tx, now, story.event.id, "problem", problem)


def _leave(store: Store, story: stories.Story, why: str) -> None:
    """What an archive run cannot draw as well as it was keeps the cards and the metadata that it has."""
    problem = f"not drawn anew: {why}"
    with store.write() as tx:
        now = store.now()
        stories.finish(tx, story, story.cards, problem, now, failed=True)
        trail.add(tx, now, story.event.id, "problem", problem)


def _posts(store: Store, story: stories.Story) -> tuple[dict[str, Account], list[Delivery], list[Delivery]]:
    """Every account by name, the story's posts that wait for words and a card, and those out that are to follow it."""
    with store.read() as tx:
        known = {account.name: account for account in accounts.ever(tx)}
        posts = deliveries.of_story(tx, story.event.id)
    follows = story.revised and not story.in_bulk
    live = [post for post in posts if follows and post.state in deeds.FOLLOWS]
    return known, [post for post in posts if post.state is State.PLANNED], live


def _answered(store: Store, delivery: Delivery) -> Receipt | None:
    """Where the post stands that this one answers."""
    if delivery.answers is None:
        return None
    with store.read() as tx:
        return deliveries.get(tx, delivery.answers).receipt


def _retract(store: Store, config: Config, story: stories.Story, *, quiet: bool) -> None:
    """Nothing of a story that is withdrawn, or under embargo, stays within reach: neither its cards nor its tags.

    Where it is not `quiet`, somebody was drawing it and may yet be killed as a file is written: again, a little later.
    """
    problem = retract(store, config, story) or ("" if quiet else "a worker may still write its files")
    if problem and story.tries <= MOST_TRIES:
        _postpone(store, story, problem, _SOFT_PAUSE)
        return
    with store.write() as tx:
        now = store.now()
        if story.withdrawn:
            stories.finish(tx, story, (), problem, now)
        else:
            stories.wait(tx, story, earliest(story.event, now), problem)
        trail.add(tx, now, story.event.id, "retracted", problem)


def _freeze(
    store: Store,
    config: Config,
    story: stories.Story,
    drawing: Drawing,
    problems: list[str],
    *,
    failed: bool,
) -> None:
    known, planned, live = _posts(store, story)
    drafts, refused = dict[int, Draft](), dict[int, str]()
    for delivery in (*planned, *live):
        # Networks sort by it: one that goes out next week is not to look a week old.
        created = max(moment(store.now()), delivery.due or moment(0))
        account, own = known[delivery.account], delivery.text
        if why := drawing.refusal(config, story.event, account):
            refused[delivery.id] = why
            continue
        cards, answered = drawing.of(config, story.event, account), _answered(store, delivery)
        drafts[delivery.id] = draft(
            config,
            story.event,
            account,
            cards,
            key=delivery.key,
            created=created,
            own=own,
            reply_to=answered,
        )
    problem = "; ".join([*problems, *_unheard(story.event, known)])
    followed = not story.in_bulk and not any(post.id in refused for post in live)
    with store.write() as tx:
        now = store.now()
        stories.lock(tx, story.event.id)
        _tell_drawn(tx, story, drawing, now)
        if problem:
            trail.add(tx, now, story.event.id, "problem", problem)
        new = {post.id: drafts[post.id] for post in live if post.id in drafts}
        ask_to_follow(tx, config, story.event, known, new, now)
        for delivery in planned:
            if delivery.id in refused:
                overdue.fail_planned(tx, story.event.id, refused[delivery.id], now, only=delivery.id)
            else:
                deliveries.freeze(tx, delivery, drafts[delivery.id], now)
        stop_held(tx, config, story.event, now)
        stories.finish(tx, story, drawing.everything, problem, now, failed=failed, followed=followed)


def _tell_drawn(tx: Connection, story: stories.Story, drawing: Drawing, now: int) -> None:
    files = list(dict.fromkeys(card.file for card in drawing.everything))
    for at in range(0, max(len(files), 1), _FILES_IN_A_ROW):
        trail.add(tx, now, story.event.id, "drawn", ", ".join(files[at : at + _FILES_IN_A_ROW]))


def _unheard(event: PublishEvent, connected: Collection[str]) -> list[str]:
    """What is wrong with the names that an event has own words for: nobody would ever say them."""
    strangers = [name for name in event.overrides if name not in connected]
    known = {*connected, *network_names()} if strangers else set()
    words = []
    for name in strangers:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; {near[0]}, perhaps" if near else ""
            words.append(f"overrides: no account or network is called {name}{hint}")
    return words


def tags_of(config: Config, event: PublishEvent, cards: Sequence[Card]) -> HeadTags:
    """What belongs into the head of the story's page."""
    choice = config.metadata.image
    return head_tags(event, cards, brand=config.brand, base_url=config.cards.base_url, image=choice)


def write_metadata(config: Config, event: PublishEvent, cards: Sequence[Card]) -> None:
    """Write a story's tags wherever the config says. Raises MetadataError."""
    table = config.metadata
    if not table.pages and table.fragments is None:
        return
    tags = tags_of(config, event, cards)
    if table.fragments is not None:
        write_fragments(config.at(table.fragments), event.id, tags)
    if table.pages:
        rewrite_file(page_path(table.pages, event, config.folder), tags)
