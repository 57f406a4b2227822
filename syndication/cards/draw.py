"""A laid-out card -> pixels -> JPEG. Pillow is the canvas; HarfBuzz rasterises the glyphs."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz as hb
from PIL import Image, ImageDraw

from syndication.cards import photo, typeset
from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, Rect, ScrimOp, TextOp
from syndication.errors import CardError

MAX_BYTES = 300 * 1024
_QUALITY = 85

Rgb = tuple[int, int, int]

_DEEPEST = 0.8  # of a scrim, at the bottom edge, under words that take half the photo and need no more
_HIGHEST = 1 / 3  # of the photo's height: where a scrim starts if the words begin low
_REACH = 0.3  # of the photo's height: over which a scrim eases to nothing
# WCAG asks 4.5 to 1, and 3 of large letters; a little more here, as pixels are mixed and rounded. The first number
# is kept for that share of the ground's pixels behind a line, the second for nearly all.
_SMALL = ((4.7, 0.98),)
_LARGE = ((4.7, 0.5), (3.1, 0.98))
_LOGO = ((3.1, 0.98),)
_LARGE_SIZE = 36  # pixels of a letter's size, at the widths at which networks show cards

_LINEAR = [(v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4) for v in range(256)]
_LINEAR_BYTES = [round(value * 255) for value in _LINEAR] * 3


@dataclass(frozen=True)
class Brand:
    """Colours by role, the accent being the story's section's, and the logo for light words and for dark."""

    colors: dict[str, Rgb]
    logo: bytes | None = None
    logo_dark: bytes | None = None

    def color(self, role: str) -> tuple[Rgb, float]:
        """The colour and its alpha, 0 to 1."""
        name, _, share = role.partition(" ")
        return self.colors[name], float(share.rstrip("%")) / 100 if share else 1.0


def draw(
    ops: Sequence[Op],
    size: tuple[int, int],
    brand: Brand,
    source: photo.Source | None,
    focal: tuple[float, float],
) -> Image.Image:
    """Paint a card. `ops` are in order; `source` may be None if none of them is a photo."""
    canvas = Image.new("RGB", size, brand.colors["paper"])
    for op in ops:
        match op:
            case FillOp():
                _fill(canvas, op, brand)
            case PhotoOp() if source:
                _photo(canvas, op, source, focal)
            case ScrimOp():
                _scrim(canvas, op, brand)
            case TextOp(block=typeset.Block() as block):
                _text(canvas, op, block, brand)
            case LogoOp():
                _logo(canvas, op, brand)
    return canvas


def encode(image: Image.Image) -> bytes:
    """The picture as JPEG, of quality 85, or the best that stays within 300 KB. Raises CardError if none does."""
    if len(data := _jpeg(image, _QUALITY)) <= MAX_BYTES:
        return data
    fitting, low, high = b"", 5, _QUALITY - 1
    while low <= high:
        middle = (low + high) // 2
        if len(data := _jpeg(image, middle)) <= MAX_BYTES:
            fitting, low = data, middle + 1
        else:
            high = middle - 1
    if not fitting:
        raise CardError(
            f"a card of {image.width}x{image.height} pixels does not fit in {MAX_BYTES // 1024} KB"
        )
    return fitting


def _jpeg(image: Image.Image, quality: int) -> bytes:
    # Measured on a photo card (2026-11): optimised Huffman tables save a tenth of 66 KB and take 4.3 ms, not 1.7;
    # whole chroma adds a fifth and 2 ms, and networks halve it again.
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()


def _fill(canvas: Image.Image, op: FillOp, brand: Brand) -> None:
    color, alpha = brand.color(op.color)
    left, top, right, bottom = op.rect.pixels()
    if alpha == 1 and not op.fade:
        canvas.paste(color, (left, top, right, bottom))
        return
    width = right - left
    ramp = [alpha * (_ease((width - x - 0.5) / op.fade) if op.fade else 1) for x in range(width)]
    row = bytes(round(255 * value) for value in (reversed(ramp) if op.towards == "left" else ramp))
    mask = Image.frombytes("L", (width, 1), row).resize((width, bottom - top), Image.Resampling.NEAREST)
    canvas.paste(color, (left, top), mask)


def _photo(canvas: Image.Image, op: PhotoOp, source: photo.Source, focal: tuple[float, float]) -> None:
    left, top, right, bottom = op.rect.pixels()
    picture = source.cover((right - left, bottom - top), focal)
    canvas.paste(picture, (left, top), _disc(right - left) if op.round else None)


@lru_cache(maxsize=8)
def _disc(side: int) -> Image.Image:
    big = Image.new("L", (side * 4, side * 4))
    ImageDraw.Draw(big).ellipse((0, 0, side * 4 - 1, side * 4 - 1), fill=255)
    return big.resize((side, side), Image.Resampling.BOX)


def _ease(share: float) -> float:
    """From 0 to 1 with a soft start and end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _scrim(canvas: Image.Image, op: ScrimOp, brand: Brand) -> None:
    """Darken a photo behind light words, just as far as they need on this photo, eased to nothing."""
    color, _ = brand.color(op.color)
    left, top, right, bottom = op.rect.pixels()
    height = bottom - top
    needs = _needs(canvas, op, brand, color)
    alphas = _rising(height, needs) if op.edge == "bottom" else _falling(height, needs)
    column = bytes(round(255 * alpha) for alpha in alphas)
    untouched = height - len(column.lstrip(b"\0"))
    if column := column.strip(b"\0"):
        size = right - left, len(column)
        mask = Image.frombytes("L", (1, len(column)), column).resize(size, Image.Resampling.NEAREST)
        canvas.paste(color, (left, top + untouched), mask)


