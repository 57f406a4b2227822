"""The words of a post: chosen from the story, tidied, and cut to what the network takes."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable

import regex
from selectolax.lexbor import LexborHTMLParser

from syndication.models import Limits, PublishEvent
from syndication.text.count import breaks, fits, links

# What nobody reads, and what stands in an article's body but is not its running text.
_UNREAD = "script style template noscript iframe svg head".split()
_ASIDES = "figure aside table h1 h2 h3 h4 h5 h6".split()
# A post needs the first lines only; 100,000 nested elements took 20 s (2026-11).
_ENOUGH_HTML = 50_000
_BLOCKS = "p, li, blockquote, div, h1, h2, h3, h4, h5, h6"

_SENTENCE_END = regex.compile(
    r"[\p{Sentence_Terminal}…]+[\p{Pe}\p{Pf}\p{Pi}\"']*(?:(?<=[。！？．｡][\p{Pe}\p{Pf}\p{Pi}\"']*)|(?=\s|\Z))|\n"
)
# A full stop after such a word need not end a sentence: initials, `U.S.`, `Dr.`, `Sept.`, `3. Oktober`.
_ABBREVIATION = regex.compile(
    r"(?<![\p{L}\p{N}])(?:\p{L}|\p{N}{1,2}|\p{Lu}\p{L}{1,3}|(?:\p{L}+\.)+\p{L}+"
    r"|approx|art|bzw|ca|capt|cf|col|eg|etc|evtl|fig|gen|ggf|ie|inc|ltd|messrs|resp|usw|vgl|vol|vs)\.$"
)
_TAG = regex.compile(r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(?![a-z0-9])", regex.IGNORECASE)
_DANGLING = regex.compile(r"[\s\p{Ps}\p{Pi}\p{Pd},;:.\"']+$")
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFEFF--\n]", regex.V1)

# Unicode Bidirectional Algorithm, explicit formatting: what opens a run, and what closes it.
_POP_EMBEDDING, _POP_ISOLATE = "\u202c", "\u2069"
_OPENERS = dict.fromkeys("\u202a\u202b\u202d\u202e", _POP_EMBEDDING) | dict.fromkeys(
    "\u2066\u2067\u2068", _POP_ISOLATE
)


def compose(event: PublishEvent, *, limits: Limits, override: str = "") -> str:
    """The text of a post for a story, ready to be frozen.

    The editor's `override` if there is one; else the summary; else the first sentences of the body; else the
    headline. Where the network has no link card, the link follows after a blank line, unless the override says
    it already. Too long a text keeps its first whole sentences, or as many words as fit and an ellipsis.
    Nothing is left of the words where the link alone takes all there is.
    """
    words = tidy(override)
    if said := _places(event.url, words):
        if fits(words, limits):
            return words
        for start in reversed(said):
            words = words[:start] + words[start + len(event.url) :]
    words = tidy(words) or _told(event, limits)
    tail = event.url if limits.link_in_text else ""
    return _shorten(words, tail, limits)


def plain(html: str) -> str:
    """The text of an HTML fragment: a blank line between blocks, one line a paragraph; never markup."""
    return _text(_parsed(html))


def _parsed(html: str) -> LexborHTMLParser:
    """The fragment as a tree whose line breaks and blocks have become characters."""
    tree = LexborHTMLParser(html[:_ENOUGH_HTML])
    tree.strip_tags(_UNREAD, recursive=True)
    for node in tree.css("br"):
        node.replace_with("\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    return tree


def _text(tree: LexborHTMLParser) -> str:
    return tidy(tree.body.text() if tree.body else "")


def clip(text: str, length: int) -> str:
    """At most `length` characters (code points) of a text: whole sentences, or words and an ellipsis.

    Nothing is cut within a grapheme, a link or a mention; what is cut off at all is at most about half of `length`.
    """
    text = tidy(text)
    if len(text) <= length:
        return text
    return _cut(text, lambda kept: len(kept) <= length, keep_half=True)


def language_tag(language: str) -> str:
    """A story's language as networks take it: BCP 47 with script and region, else the bare language."""
    match = _TAG.match(language.replace("_", "-"))
    return match.group() if match else language


