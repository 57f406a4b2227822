"""What is stopped before it goes out: holds that editors put up, and posts that are held by these or for other reasons.

A held post keeps its own time in `due_at`; its `expires_at` says until when an editor may release it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, insert, select, text, update

from syndication.errors import NotFound
from syndication.models import Delivery, State
from syndication.store import NEVER, deliveries, trail
from syndication.store.schema import deliveries as rows
from syndication.store.schema import holds, stories

LATE = "late"
"""What holds a post that did not go out in its time, where the config says to ask."""

_AT_ONCE = 500  # values in one statement
_UNSENT = and_(rows.c.state.in_((State.PLANNED, State.READY)), rows.c.intent_at.is_(None))


class Hold(NamedTuple):
    """A hold: what it takes in (an empty choice: everything), and why. `ended_at` is None while it stands."""

    id: int
    topic: str
    section: str
    account: str
    why: str
    began_at: int
    until_at: int
    ended_at: int | None

    @property
    def mark(self) -> str:
        """What it is called in the rows of posts that it holds."""
        return f"hold:{self.id}"


class Waiting(NamedTuple):
    """A post that is not out, with its story's event as the store keeps it; `doubtful`: an earlier try may be out."""

    id: int
    story: str
    account: str
    occasion: str
    released_at: int | None
    doubtful: bool
    event: str


class Held(NamedTuple):
    """A held post: since when, and until when an editor may release it, in milliseconds."""

    delivery: Delivery
    since: int
    until: int


_FACTS = tuple(holds.c[name] for name in Hold._fields)
_STANDING = select(*_FACTS).where(holds.c.ended_at.is_(None)).order_by(holds.c.id)


def add(
    tx: Connection, *, topic: str, section: str, account: str, why: str, now: int, until: int = NEVER
) -> Hold:
    """Put up a hold. On PostgreSQL nobody writes a post from here to the end of the transaction, so none slips by."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("LOCK TABLE deliveries IN EXCLUSIVE MODE"))
    values = {"topic": topic, "section": section, "account": account, "why": why}
    made = tx.execute(insert(holds).values(**values, began_at=now, until_at=until).returning(*_FACTS))
    return Hold(*made.one())


def standing(tx: Connection) -> list[Hold]:
    """The holds that stand, oldest first."""
    return [Hold(*row) for row in tx.execute(_STANDING)]


def get(tx: Connection, number: int) -> Hold:
    """One hold by its number. Raises NotFound."""
    row = tx.execute(select(*_FACTS).where(holds.c.id == number)).first()
    if row is None:
        raise NotFound(f"there is no hold {number}", "`syndicate holds` lists those that stand.")
    return Hold(*row)


def over(tx: Connection, now: int) -> list[Hold]:
    """The holds whose time has come, which nobody else ends meanwhile."""
    due = and_(holds.c.ended_at.is_(None), holds.c.until_at <= now)
    found = tx.execute(select(*_FACTS).where(due).order_by(holds.c.id).with_for_update(skip_locked=True))
    return [Hold(*row) for row in found]


def end(tx: Connection, hold: Hold, now: int) -> bool:
    """End a hold; False if it has ended before."""
    mine = and_(holds.c.id == hold.id, holds.c.ended_at.is_(None))
    return tx.execute(update(holds).where(mine).values(ended_at=now)).rowcount == 1


def waiting(tx: Connection, story: str = "") -> Iterator[Waiting]:
    """The posts that are not out, or only one story's; not those being sent, nor corrections of posts that are out."""
    doubtful = rows.c.intent_at.is_not(None)
    names = ("id", "story", "account", "occasion", "released_at")
    facts = (*(rows.c[name] for name in names), doubtful, stories.c.event)
    query = select(*facts).join(stories, stories.c.id == rows.c.story)
    query = query.where(rows.c.state.in_((State.PLANNED, State.READY)), rows.c.answers.is_(None))
    yield from (Waiting(*row) for row in tx.execute(query.where(rows.c.story == story) if story else query))


def stop(tx: Connection, numbers: Sequence[int], held_for: str, words: str, now: int, review: int) -> int:
    """Hold posts that surely are not out, for `review` milliseconds beyond their time; how many.

    Whoever has claimed one finds that out at the intent.
    """
    stopped = 0
    until = case((rows.c.wanted_at > now, rows.c.wanted_at), else_=now) + review
    values = {"state": State.HELD, "held_for": held_for, "held_at": now, "released_at": None, "reason": words}
    change = update(rows).values(
        **values, due_at=rows.c.wanted_at, expires_at=until, attempt=rows.c.attempt + 1
    )
    for at in range(0, len(numbers), _AT_ONCE):
        mine = change.where(rows.c.id.in_(numbers[at : at + _AT_ONCE]), _UNSENT)
        for row in tx.execute(mine.returning(rows.c.id, rows.c.story)).all():
            trail.add(tx, now, row.story, "held", words, delivery=row.id)
            stopped += 1
    return stopped


def ask_about(tx: Connection, numbers: Sequence[int], words: str, now: int) -> None:
    """Posts of which an earlier try may be out are not sent again; the network is asked where they are."""
    ready = and_(rows.c.state == State.READY, rows.c.intent_at.is_not(None))
    values = {"state": State.UNKNOWN, "due_at": now, "reason": words, "attempt": rows.c.attempt + 1}
    for at in range(0, len(numbers), _AT_ONCE):
        tx.execute(update(rows).where(ready, rows.c.id.in_(numbers[at : at + _AT_ONCE])).values(**values))


def held(tx: Connection, held_for: str = "", *, lock: bool = False) -> list[Held]:
    """The held posts, oldest first; or only those that this holds. With `lock`, their stories change no more."""
    mine = and_(rows.c.state == State.HELD, *([rows.c.held_for == held_for] if held_for else []))
    if lock:
        named = select(rows.c.story).where(mine)
        tx.execute(
            select(stories.c.id)
            .where(stories.c.id.in_(named))
            .order_by(stories.c.id)
            .with_for_update(key_share=True)
        )
    query = select(rows.c.id, rows.c.held_at, rows.c.expires_at).where(mine).order_by(rows.c.id)
    return [Held(deliveries.get(tx, row.id), row.held_at, row.expires_at) for row in tx.execute(query)]


def release(
    tx: Connection,
    delivery: Delivery,
    words: str,
    now: int,
    *,
    lane: int,
    due_at: int,
    expires_at: int,
    by_name: bool,
) -> bool:
    """Held -> planned, to be written anew. False if it is held no more.

    One that an editor released by name (`by_name`) is let pass by what held it, and by every older hold.
    """
    values = {"lane": lane, "due_at": due_at, "wanted_at": due_at, "expires_at": expires_at, "draft": None}
    passes = {"released_at": now} if by_name else {"released_at": None, "held_for": ""}
    fence = {"attempt": delivery.attempt + 1, "reason": ""}
    changed = deliveries.change(tx, delivery, {State.HELD}, state=State.PLANNED, **values, **passes, **fence)
    if changed:
        trail.add(tx, now, delivery.story, "released", words, delivery=delivery.id)
    return changed


def count(tx: Connection) -> int:
    """How many posts are held."""
    return tx.execute(select(func.count()).select_from(rows).where(rows.c.state == State.HELD)).scalar_one()
