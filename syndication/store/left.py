"""Accounts that were disconnected, and what becomes of the posts that waited for them."""

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from syndication.models import Deed, State
from syndication.store import NEVER, deliveries, trail
from syndication.store.schema import accounts
from syndication.store.schema import deliveries as rows

_WHY = "its account was disconnected"


def leave(tx: Connection, name: str, secret: bytes, now: int) -> None:
    """Disconnect an account: `secret` stands for the one it had. Its row stays for what it has posted."""
    gone = {
        "left_at": now,
        "secret": secret,
        "paused": "",
        "lacks": "",
        "renews": 0,
        "ends_at": None,
        "tend_at": None,
    }
    tx.execute(update(accounts).where(accounts.c.name == name).values(**gone))


def settle(tx: Connection, now: int) -> int:
    """Take what waits for disconnected accounts out of the way, whenever it came there; how many posts were cancelled.

    What surely is not out is cancelled; what may be out, and what was to be done to posts that are, is an editor's.
    """
    names = tx.execute(select(accounts.c.name).where(accounts.c.left_at.is_not(None))).scalars().all()
    if not names:
        return 0
    mine = rows.c.account.in_(names)
    cancelled = _all(tx, and_(mine, deliveries.UNSENT), State.CANCELLED, "cancelled", _WHY, now)
    doubtful = or_(
        rows.c.state == State.UNKNOWN, (rows.c.state == State.READY) & rows.c.intent_at.is_not(None)
    )
    words = f"{_WHY}, so that nobody can ask whether it is there: look, and say so (syndicate resolve)"
    _all(tx, and_(mine, doubtful, rows.c.due_at < NEVER), State.UNKNOWN, "waits", words, now)
    _leave_deeds(tx, and_(mine, rows.c.state == State.SENT, rows.c.deed_due_at < NEVER), now)
    return cancelled


def _all(tx: Connection, which: ColumnElement[bool], state: State, what: str, words: str, now: int) -> int:
    moved = 0
    while some := deliveries.move_all(
        tx, which, state, what, now, lambda _: words, due_at=NEVER, sweeps=True
    ):
        moved += some
    return moved


def _leave_deeds(tx: Connection, which: ColumnElement[bool], now: int) -> None:
    words = f"{_WHY}: change or remove it there by hand"
    tx.execute(update(rows).where(which, rows.c.deed == Deed.LOOK).values(**deliveries.NO_DEED))
    query = select(rows.c.id, rows.c.story, rows.c.deed).where(which)
    for row in tx.execute(query.with_for_update(key_share=True, skip_locked=True)).all():
        values = {"deed_due_at": NEVER, "deed_words": words, "attempt": rows.c.attempt + 1}
        tx.execute(update(rows).where(rows.c.id == row.id).values(**values))
        trail.add(tx, now, row.story, "told", f"{row.deed}: {words}", delivery=row.id)
