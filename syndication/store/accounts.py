"""Connected accounts. Each row is also a mailbox: whoever opens it delivers alone and in order."""

from difflib import get_close_matches
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from syndication.errors import ClaimLost, NotFound
from syndication.models import EVERY, Account, Lanes, Limits, State
from syndication.store import insert_new, moment, rates
from syndication.store.prepared import row_of
from syndication.store.schema import accounts, deliveries

_WAITING = (State.READY, State.UNKNOWN)
_NO_LANE = 99  # after every lane there is
_LATELY = 10_000  # a post that takes longer waits for something else than a quiet machine

# What every letter needs is put together once: to build such a query takes longer than to run it.
_NOW = bindparam("now", type_=BigInteger)
_HOLD = (
    update(accounts)
    .where(accounts.c.name == bindparam("mine"), accounts.c.holder == bindparam("opened"))
    .returning(accounts.c.paced_until)
)
_EVER = select(accounts).order_by(accounts.c.name)


class Mailbox(NamedTuple):
    """An opened mailbox: the account, its encrypted secret, the number of this opening, and the mark of its app.

    `lanes`: what whoever opened it takes from it.
    """

    account: Account
    secret: bytes
    holder: int
    app: str = ""
    tends: bool = False  # its token is to be looked after
    lanes: Lanes = EVERY


class Token(NamedTuple):
    """What is kept of an account's token: its secret, encrypted, and what is known of its life (milliseconds)."""

    secret: bytes
    ends_at: int | None = None
    renews: bool = False
    tend_at: int | None = None
    lacks: str = ""


def connect(tx: Connection, account: Account, token: Token, now: int) -> bool:
    """Store an account, or renew the one of that name; True if it is new.

    A renewed one is no longer paused, and whoever has its mailbox open, with the old secret, loses it.
    """
    values: dict[str, Any] = {
        "network": account.network,
        "server": account.server,
        "handle": account.handle,
        "limits": account.limits.model_dump_json(),
        "paused": "",
        "left_at": None,
        **token._asdict(),
    }
    fresh = (
        insert_new(tx, accounts, name=account.name, **values, due_at=0, holder=0, added_at=now) is not None
    )
    if not fresh:
        values |= {"due_at": 0, "holder": accounts.c.holder + 1}
        tx.execute(update(accounts).where(accounts.c.name == account.name).values(**values))
        rates.forget(tx, account.name)
    return fresh


def everyone(tx: Connection) -> list[Account]:
    """All connected accounts by name."""
    return [one for one in ever(tx) if not one.left]


def ever(tx: Connection) -> list[Account]:
    """All accounts by name, those among them that were disconnected."""
    return [_account(row) for row in tx.execute(_EVER).mappings()]


def get(tx: Connection, name: str) -> tuple[Account, bytes]:
    """One connected account and its encrypted secret. Raises NotFound naming those there are."""
    mine = (accounts.c.name == name) & accounts.c.left_at.is_(None)
    row = tx.execute(select(accounts).where(mine)).mappings().first()
    if row is None:
        known = [one.name for one in everyone(tx)]
        near = get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        names = ", ".join(known) or "none yet"
        raise NotFound(
            f"no account is called {name}", f"{hint}Connected: {names}. `syndicate connect` adds one."
        )
    return _account(row), row["secret"]


def open_mailbox(tx: Connection, now: int, lease: int, lanes: Lanes = EVERY) -> Mailbox | None:
    """Open the due mailbox with the most urgent letter of these lanes, for `lease` milliseconds; None if none is due.

    One that holds something more urgent than these lanes is left to whoever serves that. One whose token is to be
    looked after is due as well, after all letters, for those who serve the first lane.
    """
    return _open(tx, _most_urgent(tx.dialect.name, lanes), now, lease, lanes=lanes)


@cache
def _most_urgent(dialect: str, lanes: Lanes) -> Select[Any]:
    least = func.min if dialect == "sqlite" else func.least
    first = select(deliveries.c.lane).order_by(deliveries.c.lane).limit(1)
    each = [first.where(waits).scalar_subquery() for waits in _waiting(lanes)]
    lane = least(*(func.coalesce(one, _NO_LANE) for one in each))
    return select(accounts).where(_due(lanes)).order_by(lane, accounts.c.due_at).limit(1)


def open_by_name(tx: Connection, name: str, now: int, lease: int) -> Mailbox | None:
    """Open an account's mailbox for `lease` milliseconds; None if a worker has it open, or it rests."""
    return _open(tx, select(accounts).where(accounts.c.name == name, accounts.c.due_at <= _NOW), now, lease)


def _open(
    tx: Connection, which: Select[Any], now: int, lease: int, *, lanes: Lanes = EVERY, wait: bool = False
) -> Mailbox | None:
    locked = which.with_for_update(skip_locked=not wait, key_share=True)
    row = tx.execute(locked, {"now": now}).mappings().first()
    if row is None:
        return None
    holder = row["holder"] + 1
    tx.execute(
        update(accounts).where(accounts.c.name == row["name"]).values(due_at=now + lease, holder=holder)
    )
    tends = row["tend_at"] is not None and row["tend_at"] <= now
    return Mailbox(_account(row), row["secret"], holder, row["app"], tends, lanes)


def seize(tx: Connection, name: str, now: int, lease: int) -> Mailbox:
    """Open an account's mailbox whoever has it, for `lease` milliseconds: they lose it. Raises NotFound."""
    get(tx, name)
    mailbox = _open(tx, select(accounts).where(accounts.c.name == name), now, lease, wait=True)
    assert mailbox is not None  # noqa: S101 - it was there a moment ago, and rows stay
    return mailbox


