"""What a person is told of: one row for each thing, from when it came about until it is mended.

Posts are too many for a row each. One row more says up to which place of the trail they were told of: whatever happened
since to a post that needs a person now is news.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, delete, or_, select, update

from syndication.models import State
from syndication.store import NEVER, insert_new, seals
from syndication.store.schema import deliveries as rows
from syndication.store.schema import notices, trail

_POSTS = "posts"
_BEFORE = 1000  # steps of the trail that are looked back at where nobody was told of posts before
_BY_HAND = and_(rows.c.state == State.SENT, rows.c.deed_due_at == NEVER)
_NEEDS_A_PERSON = or_(
    rows.c.state == State.FAILED,
    and_(rows.c.state == State.UNKNOWN, rows.c.due_at == NEVER),
    # What an editor stopped is no news to them.
    and_(rows.c.state == State.HELD, rows.c.held_for.not_like("hold:%")),
    _BY_HAND,
)


class Needy(NamedTuple):
    """A post that needs a person, in which state, and why."""

    id: int
    story: str
    account: str
    state: State
    reason: str


def know(tx: Connection, troubles: Mapping[str, str], now: int) -> None:
    """Take note of what is wrong now, and forget what is not any more: should it come again it is told again."""
    known = set(tx.execute(select(notices.c.what).where(notices.c.what != _POSTS)).scalars())
    for what in troubles.keys() - known:
        insert_new(tx, notices, what=what, words=troubles[what], since=now, due_at=now)
    if mended := known - troubles.keys():
        tx.execute(delete(notices).where(notices.c.what.in_(mended)))


def take(tx: Connection, now: int, lease: int) -> dict[str, str]:
    """What is to be told now, for `lease` milliseconds: who dies over it leaves it to be told by another."""
    mine = (notices.c.what != _POSTS) & (notices.c.due_at <= now)
    due = select(notices.c.what, notices.c.words).where(mine).order_by(notices.c.since)
    found = {row.what: row.words for row in tx.execute(due.with_for_update(skip_locked=True))}
    tx.execute(update(notices).where(notices.c.what.in_(found)).values(due_at=now + lease))
    return found


def told(tx: Connection, whats: Iterable[str]) -> None:
    """These were told, and are not told again."""
    tx.execute(update(notices).where(notices.c.what.in_(list(whats))).values(due_at=NEVER))


def take_posts(tx: Connection, now: int, lease: int) -> tuple[list[Needy], int]:
    """The posts that came to need a person since the last were told, the oldest first; and the trail's place by now.

    Taken as by `take`. None before the time that `told_posts` was given.
    """
    place, _ = seals.head(tx)
    insert_new(tx, notices, what=_POSTS, words=str(max(0, place - _BEFORE)), since=now, due_at=now)
    mine = notices.c.what == _POSTS
    told = select(notices.c.words).where(mine, notices.c.due_at <= now).with_for_update(skip_locked=True)
    if (after := tx.execute(told).scalar()) is None:
        return [], place
    lately = select(trail.c.delivery).where(trail.c.place > int(after), trail.c.place <= place)
    why = case((_BY_HAND, rows.c.deed_words), else_=rows.c.reason)
    query = select(rows.c.id, rows.c.story, rows.c.account, rows.c.state, why)
    query = query.where(rows.c.id.in_(lately), _NEEDS_A_PERSON).order_by(rows.c.id)
    found = [Needy(*row)._replace(state=State(row.state)) for row in tx.execute(query)]
    values = {"due_at": now + lease} if found else {"words": str(place)}
    tx.execute(update(notices).where(mine).values(**values))
    return found, place


def told_posts(tx: Connection, place: int, until: int) -> None:
    """Posts were told of up to that place of the trail; what comes is gathered until then."""
    tx.execute(update(notices).where(notices.c.what == _POSTS).values(words=str(place), due_at=until))
