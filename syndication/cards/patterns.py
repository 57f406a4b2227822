"""Patterns by the properties of characters, which `re` does not know. Most words in Latin letters need none of them."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

GRAPHEME = r"\X"


@cache
def compiled(pattern: str) -> "regex.Pattern[str]":
    """The pattern, compiled when it is first asked for: with `regex` itself that takes as long as to draw a card."""
    import regex

    return regex.compile(pattern)
