"""What was posted and what it cost, by account and day. Counted in the transaction of a post's intent."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from syndication.store import upsert
from syndication.store.schema import spending


class Spent(NamedTuple):
    """How much in some days: posts, calls, and millionths of a US dollar."""

    posts: int = 0
    calls: int = 0
    micros: int = 0


def add(tx: Connection, account: str, day: str, what: Spent) -> None:
    """Count something more, or less, on a day such as 2026-11-23."""
    upsert(tx, spending, {"account": account, "day": day}, what._asdict(), adds=True)


def since(tx: Connection, day: str, account: str | None = None) -> Spent:
    """How much an account (None: all of them) has spent from that day on."""
    sums = (func.coalesce(func.sum(spending.c[name]), 0) for name in Spent._fields)
    query = select(*sums).where(spending.c.day >= day)
    query = query if account is None else query.where(spending.c.account == account)
    return Spent(*map(int, tx.execute(query).one()))
