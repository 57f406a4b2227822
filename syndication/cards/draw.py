"""A laid-out card -> pixels -> JPEG. Pillow is the canvas; HarfBuzz rasterises the glyphs."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, PngImagePlugin

from syndication.cards import glyphs, photo, typeset
from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, Rect, ScrimOp, TextOp
from syndication.errors import CardError

MAX_BYTES = 300 * 1024
_QUALITY = 85

Rgb = tuple[int, int, int]
Need = tuple[tuple[int, int, int, int], float]

_DEEPEST = 0.8  # of a scrim, at the bottom edge, under words that take half the photo and need no more
_HIGHEST = 0.45  # of the photo's height: where a scrim starts if no words begin higher
_SOFT = (
    0.11,
    0.065,
)  # of the photo's width and height: a quarter of the way on which a scrim eases to nothing
_GRAIN = 8  # pixels of the photo to one of the mask that is blurred
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
    """Colours by role, the accent being the story's section's, the logo for light words and for dark, an agency's."""

    colors: dict[str, Rgb]
    logo: bytes | None = None
    logo_dark: bytes | None = None
    agency: bytes | None = None

    @property
    def logos(self) -> tuple[bytes | None, ...]:
        """Every picture in it."""
        return self.logo, self.logo_dark, self.agency

    def color(self, role: str) -> tuple[Rgb, float]:
        """The colour and its alpha, 0 to 1."""
        name, _, share = role.partition(" ")
        return self.colors[name], float(share.rstrip("%")) / 100 if share else 1.0


def draw(
    ops: Sequence[Op],
    size: tuple[int, int],
    brand: Brand,
    source: photo.Source | None,
) -> Image.Image:
    """Paint a card. `ops` are in order; `source` may be None if none of them is a photo."""
    words = [op.rect for op in ops if isinstance(op, TextOp | LogoOp)]
    canvas = Image.new("RGB", size, brand.colors["paper"])
    for op in ops:
        match op:
            case FillOp():
                _fill(canvas, op, brand)
            case PhotoOp() if source:
                _photo(canvas, op, source, words)
            case ScrimOp():
                _scrim(canvas, op, brand)
            case TextOp(block=typeset.Block() as block):
                _text(canvas, op, block, brand)
            case LogoOp():
                _logo(canvas, op, brand)
    return canvas


def encode(image: Image.Image, xmp: bytes = b"", most: int = MAX_BYTES) -> bytes:
    """The picture as JPEG with an XMP packet, of quality 85, or the best that stays within `most` bytes.

    Raises CardError if none does.
    """
    if len(data := _jpeg(image, _QUALITY, xmp)) <= most:
        return data
    fitting, low, high = b"", 5, _QUALITY - 1
    while low <= high:
        middle = (low + high) // 2
        if len(data := _jpeg(image, middle, xmp)) <= most:
            fitting, low = data, middle + 1
        else:
            high = middle - 1
    if not fitting:
        raise CardError(
            f"a picture of {image.width}x{image.height} pixels does not fit in {most // 1024} KB"
        )
    return fitting


def encode_png(image: Image.Image, xmp: bytes = b"") -> bytes:
    """The picture as PNG with an XMP packet."""
    out, told = io.BytesIO(), PngImagePlugin.PngInfo()
    if xmp:
        told.add_itxt("XML:com.adobe.xmp", xmp.decode())
    image.save(out, "PNG", pnginfo=told, compress_level=3)
    return out.getvalue()


def _jpeg(image: Image.Image, quality: int, xmp: bytes) -> bytes:
    # Measured on a photo card (2026-11): optimised Huffman tables save a tenth of 66 KB and take 4.3 ms, not 1.7;
    # whole chroma adds a fifth and 2 ms, and networks halve it again.
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling="4:2:0", xmp=xmp)
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


def _photo(canvas: Image.Image, op: PhotoOp, source: photo.Source, words: Sequence[Rect]) -> None:
    left, top, right, bottom = op.rect.pixels()
    covered = [share for rect in words if (share := rect.within(op.rect))]
    picture = source.cover((right - left, bottom - top), covered)
    canvas.paste(picture, (left, top), _disc(picture.size) if op.round else None)


@lru_cache(maxsize=8)
def _disc(size: tuple[int, int]) -> Image.Image:
    big = Image.new("L", (size[0] * 4, size[1] * 4))
    ImageDraw.Draw(big).ellipse((0, 0, big.width - 1, big.height - 1), fill=255)
    return big.resize(size, Image.Resampling.BOX)


