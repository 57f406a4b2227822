"""The Unicode consortium's own tests, as Debian's package `unicode-data` has them (version 15.0)."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import regex

from syndication.cards import breaks, fonts, order, shape, typeset

DATA = Path(os.environ.get("UNICODE_DATA", "/usr/share/unicode"))


def lines(name: str) -> Iterator[str]:
    """The lines of a file that are no comments."""
    if not (DATA / name).exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            f"{DATA / name}: not there; apt install unicode-data, or say where it is in UNICODE_DATA"
        )
    for line in (DATA / name).read_text("utf-8").splitlines():
        if told := line.partition("#")[0].strip():
            yield told


def broken(name: str) -> Iterator[tuple[str, list[int]]]:
    """Each text of a file of breaks, and where it may break; lone surrogates are no text."""
    for line in lines(f"auxiliary/{name}.txt"):
        _, *parts = line.split()
        text = "".join(chr(int(code, 16)) for code in parts[::2])
        if not regex.search(r"\p{Cs}", text):
            yield text, [index for index, sign in enumerate(parts[1::2], 1) if sign == "÷"]


def characters(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


def test_graphemes() -> None:
    """A grapheme is what Unicode says; one case is of a symbol that counts as a picture no longer."""
    wrong = [text for text, ends in broken("GraphemeBreakTest") if graphemes(text) != set(ends)]
    assert wrong in ([], ["\u2701\u200d\u2701"])


def graphemes(text: str) -> set[int]:
    return {match.end() for match in regex.finditer(r"\X", text)}


# What Unicode 15.1 and 16 changed in UAX #14 after the tests of 15.0, by the rule: which of their cases are concerned,
# how many those are, and whether the new rule forbids a break there or allows one. ICU has the new rules.
CHANGED = {
    "LB20a: a hyphen stays with the word that it begins": (
        r"-\u0308?[#\u05d0§\U00050005\u0e01]",
        10,
        "forbids",
    ),
    "LB25: a stop or a comma stays with the figure after it": (r",\u0308?0|.*[aA]\.\d.*", 13, "forbids"),
    "LB15c: a decimal without a figure before its point begins a word": (r"equals \.35 cents", 1, "moves"),
    "LB15, ended: a straight mark may close, and then nothing holds the bracket": (
        r'"\u0308? [(\u2329]',
        4,
        "allows",
    ),
    "LB15b: nothing breaks before a quotation mark that closes": (r"ambigu[({]« \u0308 ».*", 2, "forbids"),
    "LB15a: only a mark that surely opens keeps a bracket after its blank": (
        r"ambigu« [({] \u0308 .*",
        2,
        "allows",
    ),
    "LB21a: two words of Hebrew may part after their hyphen": (r"\u05d0-\u05d0", 1, "allows"),
}


def test_line_breaks() -> None:
    """Lines break as UAX #14 says, but never in a grapheme; what differs of 7,654 cases is of a newer rule."""
    found, count = Counter[str](), 0
    for text, ends in broken("LineBreakTest"):
        count += 1
        told, ours = set(ends) & graphemes(text), set(breaks.chances(text, "und", loose=True))
        if told != ours:
            how = "moves" if told - ours and ours - told else "forbids" if told - ours else "allows"
            rules = [
                rule for rule, (case, _, does) in CHANGED.items() if does == how and re.fullmatch(case, text)
            ]
            assert len(rules) == 1, (text, sorted(told), sorted(ours), rules)
            found[rules[0]] += 1
    assert count > 7000
    assert all(found[rule] <= most for rule, (_, most, _) in CHANGED.items()), found


def test_bidirectional_order() -> None:
    """Every case of UAX #9 without explicit controls, which headlines lose, is put in the order that it tells."""
    wrong, count = [], 0
    for line in lines("BidiCharacterTest.txt"):
        codes, direction, _, levels, places = line.split(";")
        text = characters(codes)
        # A direction of 2 is one that is guessed from the text; a story's is told by its language.
        if direction == "2" or typeset.clean(text) != text:
            continue
        count += 1
        shown = order.visual(order.levels(text, rtl=direction == "1"))
        kept = [level != "x" for level in levels.split()]
        if [index for index in shown if kept[index]] != [int(place) for place in places.split()]:
            wrong.append(text)
    assert count > 10_000
    assert wrong == []


def test_emoji() -> None:
    """Each of the 3,655 emoji that Unicode recommends is one picture, whatever it is put together of."""
    drawn = 0
    for line in lines("emoji/emoji-test.txt"):
        codes, _, status = re.split(r"\s*(;)\s*", line)
        if status != "fully-qualified":
            continue
        text = characters(codes)
        (item,) = shape.itemise(text, "sans", 400, "en", "", rtl=False)
        glyphs, width = shape.line(text, (item,), 0, len(text), 50, "en", 0)
        assert item.face.family == fonts.EMOJI, text
        assert [glyph.id for glyph in glyphs if glyph.x < width].count(0) == 0, text
        assert len({glyph.x for glyph in glyphs if glyph.x < width}) == 1, text
        drawn += 1
    assert drawn > 3600
