"""Whether a network shows the text that we sent."""

import unicodedata
from urllib.parse import unquote

import regex

_ENOUGH = 20
_NOT_SAID = regex.compile(r"https?://|[^\p{L}\p{M}\p{N}]+")


def same(one: str, other: str) -> bool:
    """Whether two renderings of a text say the same: letters and digits, in order.

    Spaces, marks, and how a link's address is spelled are the network's to change. Texts of marks alone are never
    the same.
    """
    said = _said(one)
    return bool(said) and said == _said(other)


def begins(start: str, whole: str) -> bool:
    """Whether what is shown says the same as a whole text, or its beginning: at least twenty letters and digits."""
    said, text = _said(start), _said(whole)
    return said == text or (len(said) >= _ENOUGH and text.startswith(said))


def _said(text: str) -> str:
    return _NOT_SAID.sub("", unicodedata.normalize("NFC", unquote(text))).casefold()
