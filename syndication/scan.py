"""The tags of an HTML page with their places in its bytes, after the tokenizer of the HTML standard (13.2.5).

A parser's tree does not say where in the file a tag stands, and writing a tree out changes bytes all over it.
What matters here is never to take for a tag what is none: text in comments, scripts, styles, attribute values.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

_MARKUP = re.compile(rb"<(?:(/?)([A-Za-z][^\t\n\f\r />]*)|!--|[!?/])")
_ATTRIBUTE = re.compile(
    rb"""[\t\n\f\r /]*(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*)"""
    rb"""(?:[\t\n\f\r ]*=[\t\n\f\r ]*"""
    rb"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\t\n\f\r >"'][^\t\n\f\r >]*)|(?=>)))?"""
)
_VALUE_BEGINS = re.compile(rb"[\t\n\f\r ]*=")
_TAG_END = re.compile(rb"[\t\n\f\r /]*>")
_SHORT_COMMENT = re.compile(rb"<!---?>")
_COMMENT_END = re.compile(rb"--!?>")
_SCRIPT_STEP = re.compile(rb"<!--|-->|<(/?)script(?=[\t\n\f\r />])", re.I)
_TEXT_ONLY = {
    name: re.compile(rb"</" + name + rb"(?=[\t\n\f\r />])", re.I)
    for name in b"title textarea style xmp iframe noembed noframes".split()
}
_FOREIGN = frozenset([b"svg", b"math"])
# The tags that end foreign content, as no <svg> may hold them (13.2.6.5).
_BREAKOUT = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu "
    b"meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
# Elements that never hold others, and those whose end nobody needs to write.
_NO_LEVEL = frozenset(
    b"area base br col embed hr img input link meta source track wbr html head body p li dd dt td tr th thead tbody "
    b"tfoot option optgroup colgroup rp rt".split()
)

MOST_NESTED = 5000
"""Levels of elements in a page: a parser's time grows with their square, and 200,000 take minutes (2026-11)."""


class Attribute(NamedTuple):
    """An attribute as it stands in the page, its name in lower case; `start` is where the space before it begins."""

    name: bytes
    value: bytes
    start: int
    end: int


class Tag(NamedTuple):
    """A tag, its name in lower case. For the start tag of a script, `content_end` is where its text ends."""

    name: bytes
    closing: bool
    start: int
    end: int
    attributes: tuple[Attribute, ...]
    content_end: int

    def get(self, name: bytes) -> bytes | None:
        """The raw value of an attribute, None without it; the first one counts, as everywhere in HTML."""
        return next((attribute.value for attribute in self.attributes if attribute.name == name), None)


def find_tags(page: bytes) -> Iterator[Tag]:
    """Every tag of the page in order, but for those inside <svg> and <math>. Ends where the markup breaks off."""
    return (tag for tag, in_foreign in _all_tags(page) if not in_foreign)


def nested_too_deep(page: bytes) -> bool:
    """Whether more than MOST_NESTED elements may be open at once. An end without a beginning ends nothing."""
    if page.count(b"<") <= MOST_NESTED:
        return False
    standing, depth = Counter[bytes](), 0
    for tag, in_foreign in _all_tags(page):
        if tag.name in _NO_LEVEL or (in_foreign and page.endswith(b"/>", 0, tag.end)):
            continue
        if not tag.closing:
            standing[tag.name] += 1
            depth += 1
        elif standing[tag.name]:
            standing[tag.name] -= 1
            depth -= 1
        if depth > MOST_NESTED:
            return True
    return False


def _all_tags(page: bytes) -> Iterator[tuple[Tag, bool]]:
    """Every tag, and whether it is <svg>, <math>, or inside one."""
    position, foreign = 0, 0
    while found := _MARKUP.search(page, position):
        name, closing = (found[2] or b"").lower(), bool(found[1])
        if not name:
            position = _comment_end(page, found.start(), in_foreign=foreign > 0)
            if position < 0:
                return
            continue
        position, attributes = _attributes(page, found.end())
        if position < 0:
            return
        tag = Tag(name, closing, found.start(), position, attributes, position)
        if name in _FOREIGN:
            if closing:
                foreign = max(0, foreign - 1)
            elif not page.endswith(b"/>", 0, position):
                foreign += 1
            yield tag, True
            continue
        if foreign and not (name in _BREAKOUT and not closing):
            yield tag, True
            continue
        foreign = 0
        if not closing and (name == b"script" or name in _TEXT_ONLY):
            position = _text_end(page, name, position)
            tag = tag._replace(content_end=position)
        if position >= 0:
            yield tag, False
        if position < 0 or name == b"plaintext":
            return


def _attributes(page: bytes, position: int) -> tuple[int, tuple[Attribute, ...]]:
    """Where the tag ends, -1 if it never does, and its attributes."""
    attributes: list[Attribute] = []
    while not (closed := _TAG_END.match(page, position)):
        found = _ATTRIBUTE.match(page, position)
        if not found:
            return -1, ()
        value = next((text for text in found.group("double", "single", "bare") if text is not None), None)
        if value is None and _VALUE_BEGINS.match(page, found.end()):
            return -1, ()  # a quote that is never closed swallows the rest of the page
        attributes.append(Attribute(found["name"].lower(), value or b"", position, found.end()))
        position = found.end()
    return closed.end(), tuple(attributes)


def _comment_end(page: bytes, start: int, *, in_foreign: bool) -> int:
    """Where a comment, doctype or other such declaration ends; -1 if it never does."""
    if page.startswith(b"<!--", start):
        if short := _SHORT_COMMENT.match(page, start):
            return short.end()
        end = _COMMENT_END.search(page, start + 4)
        return end.end() if end else -1
    mark = b"]]>" if in_foreign and page.startswith(b"<![CDATA[", start) else b">"
    at = page.find(mark, start)
    return at + len(mark) if at >= 0 else -1


def _text_end(page: bytes, name: bytes, position: int) -> int:
    """Where the text of a script, style, title, ... ends: at its end tag. -1 if it has none."""
    if name in _TEXT_ONLY:
        end = _TEXT_ONLY[name].search(page, position)
        return end.start() if end else -1
    # In a script, `<!-- <script>` hides one `</script>` from the parser (13.2.5.20 to .31).
    escaped, doubly = False, False
    while step := _SCRIPT_STEP.search(page, position):
        position = step.end()
        if step[0] == b"<!--":
            escaped, position = True, step.start() + 2  # its dashes may be those of `-->`
        elif step[0] == b"-->":
            escaped = doubly = False
        elif not step[1]:
            doubly = escaped
        elif doubly:
            doubly = False
        else:
            return step.start()
    return -1
