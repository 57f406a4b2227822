"""How well words can be told from what stands behind them: WCAG 2.2's contrast, measured on pixels."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Any

from PIL import Image

from syndication.cards import pixels
from syndication.cards.ops import LogoOp, TextOp

Rgb = tuple[int, int, int]
Box = tuple[int, int, int, int]

GRAIN = 4
"""Pixels of a card, each way, that are measured as one: about a pixel of the screen where cards are shown, and finer
than the stroke of a headline's letters."""

SHARE = 0.995
"""The part of the ground behind a line of words that must contrast with them. What is left out is five such blocks
behind a headline: less than a stroke of one letter. A photo's single sparks are not to darken all of it."""

_WEIGHTS = (0.2126, 0.7152, 0.0722)
_LINEAR = [(v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4) for v in range(256)]
_LINEAR_BYTES = [round(value * 255) for value in _LINEAR] * 3


SMALL, LARGE, MARK = 4.5, 3.0, 3.0
"""What WCAG 2.2 asks of words (1.4.3), of large ones, and of what is no word (1.4.11), which we ask of logos too."""

_LARGE_SIZE = 18.66
"""CSS pixels, of bold letters, as headlines are. Counted where cards stand in a page on a computer, as WCAG does: a
phone shows them smaller and is held nearer."""

_COLUMN = 506  # CSS pixels: a card's width in such a page


def wanted(part: TextOp | LogoOp, width: int) -> float:
    """The contrast that words or a logo on a card of a width in pixels must have."""
    if isinstance(part, LogoOp) or part.name == "brand":
        return MARK
    return LARGE if part.block and part.block.size * _COLUMN / width >= _LARGE_SIZE else SMALL


def luminance(color: Rgb) -> float:
    """WCAG 2.2's relative luminance of an sRGB colour, 0 to 1."""
    return sum(share * _LINEAR[value] for share, value in zip(_WEIGHTS, color, strict=True))


def ratio(one: float, other: float) -> float:
    """WCAG 2.2's contrast of two relative luminances, 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@lru_cache(maxsize=64)
def lightened(color: Rgb, ground: Rgb) -> Rgb:
    """A colour as small words can have it on a dark ground: brighter, and beyond that paler, as far as they need."""
    white = 255, 255, 255
    red, green, blue = (value * 255 // max(1, *color) for value in color)
    brightest = red, green, blue
    for start, end in ((color, brightest), (brightest, white)):
        for share in range(0, 101, 4):
            red, green, blue = (a + (b - a) * share // 100 for a, b in zip(start, end, strict=True))
            if ratio(luminance((red, green, blue)), luminance(ground)) >= SMALL:
                return red, green, blue
    return white


def gamma(linear: float) -> float:
    """A luminance as a share of sRGB's scale, on which colours are mixed."""
    return linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def linear(share: float) -> float:
    """The luminance of a grey on sRGB's scale, 0 to 1."""
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


class Ground:
    """The luminances of a picture's blocks of GRAIN pixels, in some boxes of it (pixels) or in all of it.

    They are measured when this is made: what is painted later is not seen.
    """

    def __init__(self, picture: Image.Image, boxes: Iterable[Box] = ()) -> None:
        parts = [_widened(box, picture.size) for box in boxes] or [(0, 0, *picture.size)]
        small = {
            part: picture.reduce(GRAIN, part) for part in parts if part[0] < part[2] and part[1] < part[3]
        }
        # One under the other, as to begin with a picture takes longer than to go through these.
        size = (
            max((one.width for one in small.values()), default=0),
            sum(one.height for one in small.values()),
        )
        column, tops = Image.new("RGB", size), [0, *accumulate(one.height for one in small.values())]
        for one, top in zip(small.values(), tops, strict=False):
            column.paste(one, (0, top))
        light = pixels.mapped(column, _LINEAR_BYTES).convert("L", (*_WEIGHTS, 0))
        self._found = dict[Box, list[int]]()
        self._lights = {
            part: light.crop((0, top, one.width, top + one.height))
            for (part, one), top in zip(small.items(), tops, strict=False)
        }

    def under(self, box: Box) -> list[int]:
        """How many blocks of each of 256 luminances stand in a box, in part or whole; none where all is unmeasured."""
        if box in self._found:  # words on a photo are looked at for their scrim and for what it made of them
            return self._found[box]
        most, found = 0, [0] * 256
        for (x, y, to_x, to_y), light in self._lights.items():
            left, top = max(box[0], x) - x, max(box[1], y) - y
            right, bottom = min(box[2], to_x) - x, min(box[3], to_y) - y
            if right > left and bottom > top and (right - left) * (bottom - top) > most:
                most = (right - left) * (bottom - top)
                part = left // GRAIN, top // GRAIN, -(-right // GRAIN), -(-bottom // GRAIN)
                found = light.crop(part).histogram()
        self._found[box] = found
        return found


def _widened(box: Box, size: tuple[int, int]) -> Box:
    """A box from the first of its blocks on, and within the picture."""
    left, top = max(box[0], 0), max(box[1], 0)
    return left - left % GRAIN, top - top % GRAIN, min(box[2], size[0]), min(box[3], size[1])


def brightest(blocks: list[int], part: float = SHARE) -> float:
    """The luminance that all but the brightest of the blocks, or a lesser part of them, keep within, 0 to 1."""
    above = list(accumulate(reversed(blocks)))
    return max(255 - bisect_right(above, (1 - part) * above[-1]), 0) / 255


def least(blocks: list[int], color: Rgb, alpha: float) -> float:
    """The contrast that words of a colour and alpha keep to all but the worst blocks."""
    contrasts, worst_first = _worst_first(color, alpha)
    worse = list(accumulate(worst_first(blocks)))
    at = bisect_right(worse, (1 - SHARE) * worse[-1])
    return contrasts[at] if at < len(contrasts) else 21.0


@lru_cache(maxsize=64)
def lightest(color: Rgb, alpha: float, contrast: float) -> float:
    """The greatest luminance of a ground on which light words of a colour and alpha have a contrast."""
    fitting = [value for value, found in enumerate(_contrasts(color, alpha)) if found >= contrast]
    dark = [value for value in fitting if value / 255 < luminance(color)]
    return max(dark, default=0) / 255


@lru_cache(maxsize=64)
def _worst_first(
    color: Rgb, alpha: float
) -> tuple[tuple[float, ...], Callable[[Sequence[Any]], tuple[Any, ...]]]:
    """The contrasts of words over the 256 luminances, the least first, and what takes 256 counts in that order."""
    contrasts = _contrasts(color, alpha)
    worst_first = itemgetter(*sorted(range(256), key=contrasts.__getitem__))
    return worst_first(contrasts), worst_first


@lru_cache(maxsize=64)
def _contrasts(color: Rgb, alpha: float) -> tuple[float, ...]:
    """The contrast of words over each of the 256 luminances. What shows through is mixed in."""
    ink = gamma(luminance(color))
    return tuple(
        ratio(linear(ink * alpha + gamma(value / 255) * (1 - alpha)), value / 255) for value in range(256)
    )
