"""Signs of life: when a part of the house last said that it is at work."""

from sqlalchemy import Connection, func, select, update

from syndication.store import insert_new
from syndication.store.schema import pulses

EVERY = 20_000
"""Milliseconds between two signs."""


def beat(tx: Connection, part: str, host: str, now: int) -> None:
    """Say that a part is at work on a host; written only if the last sign is old."""
    if insert_new(tx, pulses, part=part, host=host, at=now):
        return
    mine = (pulses.c.part == part) & (pulses.c.host == host)
    # Also one from a time to come: the clock was set back.
    stale = (pulses.c.at <= now - EVERY) | (pulses.c.at > now)
    tx.execute(update(pulses).where(mine, stale).values(at=now))


def newest(tx: Connection, part: str) -> int | None:
    """When a part last gave a sign of life on any host."""
    return tx.execute(select(func.max(pulses.c.at)).where(pulses.c.part == part)).scalar()


def ahead(tx: Connection, part: str, of: int) -> dict[str, int]:
    """The hosts whose last sign of life is from a time to come, later than `of`; and that time, in milliseconds."""
    mine = (pulses.c.part == part) & (pulses.c.at > of)
    return {row.host: row.at for row in tx.execute(select(pulses.c.host, pulses.c.at).where(mine))}
