"""Rate limits as networks told them last, shared by all workers: a limit that is used up rests its mailboxes.

A limit stands under the name of its account, or under the mark of an app where all accounts of the app share it. The
last tenth of a limit is for breaking posts alone.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, ScalarSelect, and_, case, delete, exists, func, or_, select, update

from syndication.models import Priority, State, Window
from syndication.store import NEVER, upsert
from syndication.store.schema import accounts, deliveries, rates

RESERVE = 10
"""One part in so many of a limit is kept for breaking posts."""

_NO_LANE = -1


class Rate(NamedTuple):
    """One limit as it was told at `seen_at` and counts until `resets_at`, both in milliseconds.

    `app`: it is shared by all accounts of the app.
    """

    name: str
    remaining: int
    most: int | None
    resets_at: int
    seen_at: int
    app: bool

    @property
    def reserved(self) -> bool:
        """Whether at most breaking posts may still go out."""
        return self.remaining <= 0 or (self.most is not None and self.remaining * RESERVE <= self.most)


def note(tx: Connection, account: str, app: str, windows: Iterable[Window], now: int) -> None:
    """Remember what an answer told. What is the app's counts for all its accounts; without a mark, for this one."""
    for window in windows:
        scope = app if window.app and app else account
        if scope != account:
            unmarked = and_(accounts.c.name == account, accounts.c.app != app)
            tx.execute(update(accounts).where(unmarked).values(app=app))
        resets_at = now + int(1000 * window.seconds)
        told = {"remaining": window.remaining, "most": window.limit, "resets_at": resets_at, "seen_at": now}
        upsert(tx, rates, {"scope": scope, "name": window.name}, told)


def forget(tx: Connection, account: str) -> None:
    """An account is connected anew, perhaps as another: what was told of it counts no longer."""
    tx.execute(delete(rates).where(rates.c.scope == account))


def open_lanes(account: Any, app: Any, now: Any, last: int) -> ScalarSelect[int]:
    """The last lane, up to `last`, that an account's limits leave room for; -1 for none.

    The others are columns or parameters.
    """
    mine = and_(rates.c.scope.in_((account, app)), rates.c.resets_at > now)
    scarce = rates.c.remaining * RESERVE <= rates.c.most
    room = case((rates.c.remaining <= 0, _NO_LANE), (scarce, Priority.BREAKING.lane), else_=last)
    query = select(func.coalesce(func.min(room), last)).where(mine)
    return query.correlate(accounts).scalar_subquery()


class Rest(NamedTuple):
    """An account that lets posts wait for its limits: until when (milliseconds), and whether breaking ones as well."""

    account: str
    until: int
    breaking: bool


def resting(tx: Connection, now: int) -> list[Rest]:
    """The accounts whose posts wait because a limit is used up, or down to what is kept for breaking posts."""
    waits = (State.PLANNED, State.READY, State.UNKNOWN)
    mine = and_(deliveries.c.account == accounts.c.name, deliveries.c.state.in_(waits))
    used_up = rates.c.remaining <= 0
    scarce = or_(used_up, rates.c.remaining * RESERVE <= rates.c.most)
    counts = and_(
        or_(rates.c.scope == accounts.c.name, rates.c.scope == accounts.c.app), rates.c.resets_at > now
    )
    posts = and_(accounts.c.left_at.is_(None), accounts.c.paused == "")
    # A mailbox goes on when the last of those limits begins anew that stop it most.
    most = case((used_up, 1), else_=0)
    query = select(accounts.c.name, rates.c.resets_at, most).join(rates, counts)
    query = query.where(scarce, posts, exists().where(mine, deliveries.c.due_at < NEVER))
    last: dict[str, Rest] = {}
    for name, until, breaking in tx.execute(query.order_by(accounts.c.name, most, rates.c.resets_at)):
        last[name] = Rest(name, until, bool(breaking))
    return list(last.values())


def of_account(tx: Connection, account: str, now: int) -> list[Rate]:
    """The limits that count for an account now, the tightest first."""
    app = select(accounts.c.app).where(accounts.c.name == account).scalar_subquery()
    mine = and_(or_(rates.c.scope == account, rates.c.scope == app), rates.c.resets_at > now)
    rows = tx.execute(select(rates).where(mine).order_by(rates.c.remaining, rates.c.name)).all()
    return [Rate(r.name, r.remaining, r.most, r.resets_at, r.seen_at, r.scope != account) for r in rows]
