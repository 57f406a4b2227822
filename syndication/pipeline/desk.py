"""What editors do by hand: share a story again, and say what became of a post that nobody is sure of."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from syndication.config import Config
from syndication.errors import InputError
from syndication.models import BY_HAND, Account, Delivery, PublishEvent, Receipt, State
from syndication.pipeline.accept import Verdict, take_down
from syndication.pipeline.drafts import post_words
from syndication.pipeline.hold import stop_held
from syndication.pipeline.times import earliest, expiry
from syndication.store import Store, accounts, deeds, deliveries, milliseconds, stories, trail
from syndication.text.prose import tidy


class Shared(NamedTuple):
    """One asked-for post, and whether it is new or was asked for before.

    `cut`: what it will say, where the editor's own words do not fit whole into what its network takes; else empty.
    """

    delivery: Delivery
    fresh: bool
    cut: str


def share(
    store: Store,
    config: Config,
    story_id: str,
    to: Sequence[str],
    *,
    text: str = "",
    at: datetime | None = None,
    label: str = "again",
) -> list[Shared]:
    """Plan posts of a known story to these accounts. The same label again plans nothing and says where it is.

    Raises NotFound for a story or account we do not know, InputError for a withdrawn story.
    """
    with store.write() as tx:
        now = store.now()
        story = stories.need(tx, story_id, lock=True)
        event = story.event
        if story.withdrawn:
            raise InputError(f"{event.id} was withdrawn", "Publish it again in the CMS before sharing it.")
        due_at = max(earliest(event, now), milliseconds(at) if at else 0)
        occasion, shared = f"share:{label}", list[Shared]()
        for name in dict.fromkeys(to):
            account, _ = accounts.get(tx, name)
            expires_at = expiry(config, event.model_copy(update={"expires": None}), due_at)
            fresh = deliveries.plan(
                tx, event, name, occasion, due_at=due_at, expires_at=expires_at, now=now, text=text
            )
            delivery = deliveries.by_key(tx, deliveries.key_of(event.id, name, occasion))
            assert delivery is not None  # noqa: S101 - it was planned now or before
            shared.append(Shared(delivery, fresh, _cut(config, event, account, text) if fresh else ""))
        if any(one.fresh for one in shared):
            stories.redraw(tx, event.id, earliest(event, now))
            trail.add(tx, now, event.id, "shared", f"{label} to {', '.join(to)}")
            stop_held(tx, config, event, now)
        return [one._replace(delivery=deliveries.get(tx, one.delivery.id)) for one in shared]


def _cut(config: Config, event: PublishEvent, account: Account, own: str) -> str:
    """The words of a post that an editor's own do not fit into whole; empty where they do."""
    said = post_words(config, event, account, own=own) if own else ""
    return "" if tidy(own) in said else said


def withdraw(store: Store, story_id: str) -> Verdict:
    """Take a story down, as its CMS would. Doing it again changes nothing. Raises NotFound."""
    with store.write() as tx:
        story = stories.need(tx, story_id, lock=True)
        return take_down(tx, story, story.event, store.now())


def resolve(
    store: Store,
    number: int,
    *,
    posted: str = "",
    retry: bool = False,
    drop: bool = False,
    done: bool = False,
) -> Delivery:
    """An editor's word on a delivery that is unknown or failed: posted at a URL, to be sent, or dropped.

    Or on one that is not out yet: dropped. Or on a post that they were asked to change or remove by hand: done, or
    dropped and left as it is.
    Raises NotFound, or InputError if the delivery is in no such state.
    """
    if sum((bool(posted), retry, drop, done)) != 1:
        raise InputError("say one of: posted (with its URL), not posted, done, drop")
    with store.write() as tx:
        now, delivery = store.now(), deliveries.get(tx, number)
        if done or (drop and delivery.state is State.SENT):
            words = "an editor did it by hand" if done else "an editor leaves it as it is"
            settled = deeds.settled_by_hand(tx, delivery, words, now, done=done)
        elif posted:
            receipt = Receipt(id=posted.rstrip("/").rsplit("/", 1)[-1], url=posted, version=BY_HAND)
            settled = deliveries.resolve(tx, delivery, State.SENT, posted, now, receipt=receipt)
        elif retry:
            settled = _send_again(tx, delivery, now)
        else:
            words = "an editor dropped it"
            settled = deliveries.resolve(tx, delivery, State.CANCELLED, words, now)
            settled = settled or deliveries.drop(tx, delivery, words, now)
        if not settled and delivery.state is State.HELD:
            raise InputError(
                f"delivery {number} is held: {delivery.reason}",
                f"syndicate resume --delivery {number} sends it; with --drop it is dropped.",
            )
        if not settled:
            raise InputError(
                f"delivery {number} is {delivery.state}: there is nothing to resolve",
                "What is unknown or failed waits for an editor, and what no network lets us change or remove."
                " What is not out yet can be dropped.",
            )
        return deliveries.get(tx, number)


def _send_again(tx: Connection, delivery: Delivery, now: int) -> bool:
    """What may be out is sent as it was, under the key that protects it; what failed is written anew."""
    story = stories.need(tx, delivery.story, lock=True)
    if story.withdrawn:
        raise InputError(f"{delivery.story} was withdrawn: it is not sent", "Drop the delivery: --drop.")
    accounts.get(tx, delivery.account)  # NotFound where it was disconnected
    due_at, words = earliest(story.event, now), "an editor looked: it is not there; send it"
    state = State.READY if delivery.state is State.UNKNOWN else State.PLANNED
    done = deliveries.resolve(tx, delivery, state, words, now, due_at=due_at)
    if done and state is State.PLANNED:
        stories.redraw(tx, delivery.story, due_at)
    return done
