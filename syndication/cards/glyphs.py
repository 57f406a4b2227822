"""Lines of glyphs onto a canvas: letters in one colour as one mask, emoji as pictures of their own colours."""

from functools import lru_cache

import uharfbuzz as hb
from PIL import Image

from syndication.cards.shape import Glyph
from syndication.cards.typeset import Line


def paint(
    canvas: Image.Image, line: Line, x: float, y: int, color: tuple[int, int, int], alpha: float
) -> None:
    """Paint a line whose first pen position is `x`, on the baseline `y` (pixels from the top left)."""
    brush, letters = hb.RasterDraw(), False
    for glyph in line.glyphs:
        if glyph.colored:
            _paint_picture(canvas, glyph, x, y, alpha)
        else:
            letters = True
            brush.transform = (glyph.scale, 0, 0, glyph.scale, x + glyph.x, glyph.y)
            brush.draw_glyph(glyph.font, glyph.id)
    if letters:
        _paint_letters(canvas, brush.render(), y, color, alpha)


def _paint_letters(
    canvas: Image.Image, image: hb.RasterImage, y: int, color: tuple[int, int, int], alpha: float
) -> None:
    extents = image.extents
    if not (extents.width and extents.height):
        return
    # HarfBuzz counts rows upwards from the baseline.
    mask = Image.frombuffer(
        "L", (extents.width, extents.height), image.buffer, "raw", "L", extents.stride, -1
    )
    if alpha < 1:
        mask = mask.point([round(value * alpha) for value in range(256)])
    canvas.paste(color, (extents.x_origin, y - extents.y_origin - extents.height), mask)


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
