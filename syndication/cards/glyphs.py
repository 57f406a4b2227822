"""Lines of glyphs onto a canvas: letters in one colour by masks, emoji as pictures of their own colours."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import uharfbuzz as hb
from PIL import Image

from syndication.cards import pixels
from syndication.cards.shape import Glyph
from syndication.cards.typeset import Line

_STEPS = 4  # to a pixel: places where a letter may stand, so that one drawn before can be had again


class _Ink(NamedTuple):
    """How far letters cover each pixel, as the core of an image of mode L, and where: pixels from the left, and down
    from the baseline."""

    mask: Any
    left: int
    top: int
    width: int
    height: int


def paint(
    canvas: Image.Image, line: Line, x: float, y: int, color: tuple[int, int, int], alpha: float
) -> None:
    """Paint a line whose first pen position is `x`, on the baseline `y` (pixels from the top left)."""
    letters = []
    for glyph in line.glyphs:
        if glyph.colored:
            _paint_picture(canvas, glyph, x, y, alpha)
        else:
            letters.append(glyph)
    canvas.load()
    pixels = canvas.im
    for mask, left, top, width, height in _inked(letters, x, alpha):
        # As Image.paste does in the end: what it asks before takes as long again, a hundred times a card.
        pixels.paste(color, (left, y + top, left + width, y + top + height), mask)


def _inked(letters: Sequence[Glyph], x: float, alpha: float) -> Iterator[_Ink]:
    """The ink of a line's letters from `x` on. Those that touch are drawn as one, so that no seam is seen."""
    touching, last, reach = list[Glyph](), None, 0
    for letter in letters:
        whole, part = divmod(round((x + letter.x) * _STEPS), _STEPS)
        ink = _single(letter.font, letter.id, letter.scale, part, round(letter.y * _STEPS), alpha)
        if ink is None:
            continue
        mask, left, top, width, height = ink
        left += whole
        if last and left >= reach:
            yield last if len(touching) == 1 else _drawn(touching, x, alpha) or last
            touching, reach = [], 0
        reach = max(reach, left + width)
        touching.append(letter)
        last = _Ink(mask, left, top, width, height)
    if last:
        yield last if len(touching) == 1 else _drawn(touching, x, alpha) or last


@lru_cache(maxsize=2048)
def _single(font: hb.Font, glyph: int, scale: float, x: int, y: int, alpha: float) -> _Ink | None:
    """The ink of one letter; `x` and `y` in steps."""
    return _drawn([Glyph(font, glyph, x / _STEPS, y / _STEPS, scale)], 0, alpha)


def _drawn(letters: Sequence[Glyph], x: float, alpha: float) -> _Ink | None:
    """The ink of letters drawn together on a line from `x` on; None if they are blank."""
    brush = hb.RasterDraw()
    for letter in letters:
        brush.transform = (letter.scale, 0, 0, letter.scale, x + letter.x, letter.y)
        brush.draw_glyph(letter.font, letter.id)
    image = brush.render()
    extents = image.extents
    if not (extents.width and extents.height):
        return None
    # HarfBuzz counts rows upwards from the baseline.
    size = extents.width, extents.height
    mask = Image.frombytes("L", size, bytes(image.buffer), "raw", "L", extents.stride, -1)
    if alpha < 1:
        mask = pixels.mapped(mask, _dimmed(alpha))
    return _Ink(mask.im, extents.x_origin, -extents.y_origin - extents.height, *size)


@lru_cache(maxsize=16)
def _dimmed(alpha: float) -> list[int]:
    return [round(value * alpha) for value in range(256)]


def _paint_picture(canvas: Image.Image, glyph: Glyph, x: float, y: int, alpha: float) -> None:
    picture, left, top = _picture(glyph.font, glyph.id, round(glyph.scale * glyph.font.face.upem))
    if picture is None:
        return
    mask = picture.getchannel("A")
    if alpha < 1:
        mask = pixels.mapped(mask, _dimmed(alpha))
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
