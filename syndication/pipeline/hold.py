"""Holds: an editor stops what is about to go out, by topic, section or account, and releases it by choice.

Only posts are held. Cards and metadata are made all the same, as the story's own page is out; and posts that are out
follow their story, as a correction must not wait.
"""

import json
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from sqlalchemy import Connection

from syndication.config import Config
from syndication.errors import InputError
from syndication.models import OCCASION, Delivery, PublishEvent
from syndication.pipeline.times import earliest, expiry
from syndication.store import NEVER, Store, accounts, deliveries, holds, milliseconds, stories
from syndication.store.holds import Held, Hold, Waiting

_RECENT = 200  # stories

SAME_URL = "same-url"
"""What holds the announcement of a story whose address another story has."""


class Choice(NamedTuple):
    """What a hold takes in: stories of that tag and section, for that account; an empty choice takes in everything."""

    topic: str = ""
    section: str = ""
    account: str = ""


class Stopped(NamedTuple):
    """A hold that was put up: how many posts it stopped, and how many may be out already and are asked about."""

    hold: Hold
    stopped: int
    doubtful: int


class Resumed(NamedTuple):
    """What became of a held post: when it goes out (milliseconds), or None if it was dropped."""

    delivery: Delivery
    due_at: int | None


def hold(store: Store, config: Config, choice: Choice, *, why: str = "", until: int | None = None) -> Stopped:
    """Stop every post that the choice takes in: what waits, in this very transaction, and what comes while it stands.

    It ends by itself at `until` (milliseconds). Raises NotFound for an account we do not know, InputError for an
    `until` that is past.
    """
    with store.write() as tx:
        now = store.now()
        if until is not None and until <= now:
            raise InputError("the hold would end before it begins", "Name a later --until, or none.")
        if choice.account:
            accounts.get(tx, choice.account)
        end = NEVER if until is None else until
        made = holds.add(tx, **choice._asdict(), why=why, now=now, until=end)
        found = _taken_in(tx, made)
        sure, doubtful = ([post.id for post in found if post.doubtful is doubt] for doubt in (False, True))
        stopped = holds.stop(tx, sure, made.mark, words_of(made), now, config.late.review_time)
        holds.ask_about(tx, doubtful, words_of(made), now)
        return Stopped(made, stopped, len(doubtful))


def strangers(store: Store, choice: Choice) -> list[str]:
    """What of a choice no recent story has, with the nearest that one has: by a slip a hold would stop nothing."""
    with store.read() as tx:
        events = [one.event for one in stories.newest(tx, _RECENT)]
    told = {
        "topic": [tag for event in events for tag in event.tags],
        "section": [one.section for one in events],
    }
    found = []
    for what, names in told.items():
        known, name = {fold(one): one for one in names if one}, getattr(choice, what)
        if name and fold(name) not in known:
            near = get_close_matches(fold(name), known, n=1)
            found.append(
                f"no recent story has the {what} {name}{f'; {known[near[0]]}, perhaps?' if near else ''}"
            )
    return found


def words_of(one: Hold) -> str:
    """What an editor reads beside a post that a hold stops."""
    return f"hold {one.id}: {one.why}" if one.why else f"hold {one.id}"


def stops(one: Hold, event: PublishEvent, account: str, released_at: int | None = None) -> bool:
    """Whether a hold takes in a post. One that an editor released by name is stopped by newer holds alone."""
    passes = released_at is not None and released_at >= one.began_at
    return not passes and _takes_in(one, event.section, event.tags, account)


def _takes_in(one: Hold, section: str, tags: Sequence[str], account: str) -> bool:
    return (
        one.account in ("", account)
        and (not one.section or fold(one.section) == fold(section))
        and (not one.topic or fold(one.topic) in {fold(tag) for tag in tags})
    )


