"""Letters on a canvas: those from memory stand where those that are drawn anew do, and no seam is seen in a word."""

from itertools import pairwise

import pytest
import uharfbuzz as hb
from PIL import Image, ImageChops

from syndication.cards import glyphs, typeset

WHITE, SIZE = (255, 255, 255), (900, 120)


def line(text: str, language: str, role: str = "serif", *, rtl: bool = False) -> typeset.Line:
    face = typeset.Face(role, 700, 1.1, 0, language, rtl)
    return typeset.fit(text, face, SIZE[0], SIZE[1], (48, 48), 1).lines[0]


def painted(line: typeset.Line, x: float) -> Image.Image:
    canvas = Image.new("RGB", SIZE)
    glyphs.paint(canvas, line, x, 80, WHITE, 1.0)
    return canvas.convert("L")


def drawn_at_once(line: typeset.Line, x: float) -> Image.Image:
    """The whole line by one stroke of HarfBuzz's brush."""
    brush = hb.RasterDraw()
    for glyph in line.glyphs:
        brush.transform = (glyph.scale, 0, 0, glyph.scale, x + glyph.x, glyph.y)
        brush.draw_glyph(glyph.font, glyph.id)
    image = brush.render()
    box = image.extents
    mask = Image.frombytes("L", (box.width, box.height), bytes(image.buffer), "raw", "L", box.stride, -1)
    canvas = Image.new("L", SIZE)
    canvas.paste(255, (box.x_origin, 80 - box.y_origin - box.height), mask)
    return canvas


@pytest.mark.parametrize(("text", "language"), [("बाढ़", "hi"), ("عليكم", "ar"), ("পানি", "bn")])
def test_joined_letters_are_drawn_as_one(text: str, language: str) -> None:
    """A word whose letters join is what one stroke of the brush gives, pixel by pixel."""
    word = line(text, language, rtl=language == "ar")
    assert ImageChops.difference(painted(word, 20.3), drawn_at_once(word, 20.3)).getbbox() is None


@pytest.mark.parametrize("x", [20.0, 20.13, 20.4, 20.62, 20.9])
def test_letters_stand_within_an_eighth_of_a_pixel(x: float) -> None:
    """What comes from memory is no further from its place than the steps in which it is kept allow."""
    found, wanted = painted(line("Hill", "en"), x), drawn_at_once(line("Hill", "en"), x)
    low, high = ImageChops.difference(found, wanted).getextrema()
    assert (low, high <= 255 / 8 + 4) == (0, True)


def test_the_same_letters_come_from_memory() -> None:
    """A line that is painted again, on another canvas, is not drawn again, and looks the same."""
    before = glyphs._single.cache_info().misses
    first = painted(line("Newsroom", "en"), 31)
    drawn = glyphs._single.cache_info().misses
    assert drawn > before
    assert painted(line("Newsroom", "en"), 31).tobytes() == first.tobytes()
    assert glyphs._single.cache_info().misses == drawn


def test_letters_that_do_not_touch_leave_room_between_them() -> None:
    """Neighbours of a headline's letters are painted one by one: their masks do not overlap."""
    inks = list(glyphs._inked(line("Minimum", "en").glyphs, 40, 1.0))
    assert len(inks) == len("Minimum")
    assert all(one.left + one.width <= other.left for one, other in pairwise(inks))
