"""What a person is told of: one row for each thing, from when it came about until it is mended."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select, update

from syndication.store import NEVER, insert_new
from syndication.store.schema import notices


def know(tx: Connection, troubles: Mapping[str, str], now: int) -> None:
    """Take note of what is wrong now, and forget what is not any more: should it come again it is told again."""
    known = set(tx.execute(select(notices.c.what)).scalars())
    for what in troubles.keys() - known:
        insert_new(tx, notices, what=what, words=troubles[what], since=now, due_at=now)
    if mended := known - troubles.keys():
        tx.execute(delete(notices).where(notices.c.what.in_(mended)))


def take(tx: Connection, now: int, lease: int) -> dict[str, str]:
    """What is to be told now, for `lease` milliseconds: who dies over it leaves it to be told by another."""
    due = select(notices.c.what, notices.c.words).where(notices.c.due_at <= now).order_by(notices.c.since)
    found = {row.what: row.words for row in tx.execute(due.with_for_update(skip_locked=True))}
    tx.execute(update(notices).where(notices.c.what.in_(found)).values(due_at=now + lease))
    return found


def told(tx: Connection, whats: Iterable[str]) -> None:
    """These were told, and are not told again."""
    tx.execute(update(notices).where(notices.c.what.in_(list(whats))).values(due_at=NEVER))
