"""Words into lines: where they may break, which size fits, lines of like length, an ellipsis as the last resort."""

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from syndication.cards import breaks, fonts, patterns, shape
from syndication.errors import CardError

ELLIPSIS = "…"

# Explicit embeddings, overrides and isolates: a headline needs none, and they can make words read as others.
# Soft hyphens, as words are hyphenated where a line needs it and nowhere else. Controls, but for those that are blanks.
_CONTROLS = (*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0))
_DROPPED = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x00AD, *_CONTROLS])
# Letters that stand for several, and the forms that Arabic letters take in a word, as old systems wrote them: fonts
# that have the letters need not have these, and would not join or divide them.
_COMPATIBLE = (0x132, 0x133, 0x149, *range(0x1C4, 0x1CD), *range(0x1F1, 0x1F4), *range(0xFB00, 0xFB50))
_ARABIC_FORMS = (
    *range(0xFB50, 0xFBB2),
    *range(0xFBD3, 0xFD3E),
    *range(0xFD50, 0xFDF0),
    *range(0xFE80, 0xFEFD),
)
_LETTERS = {
    code: letters
    for code in (*_COMPATIBLE, *_ARABIC_FORMS)
    if (letters := unicodedata.normalize("NFKC", chr(code))).isprintable() and " " not in letters
}
_REPLACED = _DROPPED | _LETTERS
_BLANKS = re.compile(r"[^\S\u00a0\u2007\u202f]+")  # no-break spaces stay

# After these a line of Chinese or Japanese likes to end, at the price of lengths that are a little less even.
_PAUSES = frozenset("、。，；：！？」』》）")
_PAUSE = 0.15  # of the box's width, squared as lengths are

# A last line that is one word, and shorter than this share of the box, costs as much as a line of the other.
_WIDOW, _WIDOW_COST = 0.35, 0.45

# A line likes not to end so few letters after a pause, or after the start of a quotation.
_STRAY, _STRAY_COST = 9, 0.2  # the cost is a share of the box's width, squared as lengths are
_STARTS = re.compile(r"[,:;.!?…،؛؟।–—][\"”’»“)]*\x20|\x20(?=[“«„\"‘‚(])")

# Words are divided only where they would else be smaller than the middle of the sizes, and then at so much larger ones.
_WORTH_A_HYPHEN = 1.25
# Of the box's width, squared as lengths are: anywhere, and where words join.
_HYPHEN_COST, _SEAM_COST = 0.3, 0.1

# At the start of a line these hang outside, so that the letters below each other stand on one edge; of a full-width
# sign it is the empty half that does.
_HANGING = frozenset("“”„‟‘’‚‛«»‹›״׳\"'「『《〈（【")
_FULL_WIDTH = 0.8  # of the size

# The dangling ends that an ellipsis does not follow.
_BEFORE_ELLIPSIS = r"[\s\p{Pd},;:.،؛·|]+$"


class Cramped(CardError):
    """A box that has no room for one line."""


class Face(NamedTuple):
    """How words are set: font role, weight, leading and tracking in shares of the size, language, direction.

    `own` is the folder of the newsroom's own fonts, `hang` how far quotation marks may stand outside, in pixels.
    """

    role: str
    weight: int
    leading: float
    tracking: float
    language: str
    rtl: bool
    own: str = ""
    hang: float = 0


