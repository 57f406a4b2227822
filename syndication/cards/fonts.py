"""Fonts and shaping: text in logical order -> positioned glyphs, with bidirectional order and fallback by script.

Text is cut into items of one embedding level (UAX #9), one script and one font; each is shaped by HarfBuzz with its
script and language, in the context of the whole text, so that letters join across items and lines.
"""

import importlib.metadata
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import groupby

import fontpkg
import regex
import uharfbuzz as hb

from syndication.cards import order
from syndication.errors import CardError

# The families of each role, by script: the first that has the character draws it. `_REST` follows for all scripts.
_STACKS: dict[str, dict[str, tuple[str, ...]]] = {
    "serif": {
        "Arab": ("Amiri", "Noto Sans Arabic"),
        "Hebr": ("Frank Ruhl Libre", "Heebo"),
        "": ("Source Serif 4",),
    },
    "sans": {"Arab": ("Noto Sans Arabic",), "Hebr": ("Heebo",), "": ("Inter",)},
}
_REST = ("Inter", "Noto Sans")

# How a family is set beside Source Serif and Inter, which draw larger in the same size: scale, least leading.
_TUNING = {"Amiri": (1.14, 1.44), "Noto Sans Arabic": (1.0, 1.36), "Frank Ruhl Libre": (1.1, 1.12)}

_SCRIPTS = {"Latin": "Latn", "Cyrillic": "Cyrl", "Greek": "Grek", "Arabic": "Arab", "Hebrew": "Hebr"}
_CASED = frozenset({"Latn", "Cyrl", "Grek"})
_SCRIPT_RUNS = regex.compile(
    "|".join(rf"(?P<{tag}>\p{{Script={name}}}+)" for name, tag in _SCRIPTS.items())
    + r"|(?P<Zyyy>[\p{Script=Common}\p{Script=Inherited}]+)|(?P<Zzzz>.)",
    regex.DOTALL,
)
# What HarfBuzz draws by other means where a font lacks it: spaces, the no-break hyphen, invisible characters.
_NEEDS_NO_GLYPH = regex.compile(r"[\p{Zs}\u2011\p{Default_Ignorable_Code_Point}]")


@dataclass(frozen=True)
class Face:
    """One font file at one weight. `scale` and `leading` are how it is set beside the Latin faces."""

    family: str
    weight: int
    scale: float
    leading: float

    @cached_property
    def face(self) -> hb.Face:
        """The file, as HarfBuzz holds it: mapped from disk, shared by all weights of a variable font."""
        return _file(str(fontpkg.path(self.family, self.weight, nearest=True)))[0]

    @cached_property
    def characters(self) -> frozenset[int]:
        """The code points that the font has a glyph for."""
        return _file(str(fontpkg.path(self.family, self.weight, nearest=True)))[1]

    def has(self, character: str) -> bool:
        """Whether the font can draw the character."""
        return ord(character) in self.characters or _NEEDS_NO_GLYPH.match(character) is not None

    def at(self, size: float) -> hb.Font:
        """The font for a size in pixels: its weight, and its optical size where it has that axis."""
        return _instance(self, round(size))

    def metrics(self, size: float) -> tuple[float, float, float]:
        """Ascent, descent and height of capitals in pixels, all positive upwards but descent, which is below."""
        extents = self.at(size).get_font_extents("ltr")
        capital = self.at(size).get_glyph_extents(self.at(size).get_nominal_glyph(ord("H")) or 0)
        factor = size * self.scale / self.face.upem
        height = capital.y_bearing if capital else extents.ascender * 0.7
        return extents.ascender * factor, -extents.descender * factor, height * factor


@cache
def _file(path: str) -> tuple[hb.Face, frozenset[int]]:
    face = hb.Face(hb.Blob.from_file_path(path))
    return face, frozenset(face.unicodes)


@cache
def _face(family: str, weight: int) -> Face:
    return Face(family, weight, *_TUNING.get(family, (1.0, 1.0)))


@lru_cache(maxsize=256)
def _instance(face: Face, size: int) -> hb.Font:
    font = hb.Font(face.face)
    axes: dict[str, tuple[float, float]] = {
        axis.tag: (axis.min_value, axis.max_value) for axis in face.face.axis_infos
    }
    wanted = {"wght": face.weight, "opsz": size}
    font.set_variations(
        {tag: min(max(wanted[tag], axes[tag][0]), axes[tag][1]) for tag in wanted if tag in axes}
    )
    return font


