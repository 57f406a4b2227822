"""Every script, with the fonts that come with the installation."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from PIL import Image

from syndication.cards import SIZES, fonts, glyphs, make_cards, shape, typeset
from syndication.config import Brand, Config
from syndication.errors import CardError, ConfigError
from syndication.models import PublishEvent

HEADLINES = tomllib.loads(
    (Path(__file__).parents[2] / "benchmarks" / "headlines.toml").read_text(encoding="utf-8")
)["headline"]
RTL = {"ar", "fa", "he", "sd", "ur"}


def set_in(language: str, text: str, *, role: str = "serif", own: str = "", lines: int = 3) -> typeset.Block:
    """Words in a box of 1000x400 pixels, at 44 to 66."""
    face = typeset.Face(role, 700, 1.07, 0, language, language in RTL, own)
    return typeset.fit(typeset.clean(text), face, 1000, 400, (44, 66), lines)


def families(text: str, language: str = "en", role: str = "serif", own: str = "") -> list[str]:
    """The family of each item of a text."""
    items = shape.itemise(text, role, 700, language, own, rtl=False)
    return [item.face.family for item in items]


@pytest.fixture
def no_cjk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation without the extra `cjk`."""
    caches = (fonts._face, fonts.main_face, shape.itemise)
    monkeypatch.setitem(fonts._FILES, fonts.CJK, ("not_installed_anywhere", "none.ttc"))
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("headline", HEADLINES, ids=lambda one: one["language"])
@pytest.mark.parametrize("role", ["serif", "sans"])
def test_every_script_is_drawn_whole(headline: dict[str, Any], role: str) -> None:
    """Each headline fits its box uncut, and no glyph in it is a box."""
    block = set_in(headline["language"], headline["text"], role=role)
    assert not block.cut
    assert all(glyph.id for line in block.lines for glyph in line.glyphs)


@pytest.mark.parametrize("headline", HEADLINES, ids=lambda one: one["language"])
def test_lines_do_not_touch(headline: dict[str, Any]) -> None:
    """No ink of a line is painted over by the next one's, however high the marks of the script stand."""
    block = set_in(headline["language"], headline["text"])
    layers = []
    for index, line in enumerate(block.lines):
        layer = Image.new("RGB", (1100, 500))
        glyphs.paint(layer, line, 20, round(50 + block.baseline + index * block.pitch), (255, 255, 255), 1)
        layers.append(layer.convert("1", dither=Image.Dither.NONE))
    assert all(layer.getbbox() for layer in layers)
    for upper, lower in pairwise(layers):
        overlap = Image.new("1", upper.size)
        overlap.paste(lower, mask=upper)
        assert overlap.getbbox() is None


def test_scripts_without_a_serif_are_set_in_sans_throughout() -> None:
    """A Latin name in a Hindi headline is not the only serif in it; in an Arabic one it is a serif."""
    hindi = typeset._Paragraph("समुद्र पर Meridian", typeset.Face("serif", 700, 1, 0, "hi", rtl=False))
    assert {item.face.family for item in hindi.items} == {"Noto Sans Devanagari", "Inter"}
    assert "Source Serif 4" in families("أرباح Meridian", "ar")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ha", "Ƙasar ta ɗauki ɓangare"),
        ("el", "Ἐν ἀρχῇ ἦν ὁ λόγος"),
        ("se", "Ruoŧŧa – Suopma"),
        ("en", "Kɔ says"),
    ],
)
def test_letters_that_the_serif_lacks_are_not_mixed_into_it(language: str, text: str) -> None:
    """A headline of which the serif lacks a letter is all of the sans; a sign or a foreign name changes nothing."""
    family = typeset._Paragraph(text, typeset.Face("serif", 700, 1, 0, language, rtl=False))
    assert {item.face.family for item in family.items} == {"Inter"}
    for other in ("The road ☆ 5 ₿", "Road समुद्र now", "Road 水 now", "Łódź, Ərdəbil, Ṣàngó"):
        paragraph = typeset._Paragraph(other, typeset.Face("serif", 700, 1, 0, language, rtl=False))
        assert "Source Serif 4" in {item.face.family for item in paragraph.items}


def test_the_point_of_a_catalan_l_l_touches_neither() -> None:
    """Between the two letters the point has room on both sides, in either role."""
    for role in ("serif", "sans"):
        inks = [glyph.ink() for glyph in set_in("ca", "l·l", role=role).lines[0].glyphs]
        edges = [edge for ink in inks if ink for edge in (ink[0], ink[2])]
        assert edges == sorted(edges)
        assert len(inks) > 1
    several = set_in(
        "ca", "El carrer és buit des d’ahir: al·legació, col·lapse i paral·lels. El poble espera la mar"
    )
    assert len(several.lines) == 3