@dataclass(frozen=True)
class Line:
    """One line of glyphs in visual order, and its width in pixels without what hangs outside where it starts."""

    glyphs: tuple[shape.Glyph, ...]
    width: float

    @cached_property
    def ink(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of what is inked, in pixels, y upwards from the baseline; None if nothing is."""
        boxes = [ink for glyph in self.glyphs if (ink := glyph.ink())]
        if not boxes:
            return None
        left, top, right, bottom = zip(*boxes, strict=True)
        return min(left), max(top), max(right), min(bottom)


class Block(NamedTuple):
    """Words set in lines; pixels. `baseline` and `capital` are the first line's, from the block's top and up.

    `capitals`: no letter of them is a small one. `cut`: how many letters an ellipsis stands for.
    """

    lines: tuple[Line, ...]
    size: int
    pitch: float
    baseline: float
    capital: float
    capitals: bool = False
    cut: int = 0

    @property
    def width(self) -> float:
        """The longest line's width."""
        return max(line.width for line in self.lines)

    @property
    def height(self) -> float:
        """All lines with their leading."""
        return self.pitch * len(self.lines)

    def ink(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what is inked, from the block's top left."""
        boxes = []
        for index, line in enumerate(self.lines):
            if ink := line.ink:
                base = self.baseline + index * self.pitch
                boxes.append((ink[0], base - ink[1], ink[2], base - ink[3]))
        if not boxes:  # words of signs that draw nothing
            return 0.0, self.baseline - self.capital, self.width, self.baseline
        left, top, right, bottom = zip(*boxes, strict=True)
        return min(left), min(top), max(right), max(bottom)


def clean(text: str) -> str:
    """Text as it can be set on one paragraph: composed, blanks run together, nothing that draws nothing."""
    if text.isascii() and text.isprintable():  # as are most: nothing to compose or to drop
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", text).translate(_REPLACED)
    return _BLANKS.sub(" ", text).strip()


def upper(text: str, language: str) -> str:
    """Capitals as the language has them: dotted I in Turkish and Azeri, no tonos in Greek, no ligature in Armenian."""
    primary = language.lower().replace("_", "-").split("-")[0]
    if primary in ("tr", "az"):
        text = text.replace("i", "İ").replace("ı", "I")
    if primary == "hy":
        text = text.replace("և", "եվ")
    text = text.upper()
    if primary == "el":
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).replace("\u0301", ""))
    return text


