"""How a newsroom looks on its cards: its colours by role, and its logos."""

import io
from functools import lru_cache
from typing import NamedTuple

from PIL import Image

from syndication.cards import contrast, photo
from syndication.cards.ops import LogoOp
from syndication.config import Colors

Rgb = tuple[int, int, int]

_BOARD = 0.7
"""The share of its picture that a logo with a ground of its own fills at least; a disc fills 0.79, letters half."""

_LARGEST = 1600  # pixels each way, of a square one: no card shows it larger, and a worker keeps it in memory
_LETTERS = 0.05  # of such a logo's pixels: what stands on its ground is as much at least


class Brand(NamedTuple):
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

    def logo_aspect(self, role: str) -> float | None:
        """How wide the logo is for a height of 1 where words are of that colour; None if there is none."""
        logo = self._file(role)
        return _aspect(logo) if logo else None

    def agency_aspect(self) -> float | None:
        """How wide the agency's logo is for a height of 1; None if there is none."""
        return _aspect(self.agency) if self.agency else None

    def contrast_within(self, op: LogoOp) -> float:
        """The contrast of a logo that brings its own ground, as letters on a disc do; 0 of all others."""
        logo = self._logo(op)
        return _contrast_within(logo[0]) if logo else 0

    def ink(self, op: LogoOp) -> tuple[Rgb, float]:
        """The colour that most of a logo is of, by its luminance, and 1 for its alpha: as `color` tells of words."""
        logo = self._logo(op)
        return (_middle(logo[0]), 1.0) if logo else self.color(op.color)

    def picture(self, op: LogoOp) -> Image.Image | None:
        """The logo that stands there, RGBA of its size; None if the brand has none."""
        logo = self._logo(op)
        return _picture(*logo) if logo else None

    def _file(self, role: str) -> bytes | None:
        """The logo where words are of a colour: the one for it, or the other one if that can be told there as well."""
        (red, green, blue), _ = self.color(role)
        if red + green + blue < 384:
            return self.logo_dark or self._readable(self.logo, "paper")
        return self.logo or self._readable(self.logo_dark, "night")

    def _readable(self, logo: bytes | None, ground: str) -> bytes | None:
        if not logo:
            return None
        lights = contrast.luminance(_middle(logo)), contrast.luminance(self.colors[ground])
        return logo if max(contrast.ratio(*lights), _contrast_within(logo)) >= contrast.MARK else None

    def _logo(self, op: LogoOp) -> tuple[bytes, tuple[int, int]] | None:
        left, top, right, bottom = op.rect.pixels()
        data = self.agency if op.agency else self._file(op.color)
        return (data, (right - left, bottom - top)) if data else None


@lru_cache(maxsize=64)
def palette(told: Colors, accent: str, *, dark: bool) -> dict[str, Rgb]:
    """A newsroom's colours by role, where the accent is that of the story's section."""
    colors = {**dict(told), "accent": accent, "white": "#ffffff", "black": "#000000"}
    if dark:
        colors |= {"paper": colors["night"], "ink": colors["paper"]}
    rgb = {role: _rgb(value) for role, value in colors.items()}
    bright = contrast.lightened(rgb["accent"], rgb["night"])
    if dark:
        return {**rgb, "accent": bright, "accent_bright": bright, "accent_deep": bright}
    return {**rgb, "accent_bright": bright, "accent_deep": _deepened(rgb["accent"], rgb["paper"])}


def _rgb(value: str) -> Rgb:
    red, green, blue = bytes.fromhex(value.removeprefix("#"))
    return red, green, blue


def _deepened(color: Rgb, ground: Rgb) -> Rgb:
    """A colour as small words can have it on a light ground: of the same hue, and darker as far as they need."""
    for share in range(100, 0, -2):
        red, green, blue = (value * share // 100 for value in color)
        if (
            contrast.ratio(contrast.luminance((red, green, blue)), contrast.luminance(ground))
            >= contrast.SMALL
        ):
            return red, green, blue
    return 0, 0, 0


@lru_cache(maxsize=32)
def _aspect(logo: bytes) -> float:
    picture = _trimmed(logo)
    return picture.width / picture.height


@lru_cache(maxsize=4)
def _trimmed(logo: bytes) -> Image.Image:
    """A logo without what is see-through around it, so that it stands on the margin and is as large as is asked."""
    with photo.opened(io.BytesIO(logo), "the logo") as image:
        picture = image.convert("RGBA")
    picture = picture.crop(picture.getchannel("A").getbbox())
    if picture.width * picture.height > _LARGEST**2:
        picture.thumbnail((_LARGEST, _LARGEST), Image.Resampling.LANCZOS)
    return picture


@lru_cache(maxsize=16)
def _picture(data: bytes, size: tuple[int, int]) -> Image.Image:
    return _trimmed(data).resize(size, Image.Resampling.LANCZOS)


@lru_cache(maxsize=32)
def _contrast_within(logo: bytes) -> float:
    counts, picture = _greys(logo), _trimmed(logo)
    if sum(counts) < _BOARD * picture.width * picture.height:
        return 0
    dark, middle, light = (
        contrast.luminance(_grey(counts, share)) for share in (_LETTERS, 0.5, 1 - _LETTERS)
    )
    return max(contrast.ratio(dark, middle), contrast.ratio(light, middle))


@lru_cache(maxsize=32)
def _middle(logo: bytes) -> Rgb:
    """The grey of the middle one of a logo's solid pixels."""
    return _grey(_greys(logo), 0.5)


@lru_cache(maxsize=32)
def _greys(logo: bytes) -> list[int]:
    """How many of a logo's solid pixels are of each of 256 greys."""
    picture = _trimmed(logo)
    solid = picture.getchannel("A").point(lambda alpha: 255 * (alpha > 127))
    return picture.convert("L").histogram(solid)


def _grey(counts: list[int], share: float) -> Rgb:
    """The grey that a share of the pixels are no lighter than."""
    left = sum(counts) * share
    for value, count in enumerate(counts):
        left -= count
        if left <= 0:
            return value, value, value
    return 0, 0, 0
