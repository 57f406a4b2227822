"""What would become of a story's posts, told before it happens. Nothing is changed by asking."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from syndication.config import Config
from syndication.errors import InputError
from syndication.models import OCCASION, Account, Deed, Delivery, Kind, PublishEvent, State
from syndication.pipeline import plan, times
from syndication.pipeline.accept import Announcement, announcements, known_by_url
from syndication.pipeline.drafts import draft, network_of
from syndication.pipeline.drawing import Drawing, draw
from syndication.pipeline.follow import policy
from syndication.pipeline.routes import route
from syndication.pipeline.times import earliest
from syndication.sources import photo_of, portrait_of
from syndication.store import Store, accounts, deeds, deliveries, moment, stories


class Step(StrEnum):
    """What is done to a post next."""

    NOTHING = "nothing"
    SEND = "send"  # it is not out yet, and goes out
    HOLD = "hold"  # it is not out yet, and waits for an editor's word
    ANEW = "anew"  # it is not out yet, and is written anew before it goes out
    CANCEL = "cancel"  # it is not out yet, and stays in
    EDIT = "edit"
    REPLY = "reply"  # answered by a post that says what is new
    REPOST = "repost"  # removed, then posted again
    WITHDRAW = "withdraw"
    TELL = "tell"  # an editor does it by hand


class Outlook(NamedTuple):
    """What becomes of one post: the step, what of it readers see changed, and in words what else is to be said."""

    delivery: Delivery
    step: Step
    changed: tuple[str, ...] = ()
    words: str = ""


def foresee(store: Store, config: Config, story_id: str, event: PublishEvent | None = None) -> list[Outlook]:
    """What becomes of each post of a story, as its row says; or would, if `event` came now.

    The cards of an event that is not drawn yet are drawn in a folder of their own, so that a new picture is known for
    one. Raises NotFound, InputError for another story's event, and what drawing raises.
    """
    with store.read() as tx:
        story = stories.need(tx, story_id)
        event = known_by_url(tx, event) if event else None
        posts = deliveries.of_story(tx, story.event.id)
        known = {account.name: account for account in accounts.ever(tx)}
    if event and event.id != story.event.id:
        raise InputError(f"the event is of another story: {event.id}", f"Asked for was {story.event.id}.")
    takedown = event is not None and event.kind is Kind.WITHDRAW
    if (event and not takedown and event.version <= story.version) or (takedown and story.withdrawn):
        event = None  # it was here before, and changes nothing
    if event is not None and takedown:
        return [_removal(post, known[post.account]) for post in posts]
    now = store.now()
    waits = story.withdrawn or not story.revised or earliest(story.event, now) > now
    if event is None and waits:
        return [_pending(post, known[post.account]) for post in posts]
    if event is not None and story.withdrawn and event.kind is Kind.UPDATE:
        return [_pending(post, known[post.account]) for post in posts]
    with store.read() as tx:
        connected = accounts.everyone(tx)
        gained = announcements(tx, config, event, connected, now, story) if event else []
    live = [post for post in posts if post.draft and post.state in deeds.FOLLOWS]
    told = event or story.event
    with TemporaryDirectory(prefix="syndicate-plan-") as folder:
        photos = Path(folder) if event else config.photos
        drawing = Drawing()
        if live:
            drawing = draw(
                told,
                [known[post.account] for post in posts],
                config=config,
                photo=photo_of(told, config, photos),
                portrait=portrait_of(told, config, photos),
                folder=Path(folder),
                template=None if event else story.template or None,
                now=moment(now),
            )
    called_off = {one.post.id: one for one in gained if one.post}
    due = moment(earliest(told, now))
    found = list[Outlook]()
    for post in posts:
        if again := called_off.get(post.id):
            found.append(Outlook(post, Step.SEND, words=again.why))
        elif event and _is_lost(config, event, post, due):
            why = route(config, post.account, event, due).why
            found.append(Outlook(post, Step.CANCEL, words=f"no longer for this account: {why}"))
        elif due > moment(now) and post.state in deeds.FOLLOWS and not _is_unsent(post):
            words = plan.embargoed(times.told(config, due), post.receipt.url if post.receipt else "")
            found.append(Outlook(post, Step.TELL, words=words))
        else:
            found.append(_change(config, told, post, known[post.account], drawing))
    return [*found, *(_first(told, one) for one in gained if one.post is None)]


def _is_lost(config: Config, event: PublishEvent, post: Delivery, due: datetime) -> bool:
    """Whether an announcement that is not out is no longer for its account, as its story is by now."""
    return (
        _is_unsent(post) and post.occasion == OCCASION and not route(config, post.account, event, due).takes
    )


def _is_unsent(post: Delivery) -> bool:
    return post.state in (State.PLANNED, State.HELD) or (post.state is State.READY and not post.pending)


def _first(event: PublishEvent, one: Announcement) -> Outlook:
    """A post that there is no row of yet; its number is 0."""
    name = one.account.name
    post = Delivery(
        id=0,
        key=deliveries.key_of(event.id, name, OCCASION),
        story=event.id,
        account=name,
        occasion=OCCASION,
        lane=event.priority.lane,
        state=State.PLANNED,
        due=moment(one.due_at),
        attempt=0,
        draft=None,
        text="",
        receipt=None,
        reason="",
    )
    return Outlook(post, Step.SEND, words=one.why)


def _change(
    config: Config, event: PublishEvent, post: Delivery, account: Account, drawing: Drawing
) -> Outlook:
    """What a story that says something new makes of one of its posts."""
    if post.state is State.HELD:
        return Outlook(post, Step.HOLD, words=post.reason)
    if why := drawing.refusal(config, event, account):
        return Outlook(post, Step.NOTHING, words=why)
    if post.state is State.PLANNED or (post.state is State.READY and not post.pending):
        return Outlook(post, Step.ANEW)
    if post.draft is None or post.state not in deeds.FOLLOWS or post.answers:
        return Outlook(post, Step.NOTHING)
    cards = drawing.of(config, event, account)
    new = draft(config, event, account, cards, key=post.key, created=post.draft.created, own=post.text)
    network = network_of(account)
    move = plan.move(post.draft, new, network, policy(config, account.name), deeds.begun(post))
    if move.deed is None:
        return Outlook(post, Step.NOTHING, words="" if post.state is State.SENT else _FIRST)
    url = post.receipt.url if post.receipt else ""
    words = plan.told(network, move.left, url) if move.left else ""
    if post.state is not State.SENT:
        words = f"{_FIRST}; {words}" if words else _FIRST
    return Outlook(post, Step.TELL if move.tell else Step(move.deed.value), move.changed, words)


_FIRST = "once it is known whether it is out"


def _removal(post: Delivery, account: Account) -> Outlook:
    """What a takedown makes of a post."""
    if _is_unsent(post):
        return Outlook(post, Step.CANCEL)
    if post.state not in deeds.FOLLOWS:
        return Outlook(post, Step.NOTHING)
    if plan.can_withdraw(network_of(account)):
        return Outlook(post, Step.WITHDRAW, words="" if post.state is State.SENT else _FIRST)
    return Outlook(post, Step.TELL, words=plan.by_hand("remove it there", _url(post)))


def _pending(post: Delivery, account: Account) -> Outlook:
    """What a post waits for by now."""
    pending = post.pending
    if post.state is State.HELD:
        return Outlook(post, Step.HOLD, words=post.reason)
    if pending is None:
        return Outlook(post, Step.SEND if post.state in (State.PLANNED, State.READY) else Step.NOTHING)
    changed: tuple[str, ...] = ()
    if pending.deed is not Deed.WITHDRAW and post.draft and pending.draft:
        changed = plan.changes(post.draft, pending.draft, network_of(account))
    first = "" if post.state is State.SENT else _FIRST
    if pending.due is None:
        return Outlook(post, Step.TELL, changed, pending.words)
    return Outlook(post, Step(pending.deed.value), changed, first)


def _url(post: Delivery) -> str:
    return post.receipt.url if post.receipt else "not known yet"
