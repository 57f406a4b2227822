"""How a newsroom looks on its cards: its colours by role, and its logos."""

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from syndication.cards.ops import LogoOp

Rgb = tuple[int, int, int]


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

    def picture(self, op: LogoOp) -> Image.Image | None:
        """The logo that stands there, RGBA of its size; None if the brand has none."""
        (red, green, blue), _ = self.color(op.color)
        dark_words = red + green + blue < 384
        data = (self.logo_dark if dark_words else self.logo) or self.logo or self.logo_dark
        left, top, right, bottom = op.rect.pixels()
        if data := self.agency if op.agency else data:
            return _picture(data, (right - left, bottom - top))
        return None


@lru_cache(maxsize=16)
def _picture(data: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGBA").resize(size, Image.Resampling.LANCZOS)
