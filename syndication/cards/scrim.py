"""What darkens a photo behind light words: just as far as they need on this photo, and as little elsewhere."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from PIL import Image, ImageChops, ImageOps

from syndication.cards import contrast
from syndication.cards.brand import Brand, Rgb
from syndication.cards.ops import LogoOp, Rect, ScrimOp, TextOp
from syndication.cards.simd import darken, spread

Box = tuple[int, int, int, int]
Need = tuple[Box, float]

_DEEPEST = 0.8  # at the bottom edge, under words that take half the photo and need no more
_HIGHEST = 0.45  # of the photo's height: where it starts if no words begin higher
# Of the photo's height: the way on which it eases to nothing; a longer one from the top, where skies are, in which an
# end shows.
_SOFT = {"bottom": 0.3, "top": 0.44}
# Beyond the words' end: the way on which it gets lighter, a longer one beyond those that end early, and what is left
# of it there.
_FADE, _SLOW_FADE, _LEFT = 0.35, 0.55, 0.15
_FAR = 0.55  # of the photo's width: what starts beyond it (a credit) is no part of the words that start at the side
_GRAIN = 8  # pixels of the photo to one row of the mask
_SPARE = 1.04  # more contrast than is asked for, as the mask is coarse and pixels are rounded


def lay(canvas: Image.Image, ops: Sequence[ScrimOp], brand: Brand, deeper: float = 0) -> None:
    """Darken a photo in one colour behind the words of its scrims, by `deeper` (0 to 1) more than they seem to need.

    The dark eases in before the words begin, grows towards the edge, and gets lighter beyond the words' end.
    """
    color, _ = brand.color(ops[0].color)
    left, top, right, bottom = ops[0].rect.pixels()
    size = right - left, bottom - top
    ground = contrast.Ground(canvas, [part.rect.pixels() for op in ops for part in op.words])
    mask, *others = (_shade(size, _needs(ground, op, brand, canvas.width, deeper), op) for op in ops)
    for other in others:
        mask = ImageChops.screen(mask, other)
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
    if op.edge == "top":
        return _column(height, needs, op.edge).resize((width, height), Image.Resampling.NEAREST)
    spans = [(size[0] - box[2], size[0] - box[0]) if op.rtl else (box[0], box[2]) for box, _ in needs]
    near = [
        (need, end / size[0])
        for need, (start, end) in zip(needs, spans, strict=True)
        if start < size[0] * _FAR
    ]
    widest = max((end for _, end in near), default=0.0)
    mask = Image.new("L", (width, height))
    # Lines that end early, such as a label, leave the light to what stands beside them.
    for short in (False, True):
        group = [(need, end) for need, end in near if (end < widest / 2) is short]
        if group:
            light = _lightening(width, max(end for _, end in group), _SLOW_FADE if short else _FADE)
            column = _column(height, [need for need, _ in group], op.edge).resize(
                (width, height), Image.Resampling.NEAREST
            )
            row = (ImageOps.mirror(light) if op.rtl else light).resize(
                (width, height), Image.Resampling.NEAREST
            )
            mask = ImageChops.lighter(mask, ImageChops.multiply(column, row))
    others = [need for need, (start, _) in zip(needs, spans, strict=True) if start >= size[0] * _FAR]
    first = min((box[1] for box, _ in needs), default=size[1]) / size[1]
    deep = min(_DEEPEST, 2 * _DEEPEST * (1 - first)) if needs else 0.0
    ground = _as_column([deep * share for share in _grounding(height)])
    if others:
        ground = ImageChops.lighter(_column(height, others, op.edge), ground)
    return ImageChops.lighter(mask, ground.resize((width, height), Image.Resampling.NEAREST))


def _column(height: int, needs: Sequence[Need], edge: str) -> Image.Image:
    """One column of the mask: how dark each row must be, growing towards the edge."""
    rows, reverse = [0.0] * height, edge == "top"
    for (_, top, _, bottom), need in needs:
        for y in range(top // _GRAIN, min(bottom // _GRAIN + 1, height)):
            rows[y] = max(rows[y], need and need + 0.02)
    rows = _softened(
        list(accumulate(rows[::-1] if reverse else rows, max)), max(1, round(_SOFT[edge] * height / 2))
    )
    return _as_column(rows[::-1] if reverse else rows)


def _as_column(rows: Sequence[float]) -> Image.Image:
    return Image.frombytes("L", (1, len(rows)), bytes(min(255, round(255 * row)) for row in rows))


def _lightening(width: int, end: float, fade: float) -> Image.Image:
    """One row of the mask: whole as far as words reach, at `end` of the width, and less beyond them."""
    first, last = (min(max(int(at * width + 0.5), 0), width) for at in (end + 0.02, end + 0.02 + fade))
    easing = [1 - (1 - _LEFT) * _ease(((x - 0.5) / width - end - 0.02) / fade) for x in range(first, last)]
    row = [255] * first + [round(255 * share) for share in easing] + [round(255 * _LEFT)] * (width - last)
    return Image.frombytes("L", (width, 1), bytes(row))


def _softened(rows: list[float], reach: int) -> list[float]:
    """Rows that grow, growing gently: each at least what it was, from twice `reach` rows before it is needed."""
    for _ in range(2):
        sums = [0.0, *accumulate([*rows, *[rows[-1]] * reach])]
        rows = [(end - start) / (reach + 1) for start, end in zip(sums, sums[reach + 1 :], strict=False)]
    return rows


@lru_cache(maxsize=32)
def _grounding(height: int) -> tuple[float, ...]:
    """How the bottom of any photo darkens, row by row, as shares of how dark its last row gets."""
    return tuple(_ease(((y + 0.5) / height - _HIGHEST) / (1 - _HIGHEST)) for y in range(height))


def _ease(share: float) -> float:
    """From 0 to 1 with a soft start and end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)


def _needs(ground: contrast.Ground, op: ScrimOp, brand: Brand, width: int, deeper: float) -> list[Need]:
    """For each line of words on the photo: its box from the photo's top left, and the alpha it needs."""
    words = [
        part
        for part in op.words
        if isinstance(part, TextOp) or brand.contrast_within(part) < contrast.MARK  # it brings its own ground
    ]
    lines = [(part, box) for part in words for line in part.lines() if (box := _common(line, op.rect))]
    (color, _), (x, y) = brand.color(op.color), op.rect.pixels()[:2]
    needs = []
    for part, (left, top, right, bottom) in lines:
        ink, alpha = brand.color(part.color)
        blocks = ground.under((left, top, right, bottom))
        need = max(
            _needed(contrast.brightest(blocks, share), contrast.lightest(ink, alpha, mark * _SPARE), color)
            for mark, share in _marks(part, width)
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
