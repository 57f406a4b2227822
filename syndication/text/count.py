"""Finding links in a text, and measuring a text the way a network does."""

import regex

from syndication.models import Limits
from syndication.text.weighted import EMOJI, weight

# Where a link may begin and what it may hold follow Mastodon's own pattern (config/initializers/twitter_regex.rb,
# read 2026-11), narrowed where a wider link would break: full-width punctuation, which in Chinese and Japanese
# follows a link without a space, and the invisible direction marks end it.
_LINK = regex.compile(
    r"(?<![A-Za-z0-9@＠$#＃])https?://[^\s/?#<>\"\p{Bidi_Control}\p{C}]{1,253}"
    r"[^\s<>\"\p{Bidi_Control}\p{C}「」『』【】《》〈〉（），。、；：！？]{0,2000}",
    regex.IGNORECASE,
)
_TAIL = "!*'`,.:;?…$%~&|@[]{}«»‘’‚“”„‹›"
_MENTION = regex.compile(r"(?<![\w@/])(@\w+(?:[.-]\w+)*)@\w+(?:[.:-]\w+)*")
# What networks agree on: letters and digits, a letter among them. A mark in the middle of a word begins none.
_HASHTAG = regex.compile(r"(?<![\w&/#＃])[#＃](?=[\p{N}_]*[\p{L}\p{M}])[\p{L}\p{M}\p{N}_]+")
_GRAPHEME = regex.compile(r"\X")
# Unicode 15.1 made one grapheme of consonants joined by a virama (UAX 29, GB9c). Ruby learned it only in 2025
# (ruby/ruby#12798), so most Mastodon servers still count two.
_CONJUNCT = regex.compile(r"[\u094D\u09CD\u0ACD\u0B4D\u0C4D\u0D4D][\u200D\p{Mn}]*(?=\p{Lo})")


def links(text: str) -> list[tuple[int, int, str]]:
    """The web links that stand in a text, as (start, end, URL); start and end count characters.

    Punctuation that ends a sentence or closes a bracket around the link is not part of it.
    """
    found: list[tuple[int, int, str]] = []
    if "://" not in text:
        return found
    for match in _LINK.finditer(text):
        url = _trim(match.group())
        if url.partition("://")[2]:
            found.append((match.start(), match.start() + len(url), url))
    return found


def _trim(url: str) -> str:
    while True:
        shorter = url.rstrip(_TAIL)
        if shorter.endswith(")") and shorter.count("(") < shorter.count(")"):
            shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter


def measure(text: str, limits: Limits) -> int:
    """How long the network says the text is, in its own unit.

    Where links have a price, any link costs `limits.link_cost`, and `@user@host` counts as `@user` (both
    Mastodon: docs.joinmastodon.org/user/posting); X's count has its own price of links.
    """
    match limits.unit:
        case "character":
            return len(text)
        case "utf16":
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case "byte":
            return len(text.encode())
        case "weighted":
            return weight(text)
        case "emoji-bytes":
            return len(text) + sum(len(match[0].encode()) - len(match[0]) for match in EMOJI.finditer(text))
        case "grapheme" if limits.link_cost is None:
            return _graphemes(text)
    rest, at = [], 0
    for start, end, _ in links(text):
        rest.append(hostless(text[at:start]))
        at = end
    spoken = "\n".join([*rest, hostless(text[at:])])
    return _graphemes(spoken) + len(_CONJUNCT.findall(spoken)) + len(rest) * (limits.link_cost - 1)


def hostless(text: str) -> str:
    """The text with `@user` for each `@user@host`, as Mastodon counts and shows it."""
    return _MENTION.sub(r"\1", text)


def fits(text: str, limits: Limits) -> bool:
    """Whether the network takes a text of this length: in its unit and, where it counts them too, in UTF-8 bytes."""
    if limits.text_bytes is not None and len(text.encode()) > limits.text_bytes:
        return False
    return measure(text, limits) <= limits.text


def _graphemes(text: str) -> int:
    return sum(1 for _ in _GRAPHEME.finditer(text))


def hashtags(text: str) -> list[tuple[int, int, str]]:
    """The hashtags that stand in a text, as (start, end, word without its sign); both count characters."""
    if "#" not in text and "＃" not in text:
        return []
    inside = [range(start, end) for start, end, _ in links(text)]
    return [
        (match.start(), match.end(), match[0][1:])
        for match in _HASHTAG.finditer(text)
        if not any(match.start() in link for link in inside)
    ]


def breaks(text: str) -> list[int]:
    """Every place where a text may be cut at all: between graphemes, outside links, hashtags and mentions."""
    places = [match.end() for match in _GRAPHEME.finditer(text)]
    inside: set[int] = set()
    for start, end, _ in (*links(text), *hashtags(text)):
        inside.update(range(start + 1, end))
    for match in _MENTION.finditer(text):
        inside.update(range(match.start() + 1, match.end()))
    return [place for place in places if place not in inside]
