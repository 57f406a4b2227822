"""How long X says a text is: weights by code point, two for an emoji, 23 for a link.

The rules are twitter-text's, configuration 3 (github.com/twitter/twitter-text, read 2026-11); the tests compare each
count with that library's own. A link is one only if its last label is a top-level domain, with `https://` or without.
"""

import unicodedata
from functools import cache
from pathlib import Path

import regex

_LINK_COST = 23
_LIGHT = regex.compile(r"[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

_LATIN = (
    r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f"
    r"\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_CYRILLIC = r"\u0400-\u04ff"
_LABEL = rf"[A-Za-z0-9{_LATIN}](?:[A-Za-z0-9{_LATIN}-]*[A-Za-z0-9{_LATIN}])?"
_SUBDOMAIN = rf"[A-Za-z0-9{_LATIN}](?:[A-Za-z0-9{_LATIN}_-]*[A-Za-z0-9{_LATIN}])?"
_PATH = rf"[A-Za-z{_CYRILLIC}0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}]"
_PATH_END = rf"[A-Za-z{_CYRILLIC}0-9=_#/+\-{_LATIN}]"
_BRACKETS = rf"\({_PATH}+\)|\({_PATH}*\({_PATH}+\){_PATH}*\)"
_LINK = (
    rf"(?<![A-Za-z0-9@＠$#＃\u202a-\u202e])(?P<scheme>https?://)?"
    rf"(?:{_SUBDOMAIN}\.)*{_LABEL}\.(?:xn--[A-Za-z0-9-]+|\L<ends>)(?![0-9A-Za-z@+-])(?::[0-9]+)?"
    rf"(?:/(?:{_PATH}*(?:{_BRACKETS}{_PATH}*)*{_PATH_END}|@{_PATH}+/|(?:{_BRACKETS}))*"
    r"(?:\?[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[A-Za-z0-9\-_&=#/])?)?"
)

# Emoji sequences as twemoji has them: keycaps, flags, and pictures with what is joined to them.
_ELEMENT = r"(?:\p{Emoji_Presentation}|\p{Emoji}(?=\ufe0f|\p{EMod}|\u200d))(?:\ufe0f|\p{EMod})?"
EMOJI = regex.compile(
    rf"[0-9#*]\ufe0f?\u20e3|\p{{RI}}{{2}}|\U0001f3f4[\U000e0061-\U000e007a]+\U000e007f|"
    rf"{_ELEMENT}(?:\u200d(?:{_ELEMENT}|[♀♂⚕⚖✈❤]\ufe0f?))*"
)


def weight(text: str) -> int:
    """The text's length as X counts it, of at most 280."""
    text = unicodedata.normalize("NFC", text)
    total, at = 0, 0
    for start, end in found(text):
        total += _plain(text[at:start]) + _LINK_COST
        at = end
    return total + _plain(text[at:])


def found(text: str) -> list[tuple[int, int]]:
    """Where X sees links in a text, with a scheme or without."""
    places, at = [], 0
    while match := _link().search(text, at):
        at = match.end()
        if match["scheme"] or text[match.start() - 1 : match.start()] not in ("-", "_", ".", "/"):
            places.append(match.span())
        else:
            at = match.start() + 1
    return places


def _plain(text: str) -> int:
    rest, emoji = EMOJI.subn("", text)
    return 2 * emoji + 2 * len(rest) - len(_LIGHT.findall(rest))


@cache
def _link() -> "regex.Pattern[str]":
    """The pattern of a link, with the top-level domains of the public suffix list."""
    from publicsuffixlist import PSLFILE  # only X asks

    listed = Path(PSLFILE).read_text(encoding="utf-8").partition("===END ICANN DOMAINS===")[0]
    ends = [line for line in listed.splitlines() if line.isalpha()]  # no comment, and no dot within
    return regex.compile(_LINK, regex.IGNORECASE, ends=ends)