def fold(name: str) -> str:
    """A topic's or section's name as it is compared: whatever its case, its spaces, or a # before it."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().lstrip("#").split())


def _taken_in(tx: Connection, one: Hold) -> list[Waiting]:
    """The posts waiting that a new hold takes in. Of twenty thousand only what is compared is read."""
    found, told = [], dict[str, tuple[str, list[str]]]()
    for post in holds.waiting(tx):
        if post.story not in told:
            event = json.loads(post.event)
            told[post.story] = event.get("section", ""), event.get("tags", [])
        if _takes_in(one, *told[post.story], post.account):
            found.append(post)
    return found


def stop_held(tx: Connection, config: Config, event: PublishEvent, now: int) -> None:
    """Hold what of a story waits and a standing hold takes in, and what would announce an address a second time.

    Asked after its posts were written, and again as they are frozen, so that none slips by.
    """
    standing, twin = holds.standing(tx), stories.first_at(tx, event.url)
    if not standing and twin in (event.id, None):
        return
    for post in list(holds.waiting(tx, event.id)):
        match = (one for one in standing if stops(one, event, post.account, post.released_at))
        if post.doubtful:
            continue
        if found := next(match, None):
            holds.stop(tx, [post.id], found.mark, words_of(found), now, config.late.review_time)
        elif twin not in (event.id, None) and post.occasion == OCCASION and post.released_at is None:
            words = (
                f"{event.url} is {twin} already; syndicate resume --delivery {post.id} sends it all the same"
            )
            holds.stop(tx, [post.id], SAME_URL, words, now, config.late.review_time)


def standing_for(tx: Connection, delivery: Delivery, event: PublishEvent) -> Hold | None:
    """The hold that stops a post now, if any."""
    released_at = milliseconds(delivery.released) if delivery.released else None
    match = (one for one in holds.standing(tx) if stops(one, event, delivery.account, released_at))
    return next(match, None)


def resume(
    store: Store,
    config: Config,
    *,
    number: int | None = None,
    posts: Sequence[int] = (),
    everything: bool = False,
    every: int | None = None,
    drop: bool = False,
) -> list[Resumed]:
    """End a hold by its number and release what it held; or release these posts; or end and release everything.

    `every`: milliseconds between two of an account, as configured if None; `drop`: they are dropped instead.
    Raises NotFound, or InputError for what is not held.
    """
    pace = config.late.pace if every is None else every
    with store.write() as tx:
        now = store.now()
        if number is not None:
            chosen = _end(tx, holds.get(tx, number), now)
        elif everything:
            chosen = [post for one in holds.standing(tx) for post in _end(tx, one, now)]
            chosen += [post for post in holds.held(tx, lock=True) if post not in chosen]
        else:
            chosen = _named(tx, posts)
        if not drop:
            return _release(tx, config, chosen, now, pace, by_name=number is None)
        words = "an editor dropped it"
        dropped = [one.delivery.id for one in chosen if deliveries.drop(tx, one.delivery, words, now)]
        return [Resumed(deliveries.get(tx, number), None) for number in dropped]


def _end(tx: Connection, one: Hold, now: int) -> list[Held]:
    if not holds.end(tx, one, now):
        raise InputError(f"hold {one.id} has ended already", "`syndicate holds` lists those that stand.")
    return holds.held(tx, one.mark, lock=True)


def _named(tx: Connection, numbers: Sequence[int]) -> list[Held]:
    for number in numbers:
        deliveries.get(tx, number)
    found = {one.delivery.id: one for one in holds.held(tx, lock=True)}
    for number in numbers:
        if number not in found:
            state = deliveries.get(tx, number).state
            raise InputError(
                f"delivery {number} is {state}: it is not held", "`syndicate holds` lists what is."
            )
    return [found[number] for number in dict.fromkeys(numbers)]


def end_over(tx: Connection, config: Config, now: int) -> None:
    """End the holds whose time has come; what they held goes out, spaced, and late if nobody was there to end them."""
    for one in holds.over(tx, now):
        holds.end(tx, one, now)
        held, pace = holds.held(tx, one.mark, lock=True), config.late.pace
        _release(tx, config, held, now, pace, by_name=False, since=one.until_at)


def _release(
    tx: Connection,
    config: Config,
    chosen: Sequence[Held],
    now: int,
    pace: int,
    *,
    by_name: bool,
    since: int | None = None,
) -> list[Resumed]:
    """Let held posts go, one of an account after the other; one that has its time yet to come keeps it.

    They were free `since` then, and are worth sending as long from there on; None: since now.
    """
    resumed, slots, since = [], dict[str, int](), now if since is None else since
    for one in sorted(chosen, key=lambda one: (one.delivery.lane, one.delivery.id)):
        post = one.delivery
        event = stories.need(tx, post.story).event
        slot = slots.get(post.account, since)
        due_at = max(slot, earliest(event, since), milliseconds(post.due) if post.due else 0)
        told = event.model_copy(update={"expires": None}) if by_name else event
        times = {"due_at": due_at, "expires_at": expiry(config, told, due_at)}
        words = "by an editor" if by_name else "its hold ended"
        if holds.release(tx, post, words, now, lane=event.priority.lane, **times, by_name=by_name):
            stories.redraw(tx, post.story, earliest(event, now))
            slots[post.account] = slot + pace if due_at == slot else slot
            resumed.append(Resumed(deliveries.get(tx, post.id), due_at))
    return resumed
