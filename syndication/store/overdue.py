"""What is overdue: doubts that nobody settles, and posts that are no longer worth sending."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select

from syndication.models import State
from syndication.store import NEVER, accounts
from syndication.store.deliveries import move_all
from syndication.store.schema import deliveries as rows
from syndication.store.schema import stories

TOO_LATE = "not sent in its time"


def doubt_expired(tx: Connection, now: int) -> int:
    """Whoever was sending and never came back: sending -> unknown, to be settled at once. How many."""
    late = and_(rows.c.state == State.SENDING, rows.c.due_at <= now)
    words = "the worker that was sending it never came back"
    # The attempt stays: the worker may still come back with the answer, until another has asked.
    return move_all(
        tx, late, State.UNKNOWN, "unknown", now, lambda _: words, due_at=now, fence=0, sweeps=True
    )


def give_up_expired(tx: Connection, now: int) -> int:
    """What surely never went out in its time is given up, with the last reason. How many."""
    paused = accounts.paused(tx)

    def last_word(row: RowMapping) -> str:
        return row["reason"] or paused.get(row["account"], "")

    return _give_up(tx, _late(now), TOO_LATE, now, last_word, sweeps=True)


def _late(now: int) -> ColumnElement[bool]:
    waiting = rows.c.state.in_((State.PLANNED, State.READY))
    unsent = or_(rows.c.state == State.PLANNED, rows.c.intent_at.is_(None))
    return and_(waiting, rows.c.expires_at <= now, unsent)


class Expired(NamedTuple):
    """A post that surely did not go out in its time: why, and its story's event as the store keeps it."""

    id: int
    reason: str
    event: str


def expired(tx: Connection, now: int) -> list[Expired]:
    """Up to 500 posts that surely did not go out in their time."""
    paused = accounts.paused(tx)
    query = select(rows, stories.c.event).join(stories, stories.c.id == rows.c.story)
    query = query.where(_late(now)).order_by(rows.c.id).limit(500)
    found = tx.execute(query.with_for_update(of=rows, key_share=True, skip_locked=True)).mappings()
    return [
        Expired(row["id"], row["reason"] or paused.get(row["account"], ""), row["event"]) for row in found
    ]


def give_up_held(tx: Connection, now: int) -> int:
    """What was held, and nobody released in time, is given up. How many."""
    unseen = and_(rows.c.state == State.HELD, rows.c.expires_at <= now)
    why = "held, and nobody released it in time"
    return _give_up(tx, unseen, why, now, lambda row: str(row["reason"]), sweeps=True)


def fail_planned(tx: Connection, story: str, why: str, now: int, only: int | None = None) -> int:
    """A story that cannot be drawn: its planned posts are given up; how many. The caller has locked the story.

    `only` the post of that number, where it is its card alone.
    """
    planned = and_(rows.c.story == story, rows.c.state == State.PLANNED)
    planned = planned if only is None else and_(planned, rows.c.id == only)
    return _give_up(tx, planned, why, now, lambda row: str(row["reason"]))


def _give_up(
    tx: Connection,
    which: ColumnElement[bool],
    why: str,
    now: int,
    reason: Callable[[RowMapping], str],
    *,
    sweeps: bool = False,
) -> int:
    def words(row: RowMapping) -> str:
        return f"{why}: {last}" if (last := reason(row)) else why

    return move_all(tx, which, State.FAILED, "given_up", now, words, due_at=NEVER, sweeps=sweeps)
