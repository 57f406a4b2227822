"""The first step of a story: what a CMS says becomes rows, in one transaction, before anyone is told "accepted"."""

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from syndication.cards import template_names
from syndication.config import Config
from syndication.errors import EventError, Fault
from syndication.files import keep_file
from syndication.models import OCCASION, Account, Deed, Delivery, Kind, Priority, PublishEvent, State
from syndication.pipeline import plan, times
from syndication.pipeline.hold import stop_held
from syndication.pipeline.routes import Route, route
from syndication.pipeline.times import earliest, expiry, is_old
from syndication.store import NEVER, Store, accounts, deeds, deliveries, milliseconds, moment, stories, trail
from syndication.traces import span


class Verdict(StrEnum):
    """What an event changed."""

    NEW = "new"  # a story we did not know: its posts are planned
    FILED = "filed"  # a change to a story we did not know: drawn, but announced by nobody
    OLD = "old"  # new to us, but too old to be news: drawn, but announced by nobody
    UPDATED = "updated"  # a newer version: what is not out yet is made anew, and what is out follows
    WITHDRAWN = "withdrawn"  # what is not out yet is cancelled, and what is out is removed
    UNCHANGED = "unchanged"  # this version was here before
    OLDER = "older"  # a newer version was here before


class Accepted(NamedTuple):
    """The answer to an event: the story's id, what changed, and whether there is work for the queue now."""

    story: str
    verdict: Verdict
    work: bool


def accept(store: Store, config: Config, event: PublishEvent, *, webhook: str | None = None) -> Accepted:
    """Write down what an event asks for. Once this returns, nothing of it can be lost.

    The same event again changes nothing, and an older one changes nothing; nor does a `webhook` id seen before.
    One that tells no id is of the story that has its URL. Raises EventError if its card's template is none.
    """
    _check_template(config, event)
    event = _keep_photos(config, event)
    with span("accept", event.id, event.revision), store.write() as tx:
        now, event = store.now(), known_by_url(tx, event)
        if webhook and not stories.first_time(tx, webhook, event.id, now):
            return Accepted(event.id, Verdict.UNCHANGED, work=False)
        verdict = _write(tx, config, event, now)
        due = event.embargo is None or milliseconds(event.embargo) <= now
    work = due and verdict in (Verdict.NEW, Verdict.FILED, Verdict.OLD)
    return Accepted(event.id, verdict, work or verdict in (Verdict.UPDATED, Verdict.WITHDRAWN))


def known_by_url(tx: Connection, event: PublishEvent) -> PublishEvent:
    """The event under the id of the story that has its URL, if it tells none itself, as one read from a page."""
    known = stories.get(tx, event.url) if event.id == event.url else None
    return event.model_copy(update={"id": known.event.id}) if known else event


def _check_template(config: Config, event: PublishEvent) -> None:
    name = event.card.template
    if event.kind is Kind.WITHDRAW or not name or name in (known := template_names(config)):
        return  # a takedown is never refused for its looks
    near = get_close_matches(name, known, n=1)
    expected = f"{near[0]}, perhaps" if near else f"one of {', '.join(known)}"
    raise EventError([Fault("card.template", repr(name), expected)])


