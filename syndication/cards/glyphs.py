"""Lines of glyphs onto a canvas: letters in one colour by masks, emoji as pictures of their own colours."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import uharfbuzz as hb
from PIL import Image

from syndication.cards.shape import Glyph
from syndication.cards.typeset import Line

_STEPS = 4  # to a pixel: places where a letter may stand, so that one drawn before can be had again


class _Letter(NamedTuple):
    """A glyph and where its origin stands, in pixels from the left and up from the baseline."""

    font: hb.Font
    id: int
    scale: float
    x: float
    y: float


class _Ink(NamedTuple):
    """How far letters cover each pixel, mode L, and where: pixels from the left, and down from the baseline."""

    mask: Image.Image
    left: int
    top: int


def paint(
    canvas: Image.Image, line: Line, x: float, y: int, color: tuple[int, int, int], alpha: float
) -> None:
    """Paint a line whose first pen position is `x`, on the baseline `y` (pixels from the top left)."""
    letters = []
    for glyph in line.glyphs:
        if glyph.colored:
            _paint_picture(canvas, glyph, x, y, alpha)
        else:
            letters.append(_Letter(glyph.font, glyph.id, glyph.scale, x + glyph.x, glyph.y))
    for ink in _inked(letters, alpha):
        canvas.paste(color, (ink.left, y + ink.top), ink.mask)


def _inked(letters: Sequence[_Letter], alpha: float) -> Iterator[_Ink]:
    """The letters' ink. Those that touch, such as joined ones, are drawn as one, so that no seam is seen."""
    touching, last, reach = list[_Letter](), None, 0
    for letter in letters:
        font, glyph, scale, x, y = letter
        whole, part = divmod(round(x * _STEPS), _STEPS)
        if (ink := _single(font, glyph, scale, part, round(y * _STEPS), alpha)) is None:
            continue
        mask, left, top = ink
        left += whole
        if last and left >= reach:
            yield last if len(touching) == 1 else _drawn(touching, alpha) or last
            touching, reach = [], 0
        reach = max(reach, left + mask.width)
        touching.append(letter)
        last = _Ink(mask, left, top)
    if last:
        yield last if len(touching) == 1 else _drawn(touching, alpha) or last


@lru_cache(maxsize=2048)
def _single(font: hb.Font, glyph: int, scale: float, x: int, y: int, alpha: float) -> _Ink | None:
    """The ink of one letter; `x` and `y` in steps."""
    return _drawn([_Letter(font, glyph, scale, x / _STEPS, y / _STEPS)], alpha)


def _drawn(letters: Sequence[_Letter], alpha: float) -> _Ink | None:
    """The ink of letters drawn together; None if they are blank."""
    brush = hb.RasterDraw()
    for font, glyph, scale, x, y in letters:
        brush.transform = (scale, 0, 0, scale, x, y)
        brush.draw_glyph(font, glyph)
    image = brush.render()
    extents = image.extents
    if not (extents.width and extents.height):
        return None
    # HarfBuzz counts rows upwards from the baseline.
    size = extents.width, extents.height
    mask = Image.frombytes("L", size, bytes(image.buffer), "raw", "L", extents.stride, -1)
    if alpha < 1:
        mask = mask.point([round(value * alpha) for value in range(256)])
    return _Ink(mask, extents.x_origin, -extents.y_origin - extents.height)


def _paint_picture(canvas: Image.Image, glyph: Glyph, x: float, y: int, alpha: float) -> None:
    picture, left, top = _picture(glyph.font, glyph.id, round(glyph.scale * glyph.font.face.upem))
    if picture is None:
        return
    mask = picture.getchannel("A")
    if alpha < 1:
        mask = mask.point([round(value * alpha) for value in range(256)])
    canvas.paste(picture.convert("RGB"), (round(x + glyph.x) + left, y - round(glyph.y) - top), mask)


@lru_cache(maxsize=256)
def _picture(font: hb.Font, glyph: int, size: int) -> tuple[Image.Image | None, int, int]:
    """An emoji at a size in pixels; how far right of its origin its left is, and how far above it its top."""
    scale = size / font.face.upem
    brush = hb.RasterPaint()
    brush.transform = (scale, 0, 0, scale, 0, 0)
    brush.paint_glyph(font, glyph)
    image = brush.render()
    if image is None or not (image.extents.width and image.extents.height):
        return None, 0, 0
    extents = image.extents
    # HarfBuzz has colours multiplied by their alpha, and rows upwards.
    blue, green, red, alpha = Image.frombuffer(
        "RGBA", (extents.width, extents.height), image.buffer, "raw", "RGBA", extents.stride, -1
    ).split()
    picture = Image.merge("RGBa", (red, green, blue, alpha)).convert("RGBA")
    return picture, extents.x_origin, extents.y_origin + extents.height
