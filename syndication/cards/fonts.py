"""Font files, and which of them draws what: families by role and script, each file opened when it is first asked.

All are under the OFL and come by pip; colour emoji and Nastaliq, which no package of pip's has, lie beside this file.
A newsroom's own fonts come before ours: a folder with `serif`, `sans`, or a language's tag such as `ur` in it.
"""

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import uharfbuzz as hb
from babel.core import get_global

from syndication.cards import patterns
from syndication.errors import ConfigError

EMOJI = "Noto Color Emoji"
CJK = "Noto Sans CJK"
NASTALIQ = "Noto Nastaliq Urdu"
PRIVATE = "Zzzz"  # as Unicode calls the script of characters that it leaves to private use

# What HarfBuzz draws by other means where a font lacks it: spaces, the no-break hyphen, invisible characters.
_NEEDS_NO_GLYPH = r"[\p{Zs}\u2011\p{Default_Ignorable_Code_Point}]"


class _Script(NamedTuple):
    """How a script is set: the families of each role, and a letter whose height stands for that of capitals.

    Without a serif the whole of a text in it is set in sans, as nothing is uglier than half of each.
    """

    sans: tuple[str, ...]
    serif: tuple[str, ...] = ()
    letter: str = "H"


_LATIN = _Script(("Inter",), ("Source Serif 4",))
_HAN = _Script((CJK,), letter="田")
SCRIPTS = {
    "Latn": _LATIN,
    "Cyrl": _LATIN,
    "Grek": _LATIN,
    "Arab": _Script(("Noto Sans Arabic",), ("Amiri", "Noto Sans Arabic")),
    "Hebr": _Script(("Heebo",), ("Frank Ruhl Libre", "Heebo")),
    "Armn": _Script(("Noto Sans Armenian",), letter="Ա"),
    "Geor": _Script(("Noto Sans Georgian",), letter="ჰ"),
    "Deva": _Script(("Noto Sans Devanagari",), letter="क"),
    "Beng": _Script(("Noto Sans Bengali",), letter="ক"),
    "Guru": _Script(("Noto Sans Gurmukhi",), letter="ਕ"),
    "Gujr": _Script(("Noto Sans Gujarati",), letter="ક"),
    "Orya": _Script(("Noto Sans Oriya",), letter="କ"),
    "Taml": _Script(("Noto Sans Tamil",), letter="க"),
    "Telu": _Script(("Noto Sans Telugu",), letter="క"),
    "Knda": _Script(("Noto Sans Kannada",), letter="ಕ"),
    "Mlym": _Script(("Noto Sans Malayalam",), letter="ക"),
    "Sinh": _Script(("Noto Sans Sinhala",), letter="ක"),
    "Thai": _Script(("Noto Sans Thai",), letter="ก"),
    "Laoo": _Script(("Noto Sans Lao",), letter="ກ"),
    "Khmr": _Script(("Noto Sans Khmer",), letter="ក"),
    "Mymr": _Script(("Noto Sans Myanmar",), letter="က"),
    "Ethi": _Script(("Noto Sans Ethiopic",), letter="ሀ"),
    **dict.fromkeys(("Hani", "Hira", "Kana", "Bopo", "Hang"), _HAN),
}
# In these languages Arabic letters are written in the hanging hand, and the level one reads as a stopgap. A figure
# stands for its capitals, as the font's letters are empty until they are shaped.
_HANGING = frozenset("ur ks pa pnb skr".split())
_NASTALIQ = _Script((NASTALIQ, "Noto Sans Arabic"), (NASTALIQ, "Amiri", "Noto Sans Arabic"), letter="۱")
SANS = frozenset((*_LATIN.sans, "Noto Sans"))
"""The families that stand in where the serif lacks a letter."""

# Then these are asked, whatever the script; the last two for signs that Inter lacks.
_REST = ("Inter", "Noto Sans", "Noto Sans Symbols", "Noto Emoji")

