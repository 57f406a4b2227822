"""Statements that every post needs, put together once and from then on handed to the driver as they are.

They are SQLAlchemy's like all others, in the words of both databases; only what it does anew at each execution, which
takes longer than the statement itself, is left out. What the driver complains of is told as SQLAlchemy tells it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.engine.interfaces import DBAPICursor


class _Prepared:
    """A statement for one database, given values of those names."""

    def __init__(self, statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> None:
        made = statement.compile(dialect=dialect, column_keys=names)  # type: ignore[attr-defined]
        self.words, self._order = str(made), made.positiontup
        wanted = {name for name, bind in made.binds.items() if bind.required}
        if not wanted <= set(names) <= set(made.binds):
            raise ValueError(f"the statement takes {sorted(wanted)}, not {sorted(names)}")
        self._made: dict[str, Callable[[Any], Any]] = {}
        for name, bind in made.binds.items():
            if process := bind.type.dialect_impl(dialect).bind_processor(dialect):
                self._made[name] = process
        self._fixed = {name: self._value(name, one) for name, one in made.params.items() if name not in names}

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        given = self._fixed | {name: self._value(name, one) for name, one in values.items()}
        return given if self._order is None else tuple(given[name] for name in self._order)

    def _value(self, name: str, value: Any) -> Any:
        return self._made[name](value) if name in self._made else value


@lru_cache(maxsize=256)
def _prepared(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> _Prepared:
    return _Prepared(statement, dialect, names)


def run(tx: Connection, statement: Executable, values: Mapping[str, Any]) -> DBAPICursor:
    """Execute a statement that was built once, with all its parameters; the driver's cursor.

    Raises SQLAlchemy's errors.
    """
    one = _prepared(statement, tx.dialect, tuple(values))
    cursor = tx.connection.cursor()
    tx._cursor_execute(cursor, one.words, one.parameters(values))
    return cursor


def row_of(tx: Connection, statement: Executable, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """As `run`, for the first row by its columns' names; None if there is none."""
    cursor = run(tx, statement, values)
    row = cursor.fetchone()
    names = [] if row is None else [told[0] for told in cursor.description]
    cursor.close()
    return None if row is None else dict(zip(names, row, strict=True))