@lru_cache(maxsize=1)
def version() -> str:
    """The installed fonts and their versions: another font is another card."""
    families = sorted(
        {*_REST, *(name for stack in _STACKS.values() for names in stack.values() for name in names)}
    )
    return " ".join(
        f"{name} {importlib.metadata.version(f'fontpkg-{fontpkg.slugify(name)}')}" for name in families
    )


def main_face(role: str, weight: int, script: str = "") -> Face:
    """The face that text of a script is mostly set in; its metrics place the lines."""
    stack = _STACKS[role]
    return _face(stack.get(script, stack[""])[0], weight)


@dataclass(frozen=True)
class Item:
    """A stretch of a text, `start` to `end`, that is shaped in one piece."""

    start: int
    end: int
    level: int
    script: str
    face: Face

    @property
    def cased(self) -> bool:
        """Whether the script has capitals, and so may be tracked."""
        return self.script in _CASED


@dataclass(frozen=True)
class Glyph:
    """One glyph of a line: where its origin stands in pixels, y upwards, and pixels for each font unit."""

    font: hb.Font
    id: int
    x: float
    y: float
    scale: float


@lru_cache(maxsize=512)
def itemise(text: str, role: str, weight: int, *, rtl: bool) -> tuple[Item, ...]:
    """Cut a text into items, in logical order. Raises CardError for a character that no installed font has."""
    scripts = _scripts(text)
    faces: list[Face] = []
    for character, script in zip(text, scripts, strict=True):
        previous = faces[-1] if faces and script == scripts[len(faces) - 1] else None
        faces.append(_choose(character, script, role, weight, previous))
    keys = list(zip(order.levels(text, rtl=rtl), scripts, faces, strict=True))
    items = []
    for (level, script, face), group in groupby(range(len(text)), keys.__getitem__):
        indexes = list(group)
        items.append(Item(indexes[0], indexes[-1] + 1, level, script, face))
    return tuple(items)


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
                if widths[index]:
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
        buffer = _shape(text, max(start, item.start), min(end, item.end), item, font, language)
        space = tracking * size if item.cased else 0
        previous = None
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            if previous is not None and info.cluster != previous:
                x += space
            previous = info.cluster
            if info.codepoint == 0 and not _NEEDS_NO_GLYPH.match(text[info.cluster]):
                raise missing(text[info.cluster])
            glyphs.append(
                Glyph(
                    font, info.codepoint, x + position.x_offset * factor, position.y_offset * factor, factor
                )
            )
            x += position.x_advance * factor
        x += space
    return tuple(glyphs), max(x, 0)


def missing(character: str) -> CardError:
    """The error for a character that no installed font has."""
    name = unicodedata.name(character, "a character without a name")
    return CardError(
        f"no installed font has {character!r} (U+{ord(character):04X} {name})",
        f"Cards can be set in {', '.join(_SCRIPTS)} so far; write the words without it, or in one of these scripts.",
    )


def _choose(character: str, script: str, role: str, weight: int, previous: Face | None) -> Face:
    if previous and previous.has(character):
        preferred = main_face(role, weight, script)
        if previous is preferred or not preferred.has(character):
            return previous
    stack = _STACKS[role]
    if script == "Zzzz":
        raise missing(character)
    others = (family for families in stack.values() for family in families)
    for family in (*stack.get(script, ()), *stack[""], *_REST, *others):
        if (face := _face(family, weight)).has(character):
            return face
    raise missing(character)


def _scripts(text: str) -> list[str]:
    """The script of each character; what scripts share (spaces, digits, points) goes with what stands before it.

    A closing bracket or quotation mark goes with the one that it closes.
    """
    runs = [(match.lastgroup or "", match[0]) for match in _SCRIPT_RUNS.finditer(text)]
    current = next((script for script, _ in runs if script != "Zyyy"), "Latn")
    scripts: list[str] = []
    opened: list[str] = []
    for script, run in runs:
        current = current if script == "Zyyy" else script
        for character in run:
            kind = unicodedata.category(character)
            if kind in ("Pe", "Pf") and opened:
                current = opened.pop()
            scripts.append(current)
            if kind in ("Ps", "Pi"):
                opened.append(current)
    return scripts


def _shape(text: str, start: int, end: int, item: Item, font: hb.Font, language: str) -> hb.Buffer:
    buffer = hb.Buffer()
    buffer.add_str(text, start, end - start)
    buffer.direction = "rtl" if item.level % 2 else "ltr"
    buffer.script = item.script
    buffer.language = language
    hb.shape(font, buffer)
    return buffer
