"""A laid-out card -> pixels. Pillow is the canvas; HarfBuzz rasterises the glyphs."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from PIL import Image

from syndication.cards import glyphs, photo, scrim, typeset
from syndication.cards.brand import Brand
from syndication.cards.ops import FillOp, LogoOp, Op, PhotoOp, Rect, ScrimOp, TextOp


def ground(
    ops: Sequence[Op],
    size: tuple[int, int],
    brand: Brand,
    source: photo.Source | None,
    deeper: float = 0,
) -> Image.Image:
    """Paint all of a card but its words and logos, scrims `deeper` (0 to 1) than words seem to need.

    `ops` are in order; `source` may be None if none of them is a photo.
    """
    standing = [op.rect for op in ops if isinstance(op, TextOp | LogoOp)]
    start, canvas = _start(ops, size, brand, source, standing)
    even = start == 0 or isinstance(ops[start - 1], FillOp)
    for group in _together(ops[start:]):
        match group[0]:
            case FillOp() as op:
                _fill(canvas, op, brand, even=even)
                even = even and op.rect.pixels()[1::2] == (0, size[1])
            case PhotoOp() as op if source:
                _photo(canvas, op, source, standing)
                even = False
            case ScrimOp():
                scrim.lay(canvas, [op for op in group if isinstance(op, ScrimOp)], brand, deeper)
    return canvas


def _start(
    ops: Sequence[Op], size: tuple[int, int], brand: Brand, source: photo.Source | None, words: Sequence[Rect]
) -> tuple[int, Image.Image]:
    """How many operations nobody sees, as the last one that covers a card hides them, and a canvas with that one."""
    for at, op in reversed([*enumerate(ops, 1)]):
        match op:
            case _ if op.rect.pixels() != (0, 0, *size):
                continue
            case FillOp(fade=0) if (color := brand.color(op.color))[1] == 1:
                return at, Image.new("RGB", size, color[0])
            case PhotoOp(round=False) if source:
                return at, source.cover(size, _covered(op, words))
    return 0, Image.new("RGB", size, brand.colors["paper"])


def _together(ops: Sequence[Op]) -> Iterator[list[Op]]:
    """Operations one by one, but scrims of one colour on one photo together, as they are painted in one go."""
    for _, group in groupby(ops, lambda op: (op.rect, op.color) if isinstance(op, ScrimOp) else id(op)):
        yield list(group)


def words(canvas: Image.Image, ops: Sequence[Op], brand: Brand) -> None:
    """Paint a card's words and logos on its ground: last, as nothing stands over them."""
    for op in ops:
        match op:
            case TextOp(block=typeset.Block() as block):
                _text(canvas, op, block, brand)
            case LogoOp():
                _logo(canvas, op, brand)


def _fill(canvas: Image.Image, op: FillOp, brand: Brand, *, even: bool) -> None:
    """Paint a colour; if all rows of the canvas are still alike, one tells all, in a tenth of the time."""
    color, alpha = brand.color(op.color)
    box = left, top, right, bottom = op.rect.pixels()
    if alpha == 1 and not op.fade:
        canvas.paste(color, box)
        return
    size = right - left, bottom - top
    row = _ramp(size[0], op.fade, alpha, op.towards)
    if even:
        strip = canvas.crop((left, top, right, top + 1))
        strip.paste(color, (0, 0), row)
        canvas.paste(strip.resize(size, Image.Resampling.NEAREST), box)
    else:
        canvas.paste(color, (left, top), row.resize(size, Image.Resampling.NEAREST))


@lru_cache(maxsize=32)
def _ramp(width: int, fade: float, alpha: float, towards: str) -> Image.Image:
    """One row of a mask that is of an alpha and eases to nothing over the last `fade` pixels on one side."""
    ramp = [alpha * (_ease((width - x - 0.5) / fade) if fade else 1) for x in range(width)]
    row = bytes(round(255 * value) for value in (reversed(ramp) if towards == "left" else ramp))
    return Image.frombytes("L", (width, 1), row)


def _photo(canvas: Image.Image, op: PhotoOp, source: photo.Source, words: Sequence[Rect]) -> None:
    left, top, right, bottom = op.rect.pixels()
    picture = source.cover((right - left, bottom - top), _covered(op, words))
    canvas.paste(picture, (left, top), _disc(picture.size) if op.round else None)


def _covered(op: PhotoOp, words: Sequence[Rect]) -> list[tuple[float, float, float, float]]:
    """Which shares of a photo words stand over."""
    return [share for rect in words if (share := rect.within(op.rect))]


def subjects(ops: Sequence[Op], source: photo.Source | None) -> Iterator[tuple[str, Rect, Rect]]:
    """Focal points and faces on a card: the name of each, its box, and that of the photo, which may cut it."""
    words = [op.rect for op in ops if isinstance(op, TextOp | LogoOp)]
    for op in ops:
        if source and isinstance(op, PhotoOp):
            left, top, right, bottom = op.rect.pixels()
            frame = Rect(left, top, right - left, bottom - top)
            for name, (x, y, to_x, to_y) in source.subjects(
                (right - left, bottom - top), _covered(op, words)
            ):
                width, height = (to_x - x) * frame.width, (to_y - y) * frame.height
                yield name, Rect(left + x * frame.width, top + y * frame.height, width, height), frame


@lru_cache(maxsize=8)
def _disc(size: tuple[int, int]) -> Image.Image:
    from PIL import ImageDraw  # not paid for by cards that have none

    big = Image.new("L", (size[0] * 4, size[1] * 4))
    ImageDraw.Draw(big).ellipse((0, 0, big.width - 1, big.height - 1), fill=255)
    return big.resize(size, Image.Resampling.BOX)


def _ease(share: float) -> float:
    """From 0 to 1 with a soft start and end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _text(canvas: Image.Image, op: TextOp, block: typeset.Block, brand: Brand) -> None:
    color, alpha = brand.color(op.color)
    for index, (line, box) in enumerate(zip(block.lines, op.lines(), strict=True)):
        y = round(op.rect.y + block.baseline + index * block.pitch)
        glyphs.paint(canvas, line, box.x, y, color, alpha)


def _logo(canvas: Image.Image, op: LogoOp, brand: Brand) -> None:
    if picture := brand.picture(op):
        canvas.paste(picture, op.rect.pixels()[:2], picture.getchannel("A"))