def _needs(canvas: Image.Image, op: ScrimOp, brand: Brand, color: Rgb) -> list[tuple[int, int, float]]:
    """For each line of words on the photo: its top and bottom from the photo's top, and the alpha it needs."""
    photo_box, needs = op.rect.pixels(), []
    for part in op.words:
        _, alpha = brand.color(part.color)
        for box in _line_boxes(part):
            left, top = max(box[0], photo_box[0]), max(box[1], photo_box[1])
            right, bottom = min(box[2], photo_box[2]), min(box[3], photo_box[3])
            if left < right and top < bottom:
                need = _needed(canvas.crop((left, top, right, bottom)), color, alpha, _marks(part))
                needs.append((top - photo_box[1], bottom - photo_box[1], need))
    return needs


def _marks(part: TextOp | LogoOp) -> tuple[tuple[float, float], ...]:
    """The contrasts that words need, each with the share of the ground it must hold for."""
    if not isinstance(part, TextOp) or part.name == "brand":
        return _LOGO
    return _LARGE if part.block and part.block.size >= _LARGE_SIZE else _SMALL


def _line_boxes(part: TextOp | LogoOp) -> list[tuple[int, int, int, int]]:
    if not isinstance(part, TextOp) or part.block is None:
        return [part.rect.pixels()]
    rect, block = part.rect, part.block
    return [
        Rect(
            rect.right - line.width if part.rtl else rect.x,
            rect.y + index * block.pitch,
            line.width,
            block.pitch,
        ).pixels()
        for index, line in enumerate(block.lines)
    ]


def _rising(height: int, needs: list[tuple[int, int, float]]) -> list[float]:
    """A scrim's alpha for each row, from nothing above the words to its deepest at the bottom."""
    if not needs:
        return [0.0] * height
    first = min(top for top, _, _ in needs)
    least = min(_DEEPEST, 2 * _DEEPEST * (1 - first / height))
    deepest = max(least, *(need + 0.02 for _, _, need in needs))
    at_first = least * _ease((first / height - _HIGHEST) / (1 - _HIGHEST))
    for top, _, need in needs:
        below = _ease((top - first) / (height - first))
        at_first = max(at_first, (need - deepest * below) / (1 - below))
    reach = max(first - height * _HIGHEST, height * _REACH)
    above = [at_first * _ease((y - first) / reach + 1) for y in range(first)]
    return above + [
        min(at_first + (deepest - at_first) * _ease((y - first) / (height - first)), 1.0)
        for y in range(first, height)
    ]


def _falling(height: int, needs: list[tuple[int, int, float]]) -> list[float]:
    """A scrim's alpha for each row, from its deepest at the top to nothing."""
    reach = height * _REACH + max((bottom for _, bottom, _ in needs), default=0)
    deepest = max((need / _ease(1 - bottom / reach) for _, bottom, need in needs), default=0.0)
    return [min(deepest, 1.0) * _ease(1 - y / reach) for y in range(height)]


def _needed(ground: Image.Image, color: Rgb, alpha: float, marks: tuple[tuple[float, float], ...]) -> float:
    """How much of a dark colour white words of an alpha need over a ground, from 0 to 1."""
    light = (
        ground.reduce((min(4, ground.width), min(4, ground.height)))
        .point(_LINEAR_BYTES)
        .convert("L", (0.2126, 0.7152, 0.0722, 0))
        .histogram()
    )
    dark = sum(share * _LINEAR[value] for share, value in zip((0.2126, 0.7152, 0.0722), color, strict=True))
    need = 0.0
    for contrast, share in marks:
        # Words that let the ground through need a darker one; the exponent fits alphas from 0.7 up.
        bright, limit = _percentile(light, share) / 255, 1.05 * alpha**1.25 / contrast - 0.05
        if bright > max(limit, dark):
            grey = _gamma(bright)
            need = max(need, min((grey - _gamma(limit)) / (grey - _gamma(dark)), 1.0))
    return need


def _percentile(histogram: list[int], share: float) -> int:
    count, wanted = 0, share * sum(histogram)
    for value, number in enumerate(histogram):
        count += number
        if count >= wanted:
            return value
    return 255


def _gamma(linear: float) -> float:
    return linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def _text(canvas: Image.Image, op: TextOp, block: typeset.Block, brand: Brand) -> None:
    color, alpha = brand.color(op.color)
    rect = op.rect
    for index, line in enumerate(block.lines):
        x = rect.right - line.width if op.rtl else rect.x
        y = round(rect.y + block.baseline + index * block.pitch)
        _glyphs(canvas, line, x, y, color, alpha)


_raster = hb.RasterDraw()


def _glyphs(canvas: Image.Image, line: typeset.Line, x: float, y: int, color: Rgb, alpha: float) -> None:
    """Draw a line whose first pen position is `x`, on the baseline `y` (pixels from the top left)."""
    for glyph in line.glyphs:
        _raster.transform = (glyph.scale, 0, 0, glyph.scale, x + glyph.x, glyph.y)
        _raster.draw_glyph(glyph.font, glyph.id)
    image = _raster.render()
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


def _logo(canvas: Image.Image, op: LogoOp, brand: Brand) -> None:
    (red, green, blue), _ = brand.color(op.color)
    dark_words = red + green + blue < 384
    data = (brand.logo_dark if dark_words else brand.logo) or brand.logo or brand.logo_dark
    if data:
        left, top, right, bottom = op.rect.pixels()
        picture = _logo_picture(data, (right - left, bottom - top))
        canvas.paste(picture, (left, top), picture.getchannel("A"))


@lru_cache(maxsize=16)
def _logo_picture(data: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
