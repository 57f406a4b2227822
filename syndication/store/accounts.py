"""Connected accounts. Each row is also a mailbox: whoever opens it delivers alone and in order."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, exists, func, or_, select, update

from syndication.errors import ClaimLost, NotFound
from syndication.models import Account, Limits, State
from syndication.store import insert_new, rates
from syndication.store.schema import accounts, deliveries

_WAITING = (State.READY, State.UNKNOWN)
_NO_LANE = 99  # after every lane there is


class Mailbox(NamedTuple):
    """An opened mailbox: the account, its encrypted secret, the number of this opening, and the mark of its app."""

    account: Account
    secret: bytes
    holder: int
    app: str = ""


def connect(tx: Connection, account: Account, secret: bytes, now: int) -> bool:
    """Store an account, or renew the one of that name; True if it is new.

    A renewed one is no longer paused, and whoever has its mailbox open, with the old secret, loses it.
    """
    values: dict[str, Any] = {
        "network": account.network,
        "server": account.server,
        "handle": account.handle,
        "limits": account.limits.model_dump_json(),
        "secret": secret,
        "paused": "",
    }
    fresh = insert_new(tx, accounts, name=account.name, **values, due_at=0, holder=0, added_at=now)
    if not fresh:
        values |= {"due_at": 0, "holder": accounts.c.holder + 1}
        tx.execute(update(accounts).where(accounts.c.name == account.name).values(**values))
        rates.forget(tx, account.name)
    return fresh


def everyone(tx: Connection) -> list[Account]:
    """All connected accounts by name."""
    return [_account(row) for row in tx.execute(select(accounts).order_by(accounts.c.name)).mappings()]


def get(tx: Connection, name: str) -> tuple[Account, bytes]:
    """One account and its encrypted secret. Raises NotFound naming those there are."""
    row = tx.execute(select(accounts).where(accounts.c.name == name)).mappings().first()
    if row is None:
        known = (
            ", ".join(tx.execute(select(accounts.c.name).order_by(accounts.c.name)).scalars()) or "none yet"
        )
        raise NotFound(f"no account is called {name}", f"Connected: {known}. `syndicate connect` adds one.")
    return _account(row), row["secret"]


def open_mailbox(tx: Connection, now: int, lease: int) -> Mailbox | None:
    """Open the due mailbox with the most urgent letter, for `lease` milliseconds; None if none is due."""
    least = func.min if tx.dialect.name == "sqlite" else func.least
    lanes = [select(func.min(deliveries.c.lane)).where(waits).scalar_subquery() for waits in _waiting(now)]
    lane = least(*(func.coalesce(one, _NO_LANE) for one in lanes))
    due = select(accounts).where(_due(now)).order_by(lane, accounts.c.due_at).limit(1)
    return _open(tx, due, now, lease)


def open_by_name(tx: Connection, name: str, now: int, lease: int) -> Mailbox | None:
    """Open an account's mailbox for `lease` milliseconds; None if a worker has it open, or it rests."""
    return _open(tx, select(accounts).where(accounts.c.name == name, accounts.c.due_at <= now), now, lease)


def _open(tx: Connection, which: Select[Any], now: int, lease: int) -> Mailbox | None:
    row = tx.execute(which.with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    holder = row["holder"] + 1
    tx.execute(
        update(accounts).where(accounts.c.name == row["name"]).values(due_at=now + lease, holder=holder)
    )
    return Mailbox(_account(row), row["secret"], holder, row["app"])


def hold(tx: Connection, mailbox: Mailbox, until: int) -> None:
    """Keep an opened mailbox until then. Raises ClaimLost if another worker has opened it since."""
    mine = (accounts.c.name == mailbox.account.name) & (accounts.c.holder == mailbox.holder)
    if tx.execute(update(accounts).where(mine).values(due_at=until)).rowcount != 1:
        raise ClaimLost(f"{mailbox.account.name}: another worker has opened this mailbox")


def paused(tx: Connection) -> dict[str, str]:
    """The accounts from which nothing is sent, and why."""
    query = select(accounts.c.name, accounts.c.paused).where(accounts.c.paused != "")
    return {row.name: row.paused for row in tx.execute(query)}


def pause(tx: Connection, name: str, why: str) -> None:
    """Send nothing from this account until it is connected again."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(paused=why))


def keep_secret(tx: Connection, name: str, secret: bytes) -> None:
    """Store a renewed secret."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(secret=secret))


def keep_limits(tx: Connection, name: str, limits: Limits) -> None:
    """Store what the server takes now."""
    tx.execute(update(accounts).where(accounts.c.name == name).values(limits=limits.model_dump_json()))


def count_due(tx: Connection, now: int) -> int:
    """How many mailboxes could be opened now."""
    return tx.execute(select(func.count()).select_from(accounts).where(_due(now))).scalar_one()


def _due(now: int) -> ColumnElement[bool]:
    waiting = or_(*(exists().where(waits) for waits in _waiting(now)))
    return (accounts.c.paused == "") & (accounts.c.due_at <= now) & waiting


def _waiting(now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What makes a mailbox due: letters, and deeds to posts that are out. Two conditions, as each has its index."""
    room = deliveries.c.lane <= rates.open_lanes(accounts.c.name, accounts.c.app, now)
    mine = (deliveries.c.account == accounts.c.name) & room
    letters = mine & deliveries.c.state.in_(_WAITING) & (deliveries.c.due_at <= now)
    return letters, mine & (deliveries.c.state == State.SENT) & (deliveries.c.deed_due_at <= now)


def _account(row: RowMapping) -> Account:
    return Account(
        name=row["name"],
        network=row["network"],
        server=row["server"],
        handle=row["handle"],
        limits=Limits.model_validate_json(row["limits"]),
        paused=row["paused"],
    )
