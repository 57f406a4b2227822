"""Decoded pixels of whatever mode -> RGB in sRGB."""

import io
from collections.abc import Callable
from functools import lru_cache, partial

from PIL import Image

Rgb = tuple[int, int, int]

_LONGEST_PROFILE = 8 << 20  # bytes; those of printing presses are up to three million long
_STRIP = 256  # rows

# What undoes each EXIF orientation (EXIF 2.32, 4.6.4, tag 0x0112).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The image turned as its EXIF orientation, 1 to 8, asks."""
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def plain(image: Image.Image, factor: int, paper: Rgb) -> Image.Image:
    """The image at a whole fraction of its size, in one of the modes RGB, L, CMYK or LAB; see-through parts show paper.

    It is done in strips: a large image is in memory once, whatever its mode.
    """
    if factor <= 1 and image.mode in ("RGB", "L", "CMYK", "LAB") and "transparency" not in image.info:
        return image
    rows = factor * max(1, _STRIP // factor)
    whole = None
    for top in range(0, image.height, rows):
        strip = _solid(image.crop((0, top, image.width, min(top + rows, image.height))), paper)
        strip = strip.reduce(factor) if factor > 1 else strip
        if whole is None:
            whole = Image.new(strip.mode, (strip.width, -(-image.height // factor)))
        whole.paste(strip, (0, top // factor))
    assert whole is not None  # noqa: S101 - no image is without rows
    return whole


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Through the photo's own ICC profile where it has a usable one, else as its mode is usually meant."""
    if 0 < len(profile) <= _LONGEST_PROFILE and (convert := _conversion(profile, image.mode)):
        return convert(image) or image
    return image if image.mode == "RGB" else image.convert("RGB")


def mapped(image: Image.Image, table: list[int]) -> Image.Image:
    """The image with each value of its channels replaced by what stands there in a table of 256 for each channel.

    As `Image.point` does in the end: it rounds each number of the table first, which takes four times as long.
    """
    image.load()
    return image._new(image.im.point(table, None))


def _solid(image: Image.Image, paper: Rgb) -> Image.Image:
    """The image without palette, see-through pixels or 16-bit depth."""
    if image.mode in ("I;16", "I;16B"):
        return _eight_bit(image)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _flat(image.convert("RGBA"), paper)
    if image.mode in ("RGB", "L", "CMYK", "LAB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey to eight: the high byte of each pixel."""
    raw = image.tobytes("raw", "I;16B" if image.mode == "I;16B" else "I;16")
    return Image.frombytes("L", image.size, raw[0 if image.mode == "I;16B" else 1 :: 2])


def _flat(image: Image.Image, paper: Rgb) -> Image.Image:
    ground = Image.new("RGB", image.size, paper)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


@lru_cache(maxsize=8)
def _conversion(profile: bytes, mode: str) -> Callable[[Image.Image], Image.Image | None] | None:
    """From a profile to sRGB; None if the profile is sRGB itself, damaged, or for another kind of image."""
    from PIL import ImageCms  # not paid for by photos without a profile

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "sRGB" in (ImageCms.getProfileDescription(opened) or ""):
            return None
        transform = ImageCms.buildTransform(
            opened,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            # As in the programs that photos are prepared with: a press's black becomes the screen's.
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        return partial(ImageCms.applyTransform, transform=transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
