"""Text as people wrote it: out of HTML, tidied, split into sentences, and cut where a cut does least harm."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

import regex
import sentencex
from selectolax.lexbor import LexborHTMLParser

from syndication.text.count import breaks, links

# What nobody reads, and what stands in an article's body but is not its running text.
_UNREAD = "script style template noscript iframe svg head".split()
_ASIDES = "figure aside table nav form h1 h2 h3 h4 h5 h6".split()
_FURNITURE = ", ".join(
    f"[class*={word} i]"
    for word in "caption credit byline dateline related promo newsletter advert teaser share".split()
)
# A post needs the first lines only; 100,000 nested elements took 20 s (2026-11).
_ENOUGH_HTML = 50_000
_BLOCKS = "p, li, blockquote, div, h1, h2, h3, h4, h5, h6"

# A full stop after such a word need not end a sentence, whatever the splitter thinks: a cut there is worse than none.
_ABBREVIATION = regex.compile(
    r"(?<![\p{L}\p{N}])(?:\p{L}|\p{N}{1,2}|\p{Lu}\p{L}{1,3}|(?:\p{L}+\.)+\p{L}+"
    r"|approx|art|bzw|ca|capt|cf|col|eg|etc|evtl|fig|gen|ggf|ie|inc|ltd|messrs|resp|usw|vgl|vol|vs)\.$"
)
_END = regex.compile(r"[\p{Sentence_Terminal}…][\p{Pe}\p{Pf}\p{Pi}\"']*$")
_SPACES, _EMPTY_LINES, _LINE = regex.compile(" {2,}"), regex.compile(r"\n{3,}"), regex.compile(r"\n")
_DANGLING = regex.compile(r"[\s\p{Ps}\p{Pi}\p{Pd},;:.\"']+$")
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFEFF--\n]", regex.V1)

# Where an agency says the story is from: `HAMBURG, Nov 20 (Agency) — `, `Berlin (agency) - `, `OSLO — `.
_DATELINE = regex.compile(
    r"(?:\p{Lu}[\p{Lu}.'’ -]{2,40}(?:, [^()—–]{2,30})?(?: \([^()]{2,40}\))?"
    r"|\p{Lu}[\p{L}.'’ -]{1,40}(?:, [^()—–]{2,30})? \([^()]{2,40}\)) ?(?:—|–|--?) "
)
_SHORT = 60  # characters: a paragraph that has fewer, and no end of a sentence, is a label of some kind

# Unicode Bidirectional Algorithm, explicit formatting: what opens a run, and what closes it.
_POP_EMBEDDING, _POP_ISOLATE = "\u202c", "\u2069"
_OPENERS = dict.fromkeys("\u202a\u202b\u202d\u202e", _POP_EMBEDDING) | dict.fromkeys(
    "\u2066\u2067\u2068", _POP_ISOLATE
)


def plain(html: str) -> str:
    """The text of an HTML fragment: a blank line between blocks, one line a paragraph; never markup."""
    return _text(_parsed(html))


def lead(body: str, enough: int) -> str:
    """The first paragraphs of an article's body, on one line, about `enough` characters of them.

    Left out are captions, labels and lines of the page's own, and where an agency says it is from.
    """
    tree = _parsed(body)
    tree.strip_tags(_ASIDES, recursive=True)
    for node in tree.css(_FURNITURE):
        node.decompose()
    found = [tidy(node.text()) for node in tree.css("p")]
    paragraphs = [one for one in found if len(one) > _SHORT or _END.search(one)] or found
    words: list[str] = []
    for paragraph in paragraphs if any(paragraphs) else [_text(tree)]:
        dateline = None if words else _DATELINE.match(paragraph)
        words += paragraph[dateline.end() if dateline else 0 :].split()
        if sum(map(len, words)) > enough:
            break
    return " ".join(words)


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


def clip(text: str, length: int, language: str = "en") -> str:
    """At most `length` characters (code points) of a text: whole sentences, or words and an ellipsis.

    Nothing is cut within a grapheme, a link or a mention; what is cut off at all is at most about half of `length`.
    """
    text = tidy(text)

    def good(kept: str) -> bool:
        return len(kept) <= length

    if good(text):
        return text
    sentences, words = whole_sentences(text, good, language), whole_words(text, good)
    return sentences if len(sentences) * 2 >= len(words) else words


def tidy(text: str) -> str:
    """NFC, without control characters, with single spaces, at most one blank line, and direction runs closed."""
    if not text:
        return ""
    text = text.replace("\r\n", "\n").replace("\t", " ").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", _INVISIBLE.sub("", text)))
    if "\n" in text:
        text = _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in text.split("\n")))
    return _close(text.strip())


def whole_sentences(text: str, good: Callable[[str], bool], language: str) -> str:
    """The first sentences of a text that are `good` together; empty if the first one is not."""

    def finished(end: int) -> str:
        return _close(text[:end].rstrip())

    end = _last(sentence_ends(text, language), lambda end: good(finished(end)))
    return finished(end) if end else ""


def whole_words(text: str, good: Callable[[str], bool]) -> str:
    """As many words of a text as are `good` with an ellipsis behind them."""

    def finished(end: int) -> str:
        kept = _DANGLING.sub("", text[:end].rstrip())
        if any(stop == len(kept) for _, stop, _ in links(kept)):
            kept += " "  # Mastodon would take the ellipsis for a part of the link
        return _close(f"{kept}…" if kept else "")

    places = breaks(text)
    anywhere = _last(places, lambda end: good(finished(end)))
    # Thai or Chinese has few spaces: there a cut between two letters beats losing half of what fits.
    spaced = [place for place in places if place < len(text) and text[place].isspace() and place <= anywhere]
    end = spaced[-1] if spaced and spaced[-1] * 2 >= anywhere else anywhere
    return finished(end)


def sentence_ends(text: str, language: str) -> list[int]:
    """Where sentences and lines end, by the rules of a language."""
    parts = sentencex.segment(language.lower().replace("_", "-").split("-")[0], text)
    # It drops what it takes for invisible; then only lines are sure.
    parts = parts if "".join(parts) == text else text.splitlines(keepends=True)
    ends = {
        at + len(part.rstrip()) - len(part)
        for part, at in zip(parts, accumulate(map(len, parts)), strict=True)
    }
    ends |= {match.end() for match in _LINE.finditer(text)}
    return sorted(
        end
        for end in ends
        if end == len(text)
        or text[end - 1 : end] == "\n"
        or (
            _END.search(text, max(0, end - 30), end) and not _ABBREVIATION.search(text, max(0, end - 30), end)
        )
    )


def _last(places: list[int], good: Callable[[int], bool]) -> int:
    """The last good place as far as can be told by halving, and surely a good one; 0 if none is."""
    count = bisect_right(places, False, key=lambda place: not good(place))
    # A link or mention that a cut would create or end can make a longer text count less.
    while count and not good(places[count - 1]):
        count -= 1
    return places[count - 1] if count else 0


def _close(text: str) -> str:
    """The text with every direction run that it opens closed; a line's end closes those of the line."""
    if not any(opener in text for opener in _OPENERS):
        return text
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