def fit(
    text: str,
    face: Face,
    width: float,
    height: float,
    sizes: tuple[int, int],
    lines: int,
    most: int = 0,
    least: int = 0,
) -> Block:
    """Set cleaned `text` in the largest of `sizes` (pixels, from, to) at which it fits `lines` and the box.

    At the smallest, it may have `most` lines if that is more, and where that does not do, be as small as `least`;
    there words wider than the box break between graphemes, and what is still too long ends in an ellipsis.
    Raises Cramped if the box cannot hold one line, and MissingGlyph if a character has no glyph.
    """
    paragraph = _Paragraph(text, face)
    smallest, largest = sizes
    least, most = least or smallest, max(lines, most)
    if not paragraph.rows(least, height, lines):
        raise Cramped(f"a box of {width:.0f}x{height:.0f} pixels has no room for {text[:40]!r}")
    block = paragraph.largest((smallest, largest), width, height, lines)
    enough = smallest if block is None else math.ceil(block.size * _WORTH_A_HYPHEN)
    if lines > 1 and enough <= (decent := (smallest + largest) // 2):
        divided = _hyphenated(paragraph, paragraph.ends, decent, width)
        block = (divided.largest((enough, decent), width, height, lines) if divided else None) or block
    return (
        block
        or paragraph.largest((least, smallest), width, height, most)
        or _cut(paragraph, width, height, least, most)
    )


def _cut(paragraph: "_Paragraph", width: float, height: float, size: int, lines: int) -> Block:
    """What is left to do at the smallest size: any break there is, hyphens, breaks inside words, an ellipsis."""
    text, face = paragraph.text, paragraph.face
    if block := _broken_words(paragraph, width, height, size, lines):
        return block
    graphemes = [match.end() for match in patterns.compiled(patterns.GRAPHEME).finditer(text)]
    anywhere = _Paragraph(text, face, _with_word_breaks(paragraph, graphemes, size, width))
    if block := anywhere.set(size, width, height, lines):
        return block

    def shortened(end: int) -> Block | None:
        kept = patterns.compiled(_BEFORE_ELLIPSIS).sub("", text[:end])
        ends = (*[at for at in anywhere.ends if at < len(kept)], len(kept) + 1)
        return _Paragraph(kept + ELLIPSIS, face, ends).set(size, width, height, lines)

    for ends in (paragraph.ends, graphemes):
        low, high, best = 0, len(ends), None
        while low < high:
            middle = (low + high) // 2
            if block := shortened(ends[middle]):
                low, best = middle + 1, block
            else:
                high = middle
        if best:
            return best._replace(cut=sum(end > ends[low - 1] for end in graphemes))
    raise Cramped(f"a box of {width:.0f}x{height:.0f} pixels has no room for {text[:40]!r}")


def _broken_words(
    paragraph: "_Paragraph", width: float, height: float, size: int, lines: int
) -> Block | None:
    """The text with breaks that are shunned while there is room, then with hyphens in words wider than the box."""
    text, face = paragraph.text, paragraph.face
    loose = breaks.chances(text, face.language, loose=True)
    if loose != paragraph.ends and (block := _Paragraph(text, face, loose).set(size, width, height, lines)):
        return block
    divided = _hyphenated(paragraph, loose, size, width)
    return divided.set(size, width, height, lines) if divided else None


def _hyphenated(paragraph: "_Paragraph", ends: Sequence[int], size: int, width: float) -> "_Paragraph | None":
    """The text with breaks in words that are wider than the box at a size; None where none can be divided."""
    text, face = paragraph.text, paragraph.face
    parts, start = [], 0
    for end in ends:
        wide = paragraph.measure(size, start, end) > width
        parts.append(breaks.hyphenated(text[start:end], face.language) if wide else text[start:end])
        start = end
    hyphenated = "".join(parts)
    if hyphenated == text:
        return None
    return _Paragraph(
        hyphenated, face, breaks.chances(hyphenated, face.language, loose=ends != paragraph.ends)
    )


def _with_word_breaks(
    paragraph: "_Paragraph", graphemes: list[int], size: int, width: float
) -> tuple[int, ...]:
    """The paragraph's breaks, and any grapheme's end inside words that are wider than the box."""
    ends, start = set(paragraph.ends), 0
    for end in paragraph.ends:
        if paragraph.measure(size, start, end) > width:
            ends |= {at for at in graphemes if start < at < end}
        start = end
    return tuple(sorted(ends))


class _Paragraph:
    """A text with its items and breaks; knows its widths at any size."""

    def __init__(self, text: str, face: Face, ends: Sequence[int] | None = None) -> None:
        self.text, self.face = text, face
        self.script = shape.main_script(text)
        self.role = fonts.role_of(face.role, self.script)
        self.items = self._itemised(text)
        if self.role == "serif" and len(self.items) > 1 and shape.is_mixed(text, self.items, self.script):
            self.role = "sans"
            self.items = self._itemised(text)
        self.ends = breaks.chances(text, face.language) if ends is None else tuple(ends)
        self.main = fonts.main_face(self.role, face.weight, self.script, face.language, face.own)
        self.leading = max(face.leading, *(item.face.leading for item in self.items))
        self._offsets: dict[int, list[float]] = {}
        self._shares: dict[tuple[object, ...], list[float]] = {}
        self._solid = [len(text[:end].rstrip(" ")) for end in self.ends]  # line ends without their space

    def _itemised(self, text: str) -> tuple[shape.Item, ...]:
        face = self.face
        return shape.itemise(text, self.role, face.weight, face.language, face.own, rtl=face.rtl)

    @cached_property
    def _odds(self) -> dict[int, float]:
        """Breaks that are shunned, and what each costs as a share of the box's width."""
        starts = [match.end() for match in _STARTS.finditer(self.text)]
        odds = {end: _STRAY_COST for end in self.ends if any(0 < end - start <= _STRAY for start in starts)}
        hyphens = (end for end in self.ends if self.text[end - 1] == breaks.SOFT_HYPHEN)
        return odds | {end: _SEAM_COST if breaks.is_seam(self.text, end) else _HYPHEN_COST for end in hyphens}

    def measure(self, size: int, start: int, end: int) -> float:
        """Width of `text[start:end]`, spaces at its end not counted."""
        offsets = self._offsets.get(size) or self._offsets_at(size)
        return offsets[max(start, self._solid[bisect_right(self.ends, end - 1)])] - offsets[start]

    def _offsets_at(self, size: int) -> list[float]:
        """Where each character begins, in pixels. Sizes that are set in the same fonts are in proportion."""
        key = tuple(item.face.at(size) for item in self.items)
        if key not in self._shares:
            widths = shape.advances(self.text, self.items, size, self.face.language, self.face.tracking)
            self._shares[key] = [offset / size for offset in (0.0, *accumulate(widths))]
        self._offsets[size] = [share * size for share in self._shares[key]]
        return self._offsets[size]

    def rows(self, size: int, height: float, lines: int) -> int:
        """How many lines there may be at a size."""
        return min(lines, int((height + 0.01) / (size * self.leading)))

    def fits(self, size: int, width: float, height: float, lines: int) -> int:
        """The fewest lines that hold the text, 0 if it does not fit."""
        rows = self.rows(size, height, lines)
        offsets = self._offsets.get(size) or self._offsets_at(size)
        count, start, previous = 1, 0, 0
        for end, solid in zip(self.ends, self._solid, strict=True):
            if offsets[max(start, solid)] - offsets[start] > width:
                count, start = count + 1, previous
                if count > rows or offsets[max(start, solid)] - offsets[start] > width:
                    return 0
            previous = end
        return count if count <= rows else 0

    def largest(self, sizes: tuple[int, int], width: float, height: float, lines: int) -> Block | None:
        """The text at the largest of some sizes at which it fits, None if it fits at none."""
        smallest, high = sizes
        low = smallest
        while low < high:
            middle = (low + high + 1) // 2
            if self.fits(middle, width, height, lines):
                low = middle
            else:
                high = middle - 1
        fitting = (self.set(size, width, height, lines) for size in range(low, smallest - 1, -1))
        return next((block for block in fitting if block), None)

    def _balanced(self, size: int, width: float, count: int) -> list[tuple[int, int]]:
        """Split into `count` lines with the least sum of squared widths, which evens them out."""
        odds = self._odds if count > 1 else {}
        starts: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {0: (0.0, ())}
        for row in range(count):
            after: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {}
            for start, (cost, chosen) in starts.items():
                for end in self.ends[bisect_right(self.ends, start) :]:
                    length = self.measure(size, start, end)
                    if length > width:
                        break
                    if (end == len(self.text)) != (row == count - 1):
                        continue
                    pause = width * _PAUSE if self.text[end - 1] in _PAUSES else 0
                    alone = row and end == len(self.text) and " " not in self.text[start:end]
                    widow = width * _WIDOW_COST if alone and length < width * _WIDOW else 0
                    odd = width * odds.get(end, 0)
                    total = cost + length * length - pause * pause + widow * widow + odd * odd
                    if end not in after or total < after[end][0]:
                        after[end] = (total, (*chosen, (start, end)))
            starts = after
        return list(starts[len(self.text)][1])

    def set(self, size: int, width: float, height: float, lines: int) -> Block | None:
        """The text in lines, shaped; None if it does not fit.

        A line's first and last letter are not kerned with what now stands on another line, so that a line may come
        out a little wider than measured: then it is broken anew, more narrowly.
        """
        room = width
        while count := self.fits(size, room, height, lines):
            block = self._shaped(self._balanced(size, room, count), size)
            if block.width <= width:
                return block
            room -= max(block.width - width, 0.5)
        return None

    def _shaped(self, spans: list[tuple[int, int]], size: int) -> Block:
        face, lines = self.face, []
        for start, end in spans:
            text, items = self.text, self.items
            solid = start + len(text[start:end].rstrip(" "))
            if text[solid - 1] == breaks.SOFT_HYPHEN:
                text = f"{text[: solid - 1]}-{text[solid:]}"
                items = self._itemised(text)
            line = Line(*shape.line(text, items, start, solid, size, face.language, face.tracking))
            lines.append(self._hung(line, text[start], items, start, size))
        ascent, descent, capital = self.main.metrics(size, fonts.letter_of(self.script, face.language))
        pitch = size * self.leading
        baseline = (pitch + ascent - descent) / 2
        return Block(tuple(lines), size, pitch, baseline, capital, capitals=self.text.isupper())

    def _hung(self, line: Line, first: str, items: Sequence[shape.Item], start: int, size: int) -> Line:
        """The line with a quotation mark that it begins with outside."""
        rtl = self.face.rtl
        level = next(item.level for item in items if item.start <= start < item.end)
        # What is of the paragraph's own level begins at its edge; in words of the other direction it does not.
        if not self.face.hang or first not in _HANGING or level != int(rtl) or len(line.glyphs) < 2:
            return line
        glyph = line.glyphs[-1 if rtl else 0]
        width = glyph.font.get_glyph_h_advance(glyph.id) * glyph.scale
        out = min(width / 2 if width > size * _FULL_WIDTH else width, self.face.hang)
        glyphs = line.glyphs if rtl else tuple(one._replace(x=one.x - out) for one in line.glyphs)
        return Line(glyphs, line.width - out)
