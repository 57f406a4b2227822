"""How a newsroom looks on its cards: its colours by role, and its logos."""

import io
from functools import lru_cache
from typing import NamedTuple

from PIL import Image

from syndication.cards.ops import LogoOp

Rgb = tuple[int, int, int]


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

    def ink(self, op: LogoOp) -> tuple[Rgb, float]:
        """The colour that most of a logo is of, by its luminance, and 1 for its alpha: as `color` tells of words."""
        logo = self._logo(op)
        return (_middle(*logo), 1.0) if logo else self.color(op.color)

    def picture(self, op: LogoOp) -> Image.Image | None:
        """The logo that stands there, RGBA of its size; None if the brand has none."""
        logo = self._logo(op)
        return _picture(*logo) if logo else None

    def _logo(self, op: LogoOp) -> tuple[bytes, tuple[int, int]] | None:
        (red, green, blue), _ = self.color(op.color)
        dark_words = red + green + blue < 384
        data = (self.logo_dark if dark_words else self.logo) or self.logo or self.logo_dark
        left, top, right, bottom = op.rect.pixels()
        if data := self.agency if op.agency else data:
            return data, (right - left, bottom - top)
        return None


@lru_cache(maxsize=16)
def _picture(data: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGBA").resize(size, Image.Resampling.LANCZOS)


@lru_cache(maxsize=16)
def _middle(data: bytes, size: tuple[int, int]) -> Rgb:
    """The grey of the middle one of a picture's solid pixels."""
    picture = _picture(data, size)
    solid = picture.getchannel("A").point(lambda alpha: 255 * (alpha > 127))
    counts = picture.convert("L").histogram(solid)
    left = sum(counts) / 2
    for value, count in enumerate(counts):
        left -= count
        if left <= 0:
            return value, value, value
    return 0, 0, 0