@pytest.mark.parametrize(
    ("language", "text", "halves"),
    [
        ("zh-Hans", "《人》：“绝”，政", 3),
        ("zh-Hant", "「絕」，（政）", 2),
        ("ja", "「道」「海、『灯』」！？", 5),
        ("ja", "海、道「灯」と（島）へ", 0),
    ],
)
def test_marks_beside_each_other_share_their_blank(language: str, text: str, halves: int) -> None:
    """Of two full-width marks beside each other one is set without its empty half; alone they keep it."""
    block = set_in(language, text)
    assert (len(block.lines), block.size) == (1, 66)
    assert block.width == pytest.approx(66 * (len(text) - halves / 2), abs=1)


def test_han_characters_are_those_of_the_language() -> None:
    """The same character has the form of Japan, Korea, the mainland, Taiwan or Hong Kong."""
    shown = {
        language: set_in(language, "直").lines[0].glyphs[0] for language in ("ja", "ko", "zh-Hans", "zh-TW")
    }
    assert len({(id(glyph.font.face), glyph.id) for glyph in shown.values()}) == 4
    assert shown["ja"].id != shown["zh-Hans"].id
    index = {"zh": 2, "zh-CN": 2, "zh-Hant": 3, "zh-Hant-HK": 4, "yue": 4, "en": 2}
    assert {language: fonts._cjk_index(language, "Hani") for language in index} == index


def test_urdu_hangs() -> None:
    """Urdu and Kashmiri are set in Nastaliq in both roles, Arabic and Persian never; figures keep their blanks."""
    for language in ("ur", "ur-PK", "ks"):
        assert {*families("سمندر", language), *families("سمندر", language, "sans")} == {fonts.NASTALIQ}
    assert fonts.NASTALIQ not in {*families("سمندر", "ar"), *families("سمندر", "fa")}
    assert list(dict.fromkeys(families("نومبر 2021 08", "ur"))) == [fonts.NASTALIQ, "Amiri"]
    assert set_in("ur", "سمندر").pitch > 1.4 * set_in("fa", "سمندر").pitch


@pytest.mark.parametrize(
    ("text", "role", "one", "other"),
    [
        ("вода", "serif", "bg", "ru"),
        ("бгпт", "serif", "sr", "ru"),
        ("۴۶۷", "serif", "sd", "fa"),
        ("۴۶۷", "sans", "sd", "fa"),
        ("۴۶۷", "serif", "ur", "fa"),
        ("م", "sans", "sd", "ar"),
        ("直", "serif", "ja", "zh-Hans"),
    ],
)
def test_letters_follow_the_language(text: str, role: str, one: str, other: str) -> None:
    """The same characters have other forms in Bulgarian than in Russian, in Sindhi or Urdu than in Persian."""
    forms = [
        [(id(glyph.font.face), glyph.id) for glyph in set_in(language, text, role=role).lines[0].glyphs]
        for language in (one, other)
    ]
    assert forms[0] != forms[1]


@pytest.mark.parametrize(
    ("text", "count"),
    [("👨‍👩‍👧‍👦", 1), ("🇺🇦🇪🇺", 2), ("👍🏽", 1), ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 1), ("3️⃣", 1), ("🏳️‍🌈", 1), ("❤️🔥", 2)],
)
def test_an_emoji_is_one_picture(text: str, count: int) -> None:
    """Families, flags, skin tones and keycaps are drawn as one glyph, in colours."""
    block = set_in("en", text)
    assert len({glyph.x for glyph in block.lines[0].glyphs if glyph.x < block.width}) == count
    canvas = Image.new("RGB", (400, 120), "white")
    glyphs.paint(canvas, block.lines[0], 10, 90, (0, 0, 0), 1)
    assert len(canvas.getcolors(1 << 16) or []) > 50


def test_signs_that_may_be_emoji_are_letters_unless_asked() -> None:
    """A digit, a copyright sign or a heart as text take the words' colour; with the emoji selector they do not."""
    assert fonts.EMOJI not in families("5 © ❤ ▶\ufe0e 🔥\ufe0e")
    assert families("©\ufe0f") == [fonts.EMOJI]


def test_a_painted_emoji_keeps_its_colours_and_fades() -> None:
    """What is painted at half strength lies between the picture and the ground."""
    line = set_in("en", "🔥").lines[0]
    found = []
    for alpha in (0.0, 0.5, 1.0):
        canvas = Image.new("RGB", (120, 120), "white")
        glyphs.paint(canvas, line, 10, 100, (0, 0, 0), alpha)
        found.append(sum(canvas.getchannel("B").tobytes()))
    assert found[0] > found[1] > found[2]


