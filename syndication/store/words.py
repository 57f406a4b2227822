"""Texts as every database takes them: strangers' words may hold what PostgreSQL or UTF-8 cannot."""

import re

from sqlalchemy import Dialect, types

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


class Text(_Words):
    """A text of any length."""

    impl = types.Text
    cache_ok = True