def _write(tx: Connection, config: Config, event: PublishEvent, now: int) -> Verdict:
    withdraws = event.kind is Kind.WITHDRAW
    due_at = None if withdraws else earliest(event, now)
    if stories.add(tx, event, withdrawn=withdraws, due_at=due_at, now=now):
        _note(tx, event, "withdrawn" if withdraws else "accepted", now)
        if withdraws:
            return Verdict.WITHDRAWN
        if is_old(config, event, now):
            return _file(tx, config, event, now)
        if event.kind is Kind.UPDATE:
            return Verdict.FILED
        _announce(tx, config, event, now)
        stop_held(tx, config, event, now)
        return Verdict.NEW
    old = stories.get(tx, event.id, lock=True)
    assert old is not None  # noqa: S101 - rows of stories are never removed
    if withdraws:
        return take_down(tx, old, event, now)
    if event.version <= old.version:
        return Verdict.UNCHANGED if event.version == old.version else Verdict.OLDER
    _note(tx, event, "updated", now)
    if event.url != old.event.url:
        trail.add(tx, now, event.id, "moved", old.event.url)
    if old.withdrawn and event.kind is Kind.UPDATE:
        # Only a publish brings a story back that was taken down.
        stories.replace(tx, event, withdrawn=True, due_at=now)
        return Verdict.UPDATED
    # At once, also under embargo: what was made of the old version goes out of reach until then.
    stories.replace(tx, event, withdrawn=False, due_at=now)
    if old.withdrawn:
        deeds.stand_again(tx, event.id, now)
    plan_anew(tx, config, event, now, revive=old.withdrawn)
    _announce(tx, config, event, now, old)
    stop_held(tx, config, event, now)
    if due_at is not None and due_at > now:
        _tell_of_embargo(tx, config, event, now)
    return Verdict.UPDATED


def _tell_of_embargo(tx: Connection, config: Config, event: PublishEvent, now: int) -> None:
    """A story comes under embargo that is out, or may be: an editor decides."""
    for post in deliveries.of_story(tx, event.id, lock=True):
        told = post.pending is not None and post.pending.deed is Deed.WITHDRAW
        if post.state not in deeds.FOLLOWS or told:
            continue
        until = times.told(config, event.embargo) if event.embargo else ""
        words = plan.embargoed(until, post.receipt.url if post.receipt else "")
        deeds.ask(tx, post, Deed.WITHDRAW, words, now, lane=Priority.BREAKING.lane, due_at=NEVER)


def _file(tx: Connection, config: Config, event: PublishEvent, now: int) -> Verdict:
    """A story of an archive that we see for the first time: drawn, but announced by an editor's share alone."""
    stories.file(tx, event.id)
    days = f"{config.late.too_old:g} days"
    trail.add(
        tx, now, event.id, "filed", f"published {event.published:%Y-%m-%d}, more than {days} ago: not posted"
    )
    return Verdict.OLD


def take_down(tx: Connection, old: stories.Story, event: PublishEvent, now: int) -> Verdict:
    """A story is withdrawn: what is not out is cancelled, what is out is removed, what was made of it goes away."""
    # A takedown often carries no new time, and is never to be missed: only a revision told as older is too late.
    if "revision" in event.model_fields_set and event.revision < old.event.revision:
        return Verdict.OLDER
    if old.withdrawn:
        return Verdict.UNCHANGED
    version = max(event.version, old.version)
    kept = event.model_copy(update={"revision": version[0], "modified": version[1]})
    _note(tx, event, "withdrawn", now)
    stories.replace(tx, kept, withdrawn=True, due_at=now)
    deliveries.cancel(tx, event.id, "the story was withdrawn", now)
    deeds.withdraw_all(tx, event.id, now)
    return Verdict.WITHDRAWN


def _note(tx: Connection, event: PublishEvent, what: str, now: int) -> None:
    trail.add(tx, now, event.id, what, f"revision {event.revision}: {event.headline}")


class Announcement(NamedTuple):
    """A post that an event calls for. `post` is the row of one that was called off before and never went out."""

    account: Account
    why: str
    post: Delivery | None
    due_at: int
    expires_at: int