@pytest.mark.parametrize(
    ("character", "name", "hint"),
    [
        ("水", "CJK UNIFIED IDEOGRAPH-6C34", r"pip install 'syndication\[cjk\]'"),
        ("한", "HANGUL SYLLABLE HAN", r"pip install 'syndication\[cjk\]'"),
        ("ཀ", "TIBETAN LETTER KA", r"`fonts` in \[brand\]"),
        ("\ue000", "without a name", "write the words without it"),
        ("\ud800", "without a name", "write the words without it"),
    ],
)
def test_a_missing_glyph_is_an_error_that_names_it(
    no_cjk: None, character: str, name: str, hint: str
) -> None:
    """No box is ever drawn: the character that no font has is named, with what would help."""
    with pytest.raises(CardError, match=name) as caught:
        set_in("en", f"On {character} now")
    assert f"U+{ord(character):04X}" in caught.value.message
    assert caught.match(hint)


def test_a_latin_headline_opens_no_other_font() -> None:
    """Fonts are opened when a text needs them: English words open one file."""
    code = (
        "from syndication.cards import fonts, typeset\n"
        "face = typeset.Face('serif', 700, 1.07, 0, 'en', rtl=False)\n"
        "typeset.fit('The sea took the road', face, 1000, 400, (44, 66), 2)\n"
        "print(fonts._file.cache_info().currsize)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "1"


def test_a_newsrooms_own_fonts_come_first(tmp_path: Path) -> None:
    """A font in `serif` is asked before ours, one in a language's folder before it, and ours draw what they lack."""
    (tmp_path / "serif").mkdir()
    (tmp_path / "ur").mkdir()
    inter, amiri = (str(fonts._face(family, 400).path) for family in ("Inter", "Amiri"))  # type: ignore[union-attr]
    shutil.copy(inter, tmp_path / "serif" / "House.ttf")
    shutil.copy(amiri, tmp_path / "ur" / "Urdu.ttf")
    own = str(tmp_path)

    def files(text: str, language: str, role: str = "serif") -> list[str]:
        items = shape.itemise(text, role, 700, language, own, rtl=False)
        return [Path(item.face.path).name for item in items]

    assert files("Road समुद्र", "en") == ["House.ttf", "NotoSansDevanagari[wght].ttf"]
    assert files("سمندر", "ur-PK") == ["Urdu.ttf"]
    assert set(files("سمندر Road", "ur")) == {"Urdu.ttf", "House.ttf"}
    assert files("سمندر", "ar") == ["Amiri-Bold.ttf"]
    assert files("Road", "en", "sans") == ["Inter[opsz,wght].ttf"]
    assert fonts.version(own) != fonts.version()


def test_the_fonts_are_known_by_their_packages_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each installed package is named with the version that its own metadata tells, whoever installed it."""
    for recorded in (fonts._recorded, lambda folder: {}):
        monkeypatch.setattr(fonts, "_recorded", recorded)
        fonts.version.cache_clear()
        words = fonts.version().split()
        told = dict(zip(words[::2], words[1::2], strict=True))
        assert {"fontpkg_inter", "manimgx_fonts"} <= told.keys()
        assert all(Version(one) == Version(version(package)) for package, one in told.items())
    fonts.version.cache_clear()


def test_of_a_familys_weights_the_nearest_is_taken(tmp_path: Path) -> None:
    """Static fonts are chosen by the weight that the file itself tells; italics never."""
    (tmp_path / "sans").mkdir()
    amiri = Path(fonts._face("Amiri", 400).path).parent  # type: ignore[union-attr]
    for file in amiri.glob("*.ttf"):
        shutil.copy(file, tmp_path / "sans")
    found = {
        weight: Path(fonts._own(str(tmp_path), "sans", weight, "ar")[0].path).stem
        for weight in (400, 500, 800)
    }
    assert found == {400: "Amiri-Regular", 500: "Amiri-Regular", 800: "Amiri-Bold"}


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    """Rubbish in the fonts' folder, or no folder, is an error that names it before a card is drawn."""
    with pytest.raises(ConfigError, match="no such folder"):
        set_in("en", "Road", own=str(tmp_path / "none"))
    (tmp_path / "serif").mkdir()
    for name, make in (
        ("notes.ttf", lambda path: path.write_bytes(b"no font" * 20)),
        ("more.otf", Path.mkdir),
    ):
        file = tmp_path / name / "serif" / name
        file.parent.mkdir(parents=True)
        make(file)
        with pytest.raises(ConfigError, match=name):
            set_in("en", "Road", own=str(tmp_path / name))


def test_the_configs_fonts_reach_the_card(story: Callable[..., PublishEvent], tmp_path: Path) -> None:
    """`fonts` in [brand] changes the card and its name."""
    (tmp_path / "house" / "serif").mkdir(parents=True)
    shutil.copy(fonts._face("Heebo", 400).path, tmp_path / "house" / "serif")  # type: ignore[union-attr]
    cards = [
        make_cards(story(), config=config, photo=None, folder=tmp_path, sizes=SIZES[:1])[0]
        for config in (Config(), Config(folder=tmp_path, brand=Brand(fonts=Path("house"))))
    ]
    assert cards[0].file != cards[1].file
    assert cards[0].sha256 != cards[1].sha256
