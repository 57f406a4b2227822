"""The store: one SQL database whose rows say what must happen and what has happened.

SQLite by default, several processes at once; any other SQLAlchemy URL that speaks the same tables is a setting away.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError

from syndication.errors import ConfigError
from syndication.store.prepared import row_of, run

log = logging.getLogger(__name__)

NEVER = 253_402_300_799_000  # the last second of 9999: due when a person says so
_LOCK_KEY = 0x73796E64  # any number of our own, for PostgreSQL's advisory lock around migrations
_BUSY_MS = 20_000
_TURN = 0.001  # seconds between two looks whether it is our turn to write
_IDLE_MS = 120_000


_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between the tries to write what must not be lost with the store's answer: a restart takes less in all."""

T = TypeVar("T")


def milliseconds(moment: datetime) -> int:
    """An aware datetime as the store keeps it."""
    return int(moment.timestamp() * 1000)


def moment(value: int) -> datetime:
    """A time of the store as an aware datetime in UTC."""
    return datetime.fromtimestamp(value / 1000, UTC)


def _clock() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Store:
    """The database and the one clock that leases and schedules are measured by."""

    engine: Engine
    now: Callable[[], int] = field(default=_clock)

    @contextmanager
    def write(self, *, synced: bool = True) -> Iterator[Connection]:
        """One transaction that may write; on SQLite it waits for its turn at once, so it cannot fail half-way.

        Once it is over, power that fails does not take it away. Where that is not `synced`, for SQLite, it holds once
        the next one is over that is: there is one journal, which is written in order.
        """
        with self.engine.connect().execution_options(synced=synced) as tx, tx.begin():
            yield tx

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only reads, and holds nobody up."""
        with self.engine.connect().execution_options(reads_only=True) as tx:
            yield tx

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the store at a SQLAlchemy URL and bring its tables up to date. Raises ConfigError."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            name = parsed.get_backend_name()
            raise ConfigError(
                f"[store] url: {name} is no store that we know",
                "Leave it empty for SQLite, or name PostgreSQL: postgresql+psycopg://user@host/name",
            )
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # What is written is in no error's text: an embargoed story, a secret however sealed.
        engine = create_engine(
            parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", hide_parameters=True
        )
    except ArgumentError:
        raise ConfigError("[store] url: not a SQLAlchemy URL", "Leave it empty for SQLite.") from None
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"[store] url: the driver {error.name} is not installed", "pip install 'syndication[postgres]'"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: the store's folder cannot be made: {error.strerror}",
            "Make it, or name another: `folder` in [store].",
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _tune_postgresql)
    try:
        _migrate(engine)
    except ConfigError:
        engine.dispose()
        raise
    except DatabaseError as error:
        engine.dispose()
        raise ConfigError(
            f"the store cannot be opened: {error.orig}", f"Tried {parsed.render_as_string()}."
        ) from None
    return Store(engine)


def insist(write: Callable[[], T]) -> T:
    """Write what nobody else knows, again while the store cannot be reached. Raises the last DBAPIError after a while.

    Doing it again must be harmless: the store may have done it, and only its answer been lost.
    """
    for pause in _PAUSES:
        try:
            return write()
        except DBAPIError:
            log.warning("the store cannot be written, trying again", extra={"pause": pause})
            time.sleep(pause)
    return write()


def insert_new(tx: Connection, table: Table, **values: Any) -> Mapping[str, Any] | None:
    """Insert a row unless one with its key is there already; its primary key if it was inserted, else None."""
    return row_of(tx, _insert_new(tx.dialect.name, table), values)


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    make = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    # What is returned tells it, as the count of rows is not told where a serial key is.
    return make.on_conflict_do_nothing().returning(*table.primary_key)


def insert_all_new(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of some rows, at least one, whose key is not there already, by one statement."""
    make = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    tx.execute(make(table).values(rows).on_conflict_do_nothing())


def upsert(
    tx: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], *, adds: bool = False
) -> None:
    """Insert a row, or change the one with its key; `adds`: by adding the values to what it has."""
    run(tx, _upsert(tx.dialect.name, table, tuple(key), tuple(values), adds), {**key, **values})


@lru_cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], values: tuple[str, ...], adds: bool) -> Any:
    make = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    changes = {name: table.c[name] + make.excluded[name] if adds else make.excluded[name] for name in values}
    return make.on_conflict_do_update(index_elements=[table.c[name] for name in key], set_=changes)


def _tune_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are ours to begin
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=wal", "foreign_keys=on"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(tx: Connection) -> None:
    # A plain BEGIN that reads and then writes fails at once when another process wrote in between: of 2,000 such
    # transactions in 4 processes 960 failed, and none with IMMEDIATE (measured 2026-11).
    options, raw = tx.get_execution_options(), tx.connection.cursor()
    if options.get("reads_only"):
        _set(tx, raw, "busy_timeout", _BUSY_MS)
        tx.exec_driver_sql("BEGIN")
        return
    # SQLite's own waiting sleeps ever longer, up to a tenth of a second, while others pass.
    _set(tx, raw, "busy_timeout", 0)
    # FULL, as an answer of "accepted" must outlive the power.
    _set(tx, raw, "synchronous", "full" if options.get("synced", True) else "normal")
    until = time.monotonic() + _BUSY_MS / 1000
    while not _began(raw) and time.monotonic() < until:
        time.sleep(_TURN)
    if not tx.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
        tx.exec_driver_sql("BEGIN IMMEDIATE")  # raises what is wrong as SQLAlchemy's errors


def _set(tx: Connection, raw: Any, name: str, value: object) -> None:
    """Have a setting of SQLite's hold for a connection, if it does not by now."""
    if tx.connection.info.get(name) != value:
        raw.execute(f"PRAGMA {name}={value}")
        tx.connection.info[name] = value


def _began(raw: Any) -> bool:
    """Whether the waiting is over: it is our turn, or something is wrong that waiting does not mend."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
    return True


def _tune_postgresql(connection: Any, _: object) -> None:
    # Each claim says itself what must still be true, row by row: more than this would only make it fail. And a worker
    # that is frozen in the middle of a transaction is not to hold its rows until it wakes.
    settings = {
        "default_transaction_isolation": "'read committed'",
        "lock_timeout": _BUSY_MS,
        "idle_in_transaction_session_timeout": _IDLE_MS,
    }
    connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
    connection.commit()


def _migrate(engine: Engine) -> None:
    from syndication.store.migrations import HEAD

    with engine.connect().execution_options(reads_only=True) as tx:
        if _revision(tx) == HEAD:
            return
    with engine.begin() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("SET LOCAL lock_timeout = 0"))  # however long another takes with a large store
            tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        if (known := _revision(tx)) != HEAD:
            from alembic.util.exc import CommandError

            from syndication.store.migrations import upgrade

            try:
                upgrade(tx)
            except CommandError:
                raise ConfigError(
                    f"the store is of a newer version of syndication (its tables are at {known}, {HEAD} is known)",
                    "Install that version, or put back the backup from before it. Nothing was changed.",
                ) from None


def _revision(tx: Connection) -> str | None:
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