def hold(tx: Connection, mailbox: Mailbox, until: int) -> int:
    """Keep an opened mailbox until then; returns until when no late post is to leave it.

    Raises ClaimLost if another worker has opened it since.
    """
    mine = {"mine": mailbox.account.name, "opened": mailbox.holder}
    held = row_of(tx, _HOLD, mine | {"due_at": until})
    if held is None:
        raise ClaimLost(f"{mailbox.account.name}: another worker has opened this mailbox")
    return int(held["paced_until"])


def pace(tx: Connection, name: str, until: int) -> None:
    """A late post went out: the next one waits until then."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(paced_until=until))


def paused(tx: Connection) -> dict[str, str]:
    """The accounts from which nothing is sent, and why."""
    query = select(accounts.c.name, accounts.c.paused).where(accounts.c.paused != "")
    return {row.name: row.paused for row in tx.execute(query)}


def pause(tx: Connection, name: str, why: str) -> None:
    """Send nothing from this account until it is connected again."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(paused=why))


def secrets(tx: Connection, *, lock: bool = False) -> dict[str, bytes]:
    """The encrypted secrets of all accounts by name; with `lock`, nobody changes one meanwhile."""
    query = select(accounts.c.name, accounts.c.secret).order_by(accounts.c.name)
    return {
        row.name: row.secret for row in tx.execute(query.with_for_update(key_share=True) if lock else query)
    }


def keep_secret(tx: Connection, name: str, secret: bytes) -> None:
    """Store the same secret, sealed anew."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(secret=secret))


def keep_token(tx: Connection, name: str, token: Token) -> None:
    """Store a renewed token."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(**token._asdict()))


def to_tend(tx: Connection, name: str, now: int) -> bytes | None:
    """The encrypted secret of an account whose token is to be looked after by now; None if it needs nothing."""
    due = (accounts.c.name == name) & (accounts.c.paused == "") & (accounts.c.tend_at <= now)
    return tx.execute(select(accounts.c.secret).where(due)).scalar()


def tend_next(tx: Connection, name: str, at: int | None) -> None:
    """Look after an account's token at that time; None: never."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(tend_at=at))


def keep_limits(tx: Connection, name: str, limits: Limits) -> None:
    """Store what the server takes now."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(limits=limits.model_dump_json()))


def count_due(tx: Connection, now: int, lanes: Lanes = EVERY) -> int:
    """How many mailboxes could be opened now by whoever serves these lanes."""
    return int(tx.execute(_count_due(lanes), {"now": now}).scalar_one())


@cache
def _count_due(lanes: Lanes) -> Select[Any]:
    return select(func.count()).select_from(accounts).where(_due(lanes))


def _due(lanes: Lanes) -> ColumnElement[bool]:
    if lanes.first:
        return _free() & _holds(lanes) & ~_holds(Lanes(0, lanes.first - 1))
    return _free() & or_(_holds(lanes), accounts.c.tend_at <= _NOW)


def _holds(lanes: Lanes) -> ColumnElement[bool]:
    return or_(*(exists().where(waits) for waits in _waiting(lanes)))


def is_free_with(tx: Connection, lanes: Lanes, now: int) -> bool:
    """Whether a mailbox that nobody has open holds something of these lanes."""
    row = row_of(tx, _is_free_with(lanes), {"now": now})
    return bool(row and row["found"])


@cache
def _is_free_with(lanes: Lanes) -> Select[Any]:
    return select(exists().where(_free(), _holds(lanes)).label("found"))


def brings(tx: Connection, lanes: Lanes, now: int) -> bool:
    """Whether a post of these lanes fell due lately and is still to be drawn, or to be sent."""
    row = row_of(tx, _brings(lanes), {"now": now})
    return bool(row and row["found"])


@cache
def _brings(lanes: Lanes) -> Select[Any]:
    lately = deliveries.c.due_at.between(_NOW - _LATELY, _NOW)
    mine = (deliveries.c.account == accounts.c.name) & lately
    places = product((State.PLANNED, State.READY), range(lanes.first, lanes.last + 1))
    posts = (mine & (deliveries.c.state == state) & (deliveries.c.lane == lane) for state, lane in places)
    found = or_(*(exists().where(one) for one in posts))
    return select(exists().where(accounts.c.left_at.is_(None), found).label("found"))


def _free() -> ColumnElement[bool]:
    return (accounts.c.paused == "") & accounts.c.left_at.is_(None) & (accounts.c.due_at <= _NOW)


def _waiting(lanes: Lanes) -> tuple[ColumnElement[bool], ...]:
    """What makes a mailbox due: letters, and deeds to posts that are out.

    A condition for each state, as only then the first by lane is found in the index, however many wait.
    """
    room = rates.open_lanes(accounts.c.name, accounts.c.app, _NOW, lanes.last)
    mine = (deliveries.c.account == accounts.c.name) & deliveries.c.lane.between(lanes.first, room)
    letters = (mine & (deliveries.c.state == state) & (deliveries.c.due_at <= _NOW) for state in _WAITING)
    return *letters, mine & (deliveries.c.state == State.SENT) & (deliveries.c.deed_due_at <= _NOW)


def _account(row: RowMapping) -> Account:
    return Account(
        name=row["name"],
        network=row["network"],
        server=row["server"],
        handle=row["handle"],
        limits=Limits.model_validate_json(row["limits"]),
        paused=row["paused"],
        lacks=row["lacks"],
        ends=moment(row["ends_at"]) if row["ends_at"] is not None else None,
        renews=bool(row["renews"]),
        left=row["left_at"] is not None,
    )