# How a family is set beside Source Serif and Inter: scale, and the least leading at which lines do not touch.
_TUNING = {
    "Amiri": (1.14, 1.44),
    "Noto Sans Arabic": (1.0, 1.36),
    NASTALIQ: (1.06, 2.2),
    "Frank Ruhl Libre": (1.1, 1.12),
    "Noto Sans Armenian": (1.0, 1.16),
    "Noto Sans Georgian": (1.0, 1.18),
    "Noto Sans Devanagari": (1.06, 1.34),
    "Noto Sans Bengali": (1.06, 1.34),
    "Noto Sans Gurmukhi": (1.06, 1.34),
    "Noto Sans Gujarati": (1.06, 1.34),
    "Noto Sans Oriya": (1.0, 1.36),
    "Noto Sans Tamil": (1.0, 1.34),
    "Noto Sans Telugu": (1.0, 1.42),
    "Noto Sans Kannada": (1.0, 1.42),
    "Noto Sans Malayalam": (1.0, 1.34),
    "Noto Sans Sinhala": (1.0, 1.34),
    "Noto Sans Thai": (1.0, 1.42),
    "Noto Sans Lao": (1.0, 1.46),
    "Noto Sans Khmer": (1.0, 1.56),
    "Noto Sans Myanmar": (1.0, 1.72),
    "Noto Sans Ethiopic": (1.0, 1.2),
    CJK: (1.0, 1.24),
    EMOJI: (0.9, 1.1),
}

# In which package and file a family lies; those not here are in manimgx_fonts under their own name.
_FILES = {
    "Inter": ("fontpkg_inter", "files/Inter[opsz,wght].ttf"),
    "Source Serif 4": ("fontpkg_source_serif_4", "files/SourceSerif4[opsz,wght].ttf"),
    "Frank Ruhl Libre": ("fontpkg_frank_ruhl_libre", "files/FrankRuhlLibre[wght].ttf"),
    "Heebo": ("fontpkg_heebo", "files/Heebo[wght].ttf"),
    "Noto Sans Arabic": ("fontpkg_noto_sans_arabic", "files/NotoSansArabic[wdth,wght].ttf"),
    "Amiri": ("fontpkg_amiri", "files/Amiri-Regular.ttf"),
    "Amiri Bold": ("fontpkg_amiri", "files/Amiri-Bold.ttf"),
    CJK: ("manimgx_fonts_cjk", "NotoSansCJK-VF.otf.ttc"),
    EMOJI: ("syndication", "cards/emoji/NotoColorEmoji.ttf"),
    NASTALIQ: ("syndication", "cards/nastaliq/NotoNastaliqUrdu[wght].ttf"),
}


@dataclass(frozen=True, eq=False)
class Face:
    """One font file at one weight. `scale` and `leading` are how it is set beside the Latin faces."""

    family: str
    path: str
    index: int
    weight: int
    scale: float = 1.0
    leading: float = 1.0

    @cached_property
    def face(self) -> hb.Face:
        """The file, as HarfBuzz holds it: mapped from disk, shared by all weights of a variable font."""
        return _file(self.path, self.index)

    @cached_property
    def colored(self) -> bool:
        """Whether its glyphs are painted in colours of their own."""
        return bool(self.face.has_color_paint)

    def has(self, text: str) -> bool:
        """Whether the font can draw every character of a text."""
        glyph = self._glyph
        return all(
            glyph(ord(character)) or patterns.compiled(_NEEDS_NO_GLYPH).match(character)
            for character in set(text)
        )

    def at(self, size: float) -> hb.Font:
        """The font for a size in pixels: its weight, and its optical size where it has that axis."""
        least, most = self._optical
        return _instance(self, min(max(round(size), least), most))

    @cached_property
    def _optical(self) -> tuple[int, int]:
        """The optical sizes there are: sizes beyond share a font, and what was shaped in it."""
        axis = next((axis for axis in self.face.axis_infos if axis.tag == "opsz"), None)
        return (round(axis.min_value), round(axis.max_value)) if axis else (0, 0)

    @cached_property
    def _glyph(self) -> Callable[[int], int | None]:
        return self.at(16).get_nominal_glyph  # type: ignore[no-any-return]

    def metrics(self, size: float, letter: str = "H") -> tuple[float, float, float]:
        """Ascent, descent and a letter's height in pixels, all positive upwards but descent, which is below."""
        font = self.at(size)
        extents = font.get_font_extents("ltr")
        capital = font.get_glyph_extents(font.get_nominal_glyph(ord(letter)) or 0)
        factor = size * self.scale / self.face.upem
        height = capital.y_bearing if capital else extents.ascender * 0.7
        return extents.ascender * factor, -extents.descender * factor, height * factor


