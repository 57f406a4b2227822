"""The trail as a chain: each row's seal covers the row and the seal before it, so that a changed row shows.

Rows are sealed by the sweep, in the order in which it finds them: whoever writes a row waits for no one. What is old
moves into files (`archives`) from the front of the chain; the seal of the last row that went keeps it whole.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from syndication.store.schema import archives, trail

_LOCK_KEY = 0x7365616C  # a number of our own, for PostgreSQL's advisory lock: one sealer at a time
_AT_ONCE = 1000


class Row(NamedTuple):
    """A row of the trail with its place in the chain (from 1), its seal and the seal before: hex SHA-256."""

    place: int
    before: str
    seal: str
    id: int
    at: int
    story: str
    delivery: int | None
    attempt: int | None
    what: str
    status: int | None
    words: str

    @property
    def is_whole(self) -> bool:
        """Whether the row is what was sealed."""
        return self.seal == _seal(self.before, self[3:])


class Archive(NamedTuple):
    """A file of old rows: its name, its first and last place, the last row's seal; and what its rows are older than."""

    file: str
    first: int
    last: int
    seal: str
    until: int


_FACTS = tuple(trail.c[name] for name in Row._fields[3:])


def seal_new(tx: Connection, most: int = 2000) -> int:
    """Seal rows that are not yet; how many. None while another process is at it."""
    fresh = select(*_FACTS).where(trail.c.place.is_(None)).order_by(trail.c.id).limit(most)
    if tx.dialect.name == "postgresql":
        mine = tx.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK_KEY}).scalar_one()
        if not mine:
            return 0
    place, seal = head(tx)
    sealed = []
    for facts in tx.execute(fresh).all():
        place, seal = place + 1, _seal(seal, tuple(facts))
        sealed.append({"row": facts.id, "place": place, "seal": seal})
    if sealed:
        tx.execute(
            update(trail)
            .where(trail.c.id == bindparam("row"))
            .values(place=bindparam("place"), seal=bindparam("seal")),
            sealed,
        )
    return len(sealed)


def unsealed(tx: Connection) -> int:
    """How many rows wait for the next sweep to be sealed."""
    return tx.execute(select(func.count()).select_from(trail).where(trail.c.place.is_(None))).scalar_one()


def head(tx: Connection) -> tuple[int, str]:
    """The chain's last place and its seal; 0 and none before the first row."""
    last = tx.execute(
        select(trail.c.place, trail.c.seal)
        .where(trail.c.place.is_not(None))
        .order_by(trail.c.place.desc())
        .limit(1)
    ).first()
    return (last.place, last.seal) if last else base(tx)


def base(tx: Connection) -> tuple[int, str]:
    """The place and the seal of the last row that moved into a file; 0 and none if all are here."""
    kept = every_archive(tx)
    return (kept[-1].last, kept[-1].seal) if kept else (0, "")


def every_archive(tx: Connection) -> list[Archive]:
    """The files of old rows, oldest first."""
    columns = (archives.c[name] for name in Archive._fields)
    return [Archive(*row) for row in tx.execute(select(*columns).order_by(archives.c.last))]


def rows(tx: Connection, *, after: int = 0, until: int | None = None) -> Iterator[Row]:
    """The sealed rows from behind a place on, up to a place, in their order; those in files are not among them."""
    place, seal = base(tx)
    if after > place:
        place = after
        seal = tx.execute(select(trail.c.seal).where(trail.c.place == after)).scalar() or ""
    while True:
        query = select(trail.c.place, trail.c.seal, *_FACTS).where(trail.c.place > place)
        if until is not None:
            query = query.where(trail.c.place <= until)
        some = tx.execute(query.order_by(trail.c.place).limit(_AT_ONCE)).all()
        for own, sealed, *facts in some:
            yield Row(own, seal, sealed, *facts)
            place, seal = own, sealed
        if len(some) < _AT_ONCE:
            return


def of_story(tx: Connection, story: str) -> Iterator[Row]:
    """A story's sealed rows, each with the seal before it."""
    query = select(trail.c.place, trail.c.seal, *_FACTS).where(trail.c.story == story)
    gone = dict([base(tx)])
    for place, seal, *facts in tx.execute(query.where(trail.c.place.is_not(None)).order_by(trail.c.place)):
        last = tx.execute(select(trail.c.seal).where(trail.c.place == place - 1)).scalar()
        yield Row(place, last or gone.get(place - 1, ""), seal, *facts)


def last_before(tx: Connection, moment: int) -> int:
    """The last place up to which every row is older than a moment."""
    fresh = select(trail.c.place).where(trail.c.place.is_not(None), trail.c.at >= moment)
    first = tx.execute(fresh.order_by(trail.c.place).limit(1)).scalar()
    return head(tx)[0] if first is None else first - 1


def note_archive(tx: Connection, archive: Archive) -> None:
    """Rows are safe in a file: from now on the chain begins behind them."""
    tx.execute(insert(archives).values(**archive._asdict()))


def drop_archived(tx: Connection) -> int:
    """Remove some of the rows that are in files; how many. To be called until none is left."""
    some = select(trail.c.id).where(trail.c.place <= base(tx)[0]).limit(_AT_ONCE)
    return tx.execute(delete(trail).where(trail.c.id.in_(some.scalar_subquery()))).rowcount


def _seal(before: str, facts: tuple[object, ...]) -> str:
    row = json.dumps([before, *facts], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(row.encode()).hexdigest()
