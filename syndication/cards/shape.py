"""Shaping: text in logical order -> positioned glyphs, with bidirectional order and fallback by script.

Text is cut into items of one embedding level (UAX #9), one script and one font; each is shaped by HarfBuzz with its
script and language, in the context of the whole text, so that letters join across items and lines.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import uharfbuzz as hb

from syndication.cards import fonts, order, patterns
from syndication.errors import MissingGlyph

_CASED = frozenset({"Latn", "Cyrl", "Grek", "Armn"})
_COMMON, _OTHER = "Zyyy", "Other"
_SCRIPT_RUNS = (
    "(?s)"
    + "|".join(rf"(?P<{tag}>\p{{Script={tag}}}+)" for tag in fonts.SCRIPTS)
    + rf"|(?P<{_COMMON}>[\p{{Script=Common}}\p{{Script=Inherited}}]+)|(?P<{fonts.PRIVATE}>\p{{Co}})|(?P<{_OTHER}>.)"
)
_BEYOND_LATIN = "\u0250"  # what comes before is Latin or shared by all scripts
_EAST_ASIAN = frozenset({"Hani", "Hira", "Kana", "Bopo", "Hang"})
_GEMINATE = re.compile("l(?=·l)")
# What begins and what ends in an empty half (W3C, "Requirements for Chinese Text Layout" 3.1.6.1 and its like for
# Japanese): of two beside each other one is set without it.
_OPENING, _CLOSING = "「『《〈（【〔“‘", "」』》〉）】〕”’、。，．：；！？"
_CROWDED = re.compile(f"(?<=[{_OPENING}{_CLOSING}])[{_OPENING}]|[{_CLOSING}](?=[{_CLOSING}])")
_FIRST_FULL_WIDTH = "\u3001"
_INNER_BLANKS = r"(?<!^)\x20(?!$)"

# Emoji sequences (UTS #51) that are shown as pictures: flags, and what is one by default or asks to be one.
_ELEMENT = r"\p{Emoji}(?:\p{EMod}|\ufe0f\u20e3?|[\U000e0020-\U000e007e]+\U000e007f)?"
_PICTURES = (
    rf"\p{{RI}}{{2}}|(?=\p{{Emoji_Presentation}}(?!\ufe0e)|\p{{Emoji}}(?:\ufe0f|\p{{EMod}}|\u200d\p{{Emoji}}))"
    rf"{_ELEMENT}(?:\u200d{_ELEMENT})*"
)


class Item(NamedTuple):
    """A stretch of a text, `start` to `end`, that is shaped in one piece."""

    start: int
    end: int
    level: int
    script: str
    face: fonts.Face

    @property
    def cased(self) -> bool:
        """Whether the script has capitals, and so may be tracked."""
        return self.script in _CASED


class Glyph(NamedTuple):
    """One glyph of a line: where its origin stands in pixels, y upwards, and pixels for each font unit."""

    font: hb.Font
    id: int
    x: float
    y: float
    scale: float
    colored: bool = False

    def ink(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of its outline on the line, in pixels, y upwards; None if it has none."""
        if not (outline := _outline(self.font, self.id)):
            return None
        (_, _, x, y, scale, _), (left, top, right, bottom) = self, outline
        return x + left * scale, y + top * scale, x + right * scale, y + bottom * scale


