"""Lines against HarfBuzz asked plainly: one text, one font, nothing cut, nothing kept from before.

What another shaper and another order say is in `benchmarks/specimen_chromium.py`, what Unicode says in
`test_card_unicode.py`.
"""

import tomllib
from collections import Counter
from pathlib import Path

import pytest
import uharfbuzz as hb

from syndication.cards import fonts, shape, typeset
from syndication.models import is_rtl

HEADLINES = {
    one["language"]: one["text"]
    for one in tomllib.loads(
        (Path(__file__).parents[2] / "benchmarks" / "headlines.toml").read_text(encoding="utf-8")
    )["headline"]
}
SIZE = 60


def plain(text: str, face: fonts.Face, language: str) -> tuple[list[tuple[int, float, float]], float]:
    """Each glyph with its place in pixels, and the line's width, as HarfBuzz gives them for a whole text."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.language = language
    hb.shape(face.at(SIZE), buffer)
    factor, x, glyphs = SIZE * face.scale / face.face.upem, 0.0, []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append((info.codepoint, x + position.x_offset * factor, position.y_offset * factor))
        x += position.x_advance * factor
    return glyphs, x


def words_in_one_font(language: str) -> list[str]:
    """The parts of the headline's words that have one script, one direction and one font."""
    parts = []
    for word in typeset.clean(HEADLINES[language]).split(" "):
        for item in shape.itemise(word, "serif", 700, language, "", rtl=is_rtl(language)):
            part = word[item.start : item.end]
            if item.script in fonts.SCRIPTS and any(map(str.isalpha, part)):
                parts.append(part)
    return parts


@pytest.mark.parametrize("language", HEADLINES)
def test_words_are_shaped_as_harfbuzz_does(language: str) -> None:
    """Glyphs, their order and their places are HarfBuzz's own, for every word of every script."""
    words = words_in_one_font(language)
    assert words
    for word in words:
        (item,) = items = shape.itemise(word, "serif", 700, language, "", rtl=is_rtl(language))
        glyphs, width = shape.line(word, items, 0, len(word), SIZE, language, 0)
        expected, advance = plain(word, item.face, language)
        assert [(glyph.id, glyph.x, glyph.y) for glyph in glyphs] == [
            (index, pytest.approx(x), pytest.approx(y)) for index, x, y in expected
        ]
        assert width == pytest.approx(advance)


@pytest.mark.parametrize("language", HEADLINES)
def test_a_broken_line_is_the_part_of_a_whole_one(language: str) -> None:
    """A paragraph's lines hold all glyphs that it has in one line, but for the blanks where they end."""
    text = typeset.clean(HEADLINES[language])
    face = typeset.Face("serif", 700, 1.1, 0, language, is_rtl(language))
    block = typeset.fit(text, face, 560, 900, (16, 40), 9)
    (whole,) = typeset.fit(text, face, 9e9, 900, (block.size, block.size), 1).lines
    assert len(block.lines) > 1
    broken = Counter(glyph.id for line in block.lines for glyph in line.glyphs)
    kept = Counter(glyph.id for glyph in whole.glyphs)
    assert broken <= kept
    assert (kept - broken).total() < len(block.lines)  # a blank at each line's end