def announcements(
    tx: Connection,
    config: Config,
    event: PublishEvent,
    known: Iterable[Account],
    now: int,
    old: stories.Story | None = None,
) -> list[Announcement]:
    """The posts to `known` accounts that an event newly calls for; `old` is its story as it stands, if it is known.

    A story that nobody has announced goes to every account that takes it. One that was announced goes to those that
    take it only now, as its section changed, say: while it is news, and where an earlier change has called it off or
    the event is a `publish`. One that was too old for news when we first saw it goes nowhere.
    """
    if (old and old.old) or is_old(config, event, now):
        return []
    publishes, due_at = event.kind is Kind.PUBLISH, earliest(event, now)
    rows = deliveries.of_story(tx, event.id) if old else []
    posts = {post.account: post for post in rows if post.occasion == OCCASION}
    if old and posts and now >= expiry(config, old.event, earliest(old.event, old.accepted_at)):
        return []  # its first post would have been given up by now
    found = []
    for account in known:
        way, post = route(config, account.name, event, moment(due_at)), posts.get(account.name)
        if not way.takes or not (_called_off(post) if post else publishes):
            continue
        if old and posts and route(config, account.name, old.event, moment(due_at)).takes:
            continue
        found.append(Announcement(account, way.why, post, *_times(config, event, way, due_at)))
    return found


def _called_off(post: Delivery) -> bool:
    """Whether it was cancelled, and not by an editor."""
    return post.state is State.CANCELLED and post.due is not None


def _announce(
    tx: Connection, config: Config, event: PublishEvent, now: int, old: stories.Story | None = None
) -> None:
    """Plan what an event newly calls for; and of a new story, tell to which accounts it does not go."""
    known = accounts.everyone(tx)
    for account, _, post, due_at, expires_at in announcements(tx, config, event, known, now, old):
        if post:
            lane = event.priority.lane
            deliveries.restore(tx, post, now, lane=lane, due_at=due_at, expires_at=expires_at)
        else:
            deliveries.plan(tx, event, account.name, OCCASION, now=now, due_at=due_at, expires_at=expires_at)
    if old is None and (others := _others(config, event, known, now)):
        trail.add(tx, now, event.id, "routed", f"not to {' | '.join(others)}")


def _others(config: Config, event: PublishEvent, known: Iterable[Account], now: int) -> list[str]:
    """The accounts that post by themselves but do not take a story, with the reason."""
    publish = [one for one in known if config.table(one.name).publish]
    ways = [route(config, account.name, event, moment(earliest(event, now))) for account in publish]
    return [f"{way.account}: {way.why}" for way in ways if not way.takes]


def _times(config: Config, event: PublishEvent, way: Route, due_at: int) -> tuple[int, int]:
    """When a post of a story that is due at `due_at` goes to an account, and until when it is worth sending."""
    due_at = milliseconds(way.waits_until) if way.waits_until else due_at
    return due_at, expiry(config, event, due_at)


def plan_anew(tx: Connection, config: Config, event: PublishEvent, now: int, *, revive: bool = False) -> None:
    """What surely is not out of a story is written anew from its newest event; `revive`: also what was cancelled.

    It goes to the accounts that take the story as it is now, at their hours.
    """
    due_at = earliest(event, now)
    expires_at, patience = expiry(config, event, due_at), config.late.patience(event.priority)
    deliveries.replan(
        tx, event, OCCASION, due_at=due_at, expires_at=expires_at, patience=patience, revive=revive
    )
    for post in deliveries.of_story(tx, event.id):
        if post.occasion != OCCASION or post.state not in (State.PLANNED, State.HELD):
            continue
        one = route(config, post.account, event, moment(due_at))
        if not one.takes:
            deliveries.pass_over(tx, post, f"no longer for this account: {one.why}", now)
        elif one.waits_until:
            opens, expires_at = _times(config, event, one, due_at)
            deliveries.put_off(tx, post, "", due_at=opens, expires_at=expires_at)


def _keep_photos(config: Config, event: PublishEvent) -> PublishEvent:
    """Copy photos that came as files into the store's own folder, so that the event can outlive the files."""
    paths = [image.path if image else None for image in (event.image, event.card.portrait)]
    photo, portrait = (path and keep_file(config.photos, Path(path).read_bytes()) for path in paths)
    return event.with_files(photo, portrait)