@lru_cache(maxsize=4096)
def _outline(font: hb.Font, glyph: int) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of a glyph's outline in the font's units, y upwards."""
    if not (box := font.get_glyph_extents(glyph)):
        return None
    return box.x_bearing, box.y_bearing, box.x_bearing + box.width, box.y_bearing + box.height


@lru_cache(maxsize=512)
def main_script(text: str) -> str:
    """The script that most letters of a text are of; Latin if it has no letters."""
    if max(text, default="") < _BEYOND_LATIN:
        return "Latn"
    runs = Counter[str]()
    for match in patterns.compiled(_SCRIPT_RUNS).finditer(text):
        if match.lastgroup in fonts.SCRIPTS:
            runs[match.lastgroup or ""] += len(match[0])
    return runs.most_common(1)[0][0] if runs else "Latn"


@lru_cache(maxsize=512)
def itemise(text: str, role: str, weight: int, language: str, own: str, *, rtl: bool) -> tuple[Item, ...]:
    """Cut a text into items, in logical order. Raises CardError for a character that no font has."""
    pictures = {}
    if max(text, default="") >= _BEYOND_LATIN:
        pictures = {match.start(): match.end() for match in patterns.compiled(_PICTURES).finditer(text)}
    scripts = _scripts(text)
    faces: list[fonts.Face] = []
    start = 0
    if not pictures and len({*scripts}) == 1 and scripts[0] != fonts.PRIVATE:
        main = fonts.main_face(role, weight, scripts[0], language, own)
        if main.has(text):  # as most texts are: in one script, and its font has them whole
            faces, start = [main] * len(text), len(text)
    while start < len(text):
        end = pictures.get(start)
        if end and fonts.emoji().has(text[start:end]):
            faces += [fonts.emoji()] * (end - start)
            scripts[start:end] = [_COMMON] * (end - start)
        else:
            cluster = patterns.compiled(patterns.GRAPHEME).match(text, start)
            end = cluster.end() if cluster else start + 1
            previous = faces[-1] if faces and scripts[start - 1] == scripts[start] else None
            faces += _choose(text[start:end], scripts[start], role, weight, language, own, previous)
        start = end
    keys = list(zip(order.levels(text, rtl=rtl), scripts, faces, strict=True))
    items = []
    for (level, script, face), group in groupby(range(len(text)), keys.__getitem__):
        indexes = list(group)
        items.append(Item(indexes[0], indexes[-1] + 1, level, script, face))
    return tuple(items)


def is_mixed(text: str, items: Sequence[Item], script: str) -> bool:
    """Whether letters of one script stand in a serif and, as that lacks some, in a sans as well."""
    families = {
        item.face.family
        for item in items
        if item.script == script and any(map(str.isalpha, text[item.start : item.end]))
    }
    return len(families) > 1 and not fonts.SANS.isdisjoint(families)


def advances(text: str, items: Sequence[Item], size: float, language: str, tracking: float) -> list[float]:
    """How far each character of a text moves the pen, in pixels; a cluster's whole advance stands at its first."""
    widths = [0.0] * len(text)
    for item in items:
        font, factor = item.face.at(size), size * item.face.scale / item.face.face.upem
        buffer = _shape(text, item.start, item.end, item, font, language)
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            widths[info.cluster] += position.x_advance * factor
        if item.cased and tracking:
            for index in range(item.start, item.end):
                if widths[index] and not _keeps_blank(text, index, tracking):
                    widths[index] += tracking * size
    return widths


def line(
    text: str, items: Sequence[Item], start: int, end: int, size: float, language: str, tracking: float
) -> tuple[tuple[Glyph, ...], float]:
    """The glyphs of `text[start:end]` as one line, in visual order, and its width in pixels."""
    glyphs, x = [], 0.0
    inside = [item for item in items if item.start < end and item.end > start]
    for index in order.visual([item.level for item in inside]):
        item = inside[index]
        font, factor = item.face.at(size), size * item.face.scale / item.face.face.upem
        colored = item.face.colored
        buffer = _shape(text, max(start, item.start), min(end, item.end), item, font, language)
        space = tracking * size if item.cased else 0
        previous = None
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            if (
                previous is not None
                and info.cluster != previous
                and not _keeps_blank(text, previous, tracking)
            ):
                x += space
            previous = info.cluster
            if info.codepoint == 0 and not item.face.has(text[info.cluster]):
                raise missing(text[info.cluster])
            glyphs.append(
                Glyph(
                    font,
                    info.codepoint,
                    x + position.x_offset * factor,
                    position.y_offset * factor,
                    factor,
                    colored,
                )
            )
            x += position.x_advance * factor
        x += space
    return tuple(glyphs), max(x, 0)


def _keeps_blank(text: str, index: int, tracking: float) -> bool:
    """Whether a character is a blank or stands before one, and tight tracking would run two words together."""
    return tracking < 0 and " " in text[index : index + 2]


