"""The clock that leases and schedules are measured by, watched: a machine's clock can be set wrong, and right again.

The sweep notes the time it sees, for each machine. Where time goes back, what was due already, and what a worker had
taken or put off by the old clock, is brought back as far; else it would sleep for as long. Where time leaps ahead,
those who are sending keep the rest of their lease; else another would ask for a post that is on its way.
"""

import socket
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Select, Table, case, select, update

from syndication.models import PublishEvent, State
from syndication.store import NEVER, insert_new, milliseconds
from syndication.store.schema import accounts, clock, deliveries, notices, rates, stories

TOLERANCE = 30_000
"""Milliseconds that a clock may be put right by, and that nobody misses."""

_STEP = 10_000  # how often the time is noted, so that an idle store is not written to all the time
_OPEN = (State.PLANNED, State.READY, State.SENDING, State.UNKNOWN)


def watch(tx: Connection, now: int, elapsed: int | None) -> int:
    """Note the time; where it is not what it must be, keep the rows right. By how much it jumped, else 0.

    `elapsed` is the caller's true time since it last asked, by a clock that nobody sets; None: it never did.
    """
    mine = clock.c.id == (number := _clock_of(tx))
    insert_new(tx, clock, id=number, seen_at=now)
    seen = tx.execute(select(clock.c.seen_at).where(mine).with_for_update()).scalar_one()
    jump = 0
    if now < seen - TOLERANCE:
        jump = now - seen
        _brought_back(tx, now, seen)
    elif elapsed is not None and now > seen + _STEP + elapsed + TOLERANCE:
        jump = now - seen - elapsed
        sending = (deliveries.c.state == State.SENDING) & (deliveries.c.due_at > seen)
        tx.execute(update(deliveries).where(sending).values(due_at=deliveries.c.due_at + jump))
    if jump or now >= seen + _STEP:
        tx.execute(update(clock).where(mine).values(seen_at=now))
    return jump


def _clock_of(tx: Connection) -> int:
    """The row of this machine's clock: another's that is ahead is no jump of ours. SQLite is on one machine alone."""
    return 1 if tx.dialect.name == "sqlite" else crc32(socket.gethostname().encode()) >> 1


def _brought_back(tx: Connection, now: int, seen: int) -> None:
    """The clock says `now` again after it said `seen`. What an embargo or a schedule holds keeps its time."""
    back = seen - now
    # First the stories, then their mailboxes and posts, as everywhere.
    _rows_earlier(tx, stories, select(stories), now, back)
    mailboxes = accounts.c.due_at, accounts.c.paced_until
    for column in (*mailboxes, rates.c.resets_at, deliveries.c.deed_due_at, notices.c.due_at):
        asleep = (column > now) & (column < NEVER)
        less = case((column - back > now, column - back), else_=now)
        tx.execute(update(column.table).where(asleep).values({column.name: less}))
    open_posts = deliveries.c.state.in_(_OPEN)
    # A key that the network forgets after an hour is not to be trusted for longer.
    since = deliveries.c.intent_at - back
    tx.execute(update(deliveries).where(open_posts, since.is_not(None)).values(intent_at=since))
    posts = select(deliveries.c.id, deliveries.c.due_at, stories.c.event).join(stories)
    _rows_earlier(tx, deliveries, posts.where(open_posts, deliveries.c.wanted_at <= seen), now, back)


def _rows_earlier(tx: Connection, table: Table, rows: Select[Any], now: int, back: int) -> None:
    for row in tx.execute(rows.where(table.c.due_at > now, table.c.due_at < NEVER)).all():
        same = (table.c.id == row.id) & (table.c.due_at == row.due_at)
        sooner = max(row.due_at - back, _embargo(row.event, now))
        tx.execute(update(table).where(same).values(due_at=min(row.due_at, sooner)))


def _embargo(event: str, now: int) -> int:
    embargo = PublishEvent.model_validate_json(event).embargo
    return max(now, milliseconds(embargo)) if embargo else now
