"""Texts as every database takes them: strangers' words may hold what PostgreSQL or UTF-8 cannot."""

import re
from enum import StrEnum
from typing import Any

from sqlalchemy import Dialect, literal_column, types

# NUL, which PostgreSQL refuses, and half surrogate pairs, which no UTF-8 can tell.
_UNTOLD = re.compile("[\0\ud800-\udfff]")


class _Words(types.TypeDecorator[str]):
    """A text that is kept whatever is in it; what cannot be told is U+FFFD."""

    impl = types.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _UNTOLD.sub("\N{REPLACEMENT CHARACTER}", value) if value else value


class String(_Words):
    """A text of at most so many characters, as PostgreSQL holds us to and SQLite does not."""

    cache_ok = True


class Written(String):
    """A word of ours that an index may be limited to. Conditions have it written out, as a bound one makes SQLite
    plan the statement anew each time it runs, which takes twenty times as long as the running (measured 2026-11).
    """

    cache_ok = True

    class _Comparator(types.TypeDecorator.Comparator[str]):
        def operate(self, op: Any, *other: Any, **settings: Any) -> Any:
            """As every column, but for our own words."""
            return super().operate(op, *map(_written, other), **settings)

    comparator_factory = _Comparator


def _written(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return literal_column(f"'{value}'")
    if isinstance(value, set | frozenset | list | tuple):
        return [_written(one) for one in sorted(value)]
    return value


class Text(_Words):
    """A text of any length."""

    impl = types.Text
    cache_ok = True
