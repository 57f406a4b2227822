"""What happened to a story, in order: rows are added and never changed."""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from syndication.store.prepared import run
from syndication.store.schema import trail

_ADD = insert(trail)

# What the rows are called. Part of the record: never rename.
WHAT = frozenset(
    """accepted updated withdrawn planned held shared drawn problem frozen intent sent not_sent refused unauthorized
    unknown found not_found again waits resolved cancelled given_up
    follows edited answered removed told not_done retracted routed later filed released moved unready looked""".split()
)


class Step(NamedTuple):
    """One row: when (milliseconds), which delivery and attempt if any, what, the HTTP status, in whose words."""

    at: int
    delivery: int | None
    attempt: int | None
    what: str
    status: int | None
    words: str


def add(
    tx: Connection,
    at: int,
    story: str,
    what: str,
    words: str = "",
    *,
    delivery: int | None = None,
    attempt: int | None = None,
    status: int | None = None,
) -> None:
    """Write one step down."""
    if what not in WHAT:
        raise ValueError(f"{what} is not a step of the trail")
    step = {"at": at, "story": story, "what": what, "words": words[:2000]}
    run(tx, _ADD, step | {"delivery": delivery, "attempt": attempt, "status": status})


def of_story(tx: Connection, story: str) -> list[Step]:
    """Everything that happened to a story, oldest first."""
    columns = (trail.c.at, trail.c.delivery, trail.c.attempt, trail.c.what, trail.c.status, trail.c.words)
    rows = tx.execute(select(*columns).where(trail.c.story == story).order_by(trail.c.id))
    return [Step(*row) for row in rows]