@cache
def _file(path: str, index: int) -> hb.Face:
    return hb.Face(hb.Blob.from_file_path(path), index)


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


def _folder(package: str) -> Path | None:
    """Where a package lies; None if it is an extra that is not installed."""
    spec = importlib.util.find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


@cache
def _face(family: str, weight: int, index: int = 0) -> Face | None:
    """A family's face; None if it is an extra that is not installed."""
    file = "Amiri Bold" if family == "Amiri" and weight > 550 else family
    package, name = _FILES.get(file, ("manimgx_fonts", f"{family.replace(' ', '')}[wght].ttf"))
    if not (folder := _folder(package)):
        return None
    return Face(family, str(folder / name), index, weight, *_TUNING.get(family, (1.0, 1.0)))


def emoji() -> Face:
    """The face of colour emoji."""
    face = _face(EMOJI, 400)
    assert face  # noqa: S101 - it lies in this package
    return face


def role_of(role: str, script: str) -> str:
    """The role in which a text is set that is mostly in a script: sans where the script has no serif."""
    return role if SCRIPTS.get(script, _LATIN).serif else "sans"


@lru_cache(maxsize=256)
def main_face(role: str, weight: int, script: str, language: str = "", own: str = "") -> Face:
    """The face that text of a script is mostly set in; its metrics place the lines."""
    letter, first = letter_of(script, language), None
    for face in stack(role, weight, script, language, own):  # looked for only as far as is needed
        if face.has(letter):
            return face
        first = first or face
    assert first  # noqa: S101 - ours are always there
    return first


def letter_of(script: str, language: str = "") -> str:
    """A letter of the script whose height is what that of capitals is to Latin."""
    return _script(script, language).letter


def _script(script: str, language: str) -> _Script:
    if script == "Arab" and _primary(language) in _HANGING:
        return _NASTALIQ
    return SCRIPTS.get(script, _LATIN)


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]


def stack(role: str, weight: int, script: str, language: str, own: str) -> Iterator[Face]:
    """The faces for a script, from the most to the least wanted; those of other scripts come last."""
    if own:
        yield from _own(own, role, weight, language if _writes(language, script) else "")
    if script == PRIVATE:  # signs that mean something in one font only
        return
    preferred = _script(script, language)
    others = (family for other in SCRIPTS.values() for family in (*other.serif, *other.sans) if family != CJK)
    latin = _LATIN.serif if role == "serif" else _LATIN.sans
    index = _cjk_index(language, script)
    for family in (
        *(preferred.serif if role == "serif" else ()),
        *preferred.sans,
        *latin,
        *_REST,
        CJK,
        *others,
    ):
        if face := _face(family, weight, index if family == CJK else 0):
            yield face


def _writes(language: str, script: str) -> bool:
    """Whether a language's own fonts are for a script: a Nastaliq has Latin letters, but not to be set in them."""
    if SCRIPTS.get(script) is not _LATIN:
        return True
    likely = get_global("likely_subtags").get(_primary(language), "und_Latn_001")
    return SCRIPTS.get(likely.split("_")[1]) is _LATIN


