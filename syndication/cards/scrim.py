"""What darkens a photo behind light words: just as far as they need on this photo, and as little elsewhere."""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

from syndication.cards import contrast
from syndication.cards.brand import Brand, Rgb
from syndication.cards.ops import LogoOp, Rect, ScrimOp, TextOp
from syndication.cards.simd import darken, spread

Box = tuple[int, int, int, int]
Need = tuple[Box, float]

_DEEPEST = 0.8  # at the bottom edge, under words that take half the photo and need no more
_HIGHEST = 0.45  # of the photo's height: where it starts if no words begin higher
_SOFT = (0.11, 0.065)  # of the photo's width and height: a quarter of the way on which it eases to nothing
_GRAIN = 8  # pixels of the photo to one of the mask that is blurred
_SPARE = 1.04  # more contrast than is asked for, as the mask is coarse and pixels are rounded


def lay(canvas: Image.Image, op: ScrimOp, brand: Brand, deeper: float = 0) -> None:
    """Darken the photo in `op.rect` behind the words of `op`, by `deeper` (0 to 1) more than they seem to need.

    The dark grows from the edge and from the side where words start, and eases to nothing around them, so that the
    rest of the photo stays as it was taken.
    """
    color, _ = brand.color(op.color)
    left, top, right, bottom = op.rect.pixels()
    size = right - left, bottom - top
    mask = _shade(size, _needs(canvas, op, brand, color, deeper), op)
    if box := mask.getbbox():
        grain = mask.height / size[1]
        first, last = int(box[1] / grain), min(int(box[3] / grain) + 1, size[1])
        part = (0, first * grain, mask.width, min(last * grain, mask.height))
        place, black = (left, top + first), color == (0, 0, 0)
        shade = ImageChops.invert(mask) if black else mask
        shade = spread(shade, (size[0], last - first), part)
        if black:
            darken(canvas, place, shade)
        else:
            canvas.paste(color, place, shade)


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


def _ease(share: float) -> float:
    """From 0 to 1 with a soft start and end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _needs(canvas: Image.Image, op: ScrimOp, brand: Brand, color: Rgb, deeper: float) -> list[Need]:
    """For each line of words on the photo: its box from the photo's top left, and the alpha it needs."""
    lines = [(part, box) for part in op.words for line in part.lines() if (box := _common(line, op.rect))]
    if not lines:
        return []
    ground = contrast.Ground(canvas, [part.rect.pixels() for part in op.words])
    x, y = op.rect.pixels()[:2]
    needs = []
    for part, (left, top, right, bottom) in lines:
        ink, alpha = brand.color(part.color)
        blocks = ground.under((left, top, right, bottom))
        need = max(
            _needed(contrast.brightest(blocks, share), contrast.lightest(ink, alpha, mark * _SPARE), color)
            for mark, share in _marks(part, canvas.width)
        )
        needs.append(((left - x, top - y, right - x, bottom - y), min(need + deeper, 1.0)))
    return needs


def _marks(part: TextOp | LogoOp, width: int) -> list[tuple[float, float]]:
    """The contrasts that words need, each with the part of the ground it must hold for.

    Half of what large letters stand on contrasts as much as small ones need: they are shown small as well.
    """
    wanted = contrast.wanted(part, width)
    large = isinstance(part, TextOp) and part.name != "brand" and wanted == contrast.LARGE
    return [(wanted, contrast.SHARE), *([(contrast.SMALL, 0.5)] if large else [])]


def _needed(bright: float, limit: float, color: Rgb) -> float:
    """How much of a colour brings a luminance down to a limit, from 0 to 1; as sRGB's values are mixed."""
    dark = contrast.luminance(color)
    if bright <= max(limit, dark):
        return 0.0
    light = contrast.gamma(bright)
    return min((light - contrast.gamma(limit)) / (light - contrast.gamma(dark)), 1.0)


def _common(line: Rect, photo: Rect) -> Box | None:
    """The part of a line that stands on the photo, in whole pixels; None if none does."""
    one, other = line.pixels(), photo.pixels()
    left, top, right, bottom = (
        max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])
    )  # fmt: skip
    return (left, top, right, bottom) if left < right and top < bottom else None