def _ease(share: float) -> float:
    """From 0 to 1 with a soft start and end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _scrim(canvas: Image.Image, op: ScrimOp, brand: Brand) -> None:
    """Darken a photo behind light words, just as far as they need on this photo, and as little elsewhere.

    The dark grows from the edge and from the side where words start, and eases to nothing around them, so that the
    rest of the photo stays as it was taken.
    """
    color, _ = brand.color(op.color)
    left, top, right, bottom = op.rect.pixels()
    size = right - left, bottom - top
    mask = _shade(size, _needs(canvas, op, brand, color), op)
    if box := mask.getbbox():
        grain = mask.height / size[1]
        first, last = int(box[1] / grain), min(int(box[3] / grain) + 1, size[1])
        part = (0, first * grain, mask.width, min(last * grain, mask.height))
        shade = mask.resize((size[0], last - first), Image.Resampling.BILINEAR, part)
        canvas.paste(color, (left, top + first), shade)


def _shade(size: tuple[int, int], needs: Sequence[Need], op: ScrimOp) -> Image.Image:
    """The scrim's mask at a fraction of its size, and at least as dark as each line needs where the line stands."""
    width, height = (max(1, round(side / _GRAIN)) for side in size)
    across, down = (max(1, round(share * side)) for share, side in zip(_SOFT, (width, height), strict=True))
    # Drawn with room around it, so that the blur finds the same dark beyond the edges.
    room = 2 * max(across, down) + 2
    mask = Image.new("L", (width + 2 * room, height + 2 * room))
    for (left, top, right, bottom), need in sorted(needs, key=lambda one: one[1]):
        x = left // _GRAIN - 2 * across - 2 + room, right // _GRAIN + 2 * across + 3 + room
        y = top // _GRAIN - 2 * down - 2 + room, bottom // _GRAIN + 2 * down + 3 + room
        if op.edge == "top":  # as skies are: all the way across
            box = (0, 0, mask.width, y[1])
        else:
            box = (max(x[0], 0), y[0], mask.width, mask.height) if op.rtl else (0, y[0], x[1], mask.height)
        mask.paste(min(255, round(255 * (need and need + 0.02))), box)
    # Two passes of a box blur reach as far as the boxes were drawn larger, so that behind the words nothing is lost.
    for _ in range(2):
        mask = mask.filter(ImageFilter.BoxBlur((across, down)))
    mask = mask.crop((room, room, room + width, room + height))
    if op.edge == "bottom" and needs:
        mask = ImageChops.lighter(mask, _grounding(mask.size, min(box[1] for box, _ in needs) / size[1]))
    return mask


def _grounding(size: tuple[int, int], first: float) -> Image.Image:
    """What darkens the bottom of any photo, more under words that begin higher, at `first` of the height."""
    deepest = min(_DEEPEST, 2 * _DEEPEST * (1 - first))
    ramp = [deepest * _ease(((y + 0.5) / size[1] - _HIGHEST) / (1 - _HIGHEST)) for y in range(size[1])]
    column = Image.frombytes("L", (1, size[1]), bytes(round(255 * value) for value in ramp))
    return column.resize(size, Image.Resampling.NEAREST)


def _needs(canvas: Image.Image, op: ScrimOp, brand: Brand, color: Rgb) -> list[Need]:
    """For each line of words on the photo: its box from the photo's top left, and the alpha it needs."""
    photo_box, needs = op.rect.pixels(), list[Need]()
    for part in op.words:
        _, alpha = brand.color(part.color)
        for box in _line_boxes(part):
            left, top = max(box[0], photo_box[0]), max(box[1], photo_box[1])
            right, bottom = min(box[2], photo_box[2]), min(box[3], photo_box[3])
            if left < right and top < bottom:
                need = _needed(canvas.crop((left, top, right, bottom)), color, alpha, _marks(part))
                x, y = photo_box[:2]
                needs.append(((left - x, top - y, right - x, bottom - y), need))
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
        glyphs.paint(canvas, line, x, y, color, alpha)


def _logo(canvas: Image.Image, op: LogoOp, brand: Brand) -> None:
    (red, green, blue), _ = brand.color(op.color)
    dark_words = red + green + blue < 384
    data = (brand.logo_dark if dark_words else brand.logo) or brand.logo or brand.logo_dark
    if data := brand.agency if op.agency else data:
        left, top, right, bottom = op.rect.pixels()
        picture = _logo_picture(data, (right - left, bottom - top))
        canvas.paste(picture, (left, top), picture.getchannel("A"))


@lru_cache(maxsize=16)
def _logo_picture(data: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