def missing(character: str) -> MissingGlyph:
    """The error for a character that no font has; it says what would help."""
    name = unicodedata.name(character, "a character without a name")
    script = patterns.compiled(_SCRIPT_RUNS).match(character)
    if script and script.lastgroup in _EAST_ASIAN:
        hint = "Fonts for Chinese, Japanese and Korean are an extra: pip install 'syndication[cjk]'"
    elif unicodedata.category(character) in ("Co", "Cn", "Cs", "Cc"):
        hint = "It has no form that all readers know; write the words without it."
    else:
        hint = (
            "Write the words without it, or put a font that has it into the folder `sans` of the folder that"
            " `fonts` in [brand] names; among the Noto fonts there is one for nearly every script."
        )
    return MissingGlyph(f"no installed font has {character!r} (U+{ord(character):04X} {name})", hint)


def _choose(
    cluster: str, script: str, role: str, weight: int, language: str, own: str, previous: fonts.Face | None
) -> list[fonts.Face]:
    """A face for each character of a grapheme, one for all if a font has them all: most wanted, or as before it."""
    if script != fonts.PRIVATE:
        main = fonts.main_face(role, weight, script, language, own)
        # A Nastaliq's own blank is too narrow between figures of another font.
        blank = cluster == " " and previous and main.family == fonts.NASTALIQ
        if main.has(cluster) and not blank:
            return [main] * len(cluster)
        if previous and previous.has(cluster):
            return [previous] * len(cluster)
    for face in fonts.stack(role, weight, script, language, own):
        if face.has(cluster):
            return [face] * len(cluster)
    if len(cluster) == 1:
        raise missing(cluster)
    return [face for one in cluster for face in _choose(one, script, role, weight, language, own, previous)]


def _scripts(text: str) -> list[str]:
    """The script of each character; what scripts share (spaces, digits, points) goes with what stands before it.

    A closing bracket or quotation mark goes with the one that it closes, and a blank between two scripts with the
    text's main one, so that a name in other letters stands between blanks of like width.
    """
    if max(text, default="") < _BEYOND_LATIN:
        return ["Latn"] * len(text)
    runs = [(match.lastgroup or "", match[0]) for match in patterns.compiled(_SCRIPT_RUNS).finditer(text)]
    current = next((script for script, _ in runs if script != _COMMON), "Latn")
    scripts: list[str] = []
    opened: list[str] = []
    for script, run in runs:
        current = current if script == _COMMON else script
        for character in run:
            kind = unicodedata.category(character)
            if kind in ("Pe", "Pf") and opened:
                current = opened.pop()
            scripts.append(current)
            if kind in ("Ps", "Pi"):
                opened.append(current)
    main = main_script(text)
    for blank in patterns.compiled(_INNER_BLANKS).finditer(text):
        if scripts[blank.start() - 1] != scripts[blank.end()]:
            scripts[blank.start()] = main
    return scripts


def _features(text: str, start: int, end: int) -> dict[str, Sequence[tuple[int, int, bool]]]:
    """How a stretch of text is set otherwise than the font would: no kerning after the point of a Catalan l·l, which
    Source Serif sets into the letters; of two full-width marks beside each other one without its empty half."""
    if text.isascii():  # as most are, and then there is none of this
        return {}
    features = {}
    if "l·l" in text:
        features["kern"] = [(match.start() + 1, False) for match in _GEMINATE.finditer(text, start, end)]
    if max(text, default="") >= _FIRST_FULL_WIDTH:
        features["halt"] = [(match.start(), True) for match in _CROWDED.finditer(text, start, end)]
    return {
        tag: [(place, place + 1, value) for place, value in places]
        for tag, places in features.items()
        if places
    }


def _shape(text: str, start: int, end: int, item: Item, font: hb.Font, language: str) -> hb.Buffer:
    buffer = hb.Buffer()
    buffer.add_str(text, start, end - start)
    if item.script not in fonts.SCRIPTS:
        buffer.guess_segment_properties()
    else:
        buffer.script = item.script
    buffer.direction = "rtl" if item.level % 2 else "ltr"
    buffer.language = language
    hb.shape(font, buffer, _features(text, start, end))
    return buffer