def tidy(text: str) -> str:
    """NFC, without control characters, with single spaces, at most one blank line, and direction runs closed."""
    text = text.replace("\r\n", "\n").replace("\t", " ").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    lines = [regex.sub(r" {2,}", " ", line).strip() for line in text.split("\n")]
    return _close(regex.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip())


def _places(url: str, words: str) -> list[int]:
    """Where the text says this very address, be it one that ends with a mark that links do not end with."""
    return [s for s, _, found in links(words) if len(found) <= len(url) and words.startswith(url, s)]


def _told(event: PublishEvent, limits: Limits) -> str:
    """What the story says of itself, without repeating its headline, which the card shows."""
    headline = tidy(event.headline)
    words = tidy(event.summary) or _lead(event.body, 8 * limits.text)
    return _without(headline, words) if words else headline


def _lead(body: str, enough: int) -> str:
    """The first paragraphs of an article's body, on one line, about `enough` characters of them."""
    tree = _parsed(body)
    tree.strip_tags(_ASIDES, recursive=True)
    paragraphs = [tidy(node.text()) for node in tree.css("p")]
    lead: list[str] = []
    for paragraph in paragraphs if any(paragraphs) else [_text(tree)]:
        lead += paragraph.split()
        if sum(map(len, lead)) > enough:
            break
    return " ".join(lead)


def _without(headline: str, words: str) -> str:
    if not words.casefold().startswith(headline.casefold()):
        return words
    rest = words[len(headline) :]
    if rest[:1].isalnum():
        return words
    return rest.lstrip(" \n.:;,!?–—-|") or words


def _shorten(words: str, tail: str, limits: Limits) -> str:
    def whole(kept: str) -> str:
        return "\n\n".join(filter(None, [kept, tail]))

    if fits(whole(_close(words.rstrip())), limits):
        return whole(_close(words.rstrip()))
    return whole(_cut(words, lambda kept: fits(whole(kept), limits)))


def _cut(words: str, good: Callable[[str], bool], *, keep_half: bool = False) -> str:
    """The first sentences of a text that are `good` together, else as many words as are, and an ellipsis.

    With `keep_half`, words are cut where the sentences that fit are less than half of what does.
    """

    def finished(end: int, ellipsis: str = "") -> str:
        kept = words[:end].rstrip()
        if ellipsis:
            kept = _DANGLING.sub("", kept)
            if any(stop == len(kept) for _, stop, _ in links(kept)):
                kept += " "  # Mastodon would take the ellipsis for a part of the link
            kept += ellipsis if kept else ""
        return _close(kept)

    sentences = _last(_sentence_ends(words), lambda end: good(finished(end)))
    if sentences and not keep_half:
        return finished(sentences)
    places = breaks(words)
    anywhere = _last(places, lambda end: good(finished(end, "…")))
    if sentences and sentences * 2 >= anywhere:
        return finished(sentences)
    # Thai or Chinese has few spaces: there a cut between two letters beats losing half of what fits.
    spaced = [
        place for place in places if place < len(words) and words[place].isspace() and place <= anywhere
    ]
    end = spaced[-1] if spaced and spaced[-1] * 2 >= anywhere else anywhere
    return finished(end, "…")


def _last(places: list[int], good: Callable[[int], bool]) -> int:
    """The last good place as far as can be told by halving, and surely a good one; 0 if none is."""
    count = bisect_right(places, False, key=lambda place: not good(place))
    # A link or mention that a cut would create or end can make a longer text count less.
    while count and not good(places[count - 1]):
        count -= 1
    return places[count - 1] if count else 0


def _sentence_ends(text: str) -> list[int]:
    ends = []
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
        if match.group() == "\n" or not _ABBREVIATION.search(text, max(0, end - 30), end):
            ends.append(end)
    return ends


def _close(text: str) -> str:
    """The text with every direction run that it opens closed; a line's end closes those of the line."""
    open_runs: list[str] = []
    for char in text.rpartition("\n")[2]:
        if char in _OPENERS:
            open_runs.append(_OPENERS[char])
        elif open_runs and char in (_POP_EMBEDDING, _POP_ISOLATE):
            if char == open_runs[-1]:
                open_runs.pop()
            elif char == _POP_ISOLATE and char in open_runs:
                del open_runs[len(open_runs) - 1 - open_runs[::-1].index(char) :]
    return text + "".join(reversed(open_runs))
