"""What would become of a story's posts, told before it happens. Nothing is changed by asking."""

from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from syndication.cards.policy import checked_cards
from syndication.config import Config
from syndication.errors import InputError
from syndication.models import Account, Card, Deed, Delivery, Kind, PublishEvent, State
from syndication.pipeline import plan
from syndication.pipeline.drafts import draft, network_of, sizes_for
from syndication.pipeline.follow import policy
from syndication.pipeline.pictures import photo_of, portrait_of
from syndication.store import Store, accounts, deeds, deliveries, moment, stories


class Step(StrEnum):
    """What is done to a post next."""

    NOTHING = "nothing"
    SEND = "send"  # it is not out yet, and goes out
    ANEW = "anew"  # it is not out yet, and is written anew before it goes out
    CANCEL = "cancel"  # it is not out yet, and stays in
    EDIT = "edit"
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
        posts = deliveries.of_story(tx, story.event.id)
        known = {account.name: account for account in accounts.everyone(tx)}
    if event and event.id != story.event.id:
        raise InputError(f"the event is of another story: {event.id}", f"Asked for was {story.event.id}.")
    takedown = event is not None and event.kind is Kind.WITHDRAW
    if (event and not takedown and event.version <= story.version) or (takedown and story.withdrawn):
        event = None  # it was here before, and changes nothing
    if event is not None and takedown:
        return [_removal(post, known[post.account]) for post in posts]
    if event is None and (story.withdrawn or not story.revised):
        return [_pending(post, known[post.account]) for post in posts]
    if event is not None and story.withdrawn and event.kind is Kind.UPDATE:
        return [_pending(post, known[post.account]) for post in posts]
    live = [post for post in posts if post.draft and post.state in deeds.FOLLOWS]
    told = event or story.event
    with TemporaryDirectory(prefix="syndicate-plan-") as folder:
        photos = Path(folder) if event else config.photos
        sizes = sizes_for(known[post.account] for post in posts)
        template = None if event else story.template or None
        now = moment(store.now())
        cards = _cards(config, told, photos, Path(folder), sizes, template, now) if live else ()
    return [_change(config, told, post, known[post.account], cards) for post in posts]


def _cards(
    config: Config,
    event: PublishEvent,
    photos: Path,
    folder: Path,
    sizes: tuple[tuple[int, int], ...],
    template: str | None,
    now: datetime,
) -> tuple[Card, ...]:
    draw = partial(
        checked_cards, event, config=config, folder=folder, sizes=sizes, template=template, now=now
    )
    return draw(photo=photo_of(event, config, photos), portrait=portrait_of(event, config, photos)).cards


def _change(
    config: Config, event: PublishEvent, post: Delivery, account: Account, cards: tuple[Card, ...]
) -> Outlook:
    """What a story that says something new makes of one of its posts."""
    if post.state is State.PLANNED or (post.state is State.READY and not post.pending):
        return Outlook(post, Step.ANEW)
    if post.draft is None or post.state not in deeds.FOLLOWS:
        return Outlook(post, Step.NOTHING)
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
    if post.state is State.PLANNED or (post.state is State.READY and not post.pending):
        return Outlook(post, Step.CANCEL)
    if post.state not in deeds.FOLLOWS:
        return Outlook(post, Step.NOTHING)
    if plan.can_withdraw(network_of(account)):
        return Outlook(post, Step.WITHDRAW, words="" if post.state is State.SENT else _FIRST)
    return Outlook(post, Step.TELL, words=plan.by_hand("remove it there", _url(post)))


def _pending(post: Delivery, account: Account) -> Outlook:
    """What a post waits for by now."""
    pending = post.pending
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
