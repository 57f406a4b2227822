"""How the house stands right now, read from the store; each question costs what waits, not what has been."""

from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, select

from syndication.models import State
from syndication.store import NEVER, accounts, deeds, pulses, seals
from syndication.store.schema import accounts as account_rows
from syndication.store.schema import deliveries, stories

_WAITING = (State.PLANNED, State.READY, State.HELD, State.SENDING, State.UNKNOWN)
_TO_GO = (State.PLANNED, State.READY, State.SENDING)


class Waiting(NamedTuple):
    """Posts of one lane and state at one network that are not settled: how many."""

    lane: int
    state: str
    network: str
    number: int


class Standing(NamedTuple):
    """What waits, and for how long, in seconds by lane.

    `late`: the oldest wait beyond its post's own time, whatever the reason, but for paused accounts, which wait for a
    person. `untaken`: for how long there has been something to do that no worker takes up. `undrawn`: the same, of
    stories to be drawn.
    """

    waiting: tuple[Waiting, ...]
    late: dict[int, float]
    untaken: dict[int, float]
    stories_due: int
    undrawn: dict[int, float]
    editors: int
    paused: dict[str, str]
    swept: float | None
    unsealed: int


def standing(tx: Connection, now: int) -> Standing:
    """How things stand at `now`, in milliseconds."""
    network = account_rows.c.network
    joined = deliveries.join(account_rows, deliveries.c.account == account_rows.c.name)
    groups = (deliveries.c.lane, deliveries.c.state, network)
    many = select(*groups, func.count()).select_from(joined).where(deliveries.c.state.in_(_WAITING))
    waiting = tuple(Waiting(*row) for row in tx.execute(many.group_by(*groups)))
    due = and_(deliveries.c.state.in_(_TO_GO), deliveries.c.wanted_at <= now, account_rows.c.paused == "")
    oldest = select(deliveries.c.lane, func.min(deliveries.c.wanted_at)).select_from(joined).where(due)
    late = {lane: (now - at) / 1000 for lane, at in tx.execute(oldest.group_by(deliveries.c.lane))}
    since = case(
        (account_rows.c.due_at > deliveries.c.due_at, account_rows.c.due_at), else_=deliveries.c.due_at
    )
    idle = and_(
        deliveries.c.state.in_((State.READY, State.UNKNOWN)), since <= now, account_rows.c.paused == ""
    )
    first = select(deliveries.c.lane, func.min(since)).select_from(joined).where(idle)
    untaken = {lane: (now - at) / 1000 for lane, at in tx.execute(first.group_by(deliveries.c.lane))}
    drawing = select(stories.c.lane, func.count(), func.min(stories.c.due_at)).where(stories.c.due_at <= now)
    drawn = tx.execute(drawing.group_by(stories.c.lane)).all()
    swept = pulses.newest(tx, "sweep")
    return Standing(
        waiting=waiting,
        late=late,
        untaken=untaken,
        stories_due=sum(count for _, count, _ in drawn),
        undrawn={lane: (now - since) / 1000 for lane, _, since in drawn},
        editors=_for_editors(tx),
        paused=accounts.paused(tx),
        swept=None if swept is None else (now - swept) / 1000,
        unsealed=seals.unsealed(tx),
    )


def _for_editors(tx: Connection) -> int:
    """How many posts only a person can settle."""
    doubt = and_(deliveries.c.state == State.UNKNOWN, deliveries.c.due_at == NEVER)
    held = deliveries.c.state == State.HELD
    return deeds.count_left(tx) + sum(
        tx.execute(select(func.count()).select_from(deliveries).where(which)).scalar_one()
        for which in (doubt, held)
    )