def _cjk_index(language: str, script: str) -> int:
    """Which of the collection's fonts: Han characters are written otherwise in each of its languages."""
    tags = language.lower().replace("_", "-").split("-")
    if tags[0] == "zh":
        if "hk" in tags or "mo" in tags:
            return 4
        return 3 if "hant" in tags or ("tw" in tags and "hans" not in tags) else 2
    return {"ja": 0, "ko": 1, "yue": 4}.get(
        tags[0], {"Hira": 0, "Kana": 0, "Hang": 1, "Bopo": 3}.get(script, 2)
    )


@lru_cache(maxsize=64)
def _own(folder: str, role: str, weight: int, language: str) -> tuple[Face, ...]:
    """A newsroom's own faces, those of the language first; of each family the one of the nearest weight."""
    faces: list[Face] = []
    tags = language.lower().replace("_", "-").split("-")
    for name in dict.fromkeys([*("-".join(tags[:count]) for count in range(len(tags), 0, -1)), role]):
        families: dict[str, list[tuple[float, str, int]]] = {}
        for path, family, weights in _files(folder):
            if Path(path).parent == Path(folder, name):
                away = max(weights[0] - weight, weight - weights[1], 0)
                families.setdefault(family, []).append((away, path, weight))
        for family, files in sorted(families.items()):
            faces.append(Face(family, min(files)[1], 0, weight, 1.0, _natural_leading(min(files)[1])))
    return tuple(faces)


@lru_cache(maxsize=8)
def _files(folder: str) -> tuple[tuple[str, str, tuple[int, int]], ...]:
    """Each upright font in the folders of a folder: its path, its family, and its least and greatest weight."""
    found = []
    if not Path(folder).is_dir():
        raise ConfigError(f"{folder}: no such folder", "See `fonts` in [brand].")
    for path in sorted(Path(folder).glob("*/*")):
        if path.suffix.lower() not in (".ttf", ".otf"):
            continue
        try:
            face = _file(str(path), 0)
            table = face.reference_table("OS/2").data if "OS/2" in face.table_tags else b""
        except hb.HarfBuzzError:
            table = b""
        if len(table) < 64 or not face.glyph_count:
            raise ConfigError(f"{path}: not a font that can be used", "Put TrueType or OpenType files there.")
        if table[63] & 1:  # fsSelection: italic
            continue
        axis = next((axis for axis in face.axis_infos if axis.tag == "wght"), None)
        weight = int.from_bytes(table[4:6])
        span = (int(axis.min_value), int(axis.max_value)) if axis else (weight, weight)
        found.append((str(path), face.get_name(hb.OTNameIdPredefined.FONT_FAMILY, "en") or path.stem, span))
    return tuple(found)


def _natural_leading(path: str) -> float:
    face = _file(path, 0)
    extents = hb.Font(face).get_font_extents("ltr")
    natural = (extents.ascender - extents.descender + extents.line_gap) / face.upem
    # Latin headlines are set tighter than the file says; a font that asks for much, such as a Nastaliq, needs it.
    return natural if natural > 1.4 else 1.0


@lru_cache(maxsize=8)
def version(own: str = "") -> str:
    """The fonts there are, with their versions: another font is another card."""
    packages = sorted({package for package, _ in _FILES.values()} - {"syndication"} | {"manimgx_fonts"})
    known = [f"{package} {_version(package, folder)}" for package in packages if (folder := _folder(package))]
    if own:
        known += [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path, _, _ in _files(own)]
    return " ".join(known)


def _version(package: str, folder: Path) -> str:
    """The version of a package in a folder: it stands in the name of a folder beside it (PyPA, "Recording installed
    projects"). To ask for it by `importlib.metadata` alone would take 4 ms of a first card."""
    return _recorded(folder.parent).get(package) or importlib.metadata.version(package)


@cache
def _recorded(folder: Path) -> dict[str, str]:
    infos = (file.stem.partition("-") for file in folder.glob("*.dist-info"))
    return {name: version for name, _, version in infos}
