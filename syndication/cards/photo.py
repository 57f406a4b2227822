"""Photos as they come -> RGB pixels of the story's picture: checked before decoding, turned upright, in sRGB.

Nothing of a photo's metadata goes with them; what it says of its rights, `rights` reads.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from syndication.cards import crop
from syndication.errors import PhotoError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF")
MAX_PIXELS = 100_000_000

_ADVICE = "Send a JPEG, PNG, WebP, GIF, TIFF or AVIF photo of at most 100 megapixels."
_MODES = {
    "1",
    "L",
    "LA",
    "La",
    "P",
    "PA",
    "RGB",
    "RGBA",
    "RGBa",
    "RGBX",
    "CMYK",
    "YCbCr",
    "LAB",
    "I;16",
    "I;16B",
}


def probe(path: Path) -> None:
    """Check that a file is a photo we can take, without decoding it.

    Raises PhotoError, in words for an editor, if it is none, its header is damaged, or it has too many pixels.
    """
    with opened(path):
        pass


def probe_bytes(data: bytes) -> None:
    """As `probe`, for a photo in memory."""
    with opened(io.BytesIO(data), "the photo"):
        pass


def size(path: Path) -> tuple[int, int]:
    """A photo's width and height in pixels, upright. Raises PhotoError."""
    with opened(path) as image:
        return image.size if _orientation(image) < 5 else image.size[::-1]


def digest(path: Path) -> str:
    """The SHA-256 of a photo's bytes, in hex. Raises PhotoError."""
    probe(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Source:
    """A decoded photo: upright, in one of the modes RGB, L, CMYK or LAB, not yet in sRGB."""

    image: Image.Image
    profile: bytes
    interest: crop.Interest

    def cover(self, size: tuple[int, int], covered: Sequence[crop.Box] = ()) -> Image.Image:
        """The part of the photo that covers `size` pixels and keeps what is of interest; RGB in sRGB.

        `covered` are the boxes that words will cover, as shares of the part.
        """
        box = crop.window(self.image.size, size, self.interest, covered)
        return _to_srgb(self.image.resize(size, Image.Resampling.BICUBIC, box), self.profile)


def load(
    path: Path,
    targets: list[tuple[int, int]],
    paper: tuple[int, int, int],
    focal: tuple[float, float] | None = None,
) -> Source:
    """Decode a photo no larger than the boxes in `targets` (pixels) need; what is see-through shows `paper`.

    Crops keep the `focal` point, told as shares of width and height; what they keep else is looked for in the photo.
    Raises PhotoError.
    """
    with opened(path) as image:
        orientation = _orientation(image)
        width, height = image.size if orientation < 5 else image.size[::-1]
        scale = max(max(across / width, down / height) for across, down in targets)
        if scale < 1:  # libjpeg can leave out what would be thrown away: an eighth, quarter or half the size
            image.draft(None, (round(image.width * scale + 0.5), round(image.height * scale + 0.5)))
        image.load()
        profile = image.info.get("icc_profile") or b""
        profile = profile if isinstance(profile, bytes) else b""
        upright = ImageOps.exif_transpose(image) if orientation != 1 else image
        solid = _solid(upright, paper)
        interest = crop.Interest(focal) if focal else crop.look(_preview(solid, profile))
        return Source(solid, profile, interest)


@contextmanager
def opened(source: Path | BinaryIO, name: str = "") -> Iterator[ImageFile.ImageFile]:
    """Open a photo whatever it holds. All that a decoder may raise on hostile bytes becomes a PhotoError."""
    name = name or str(source)
    try:
        with warnings.catch_warnings():
            # Pillow warns at 89 megapixels and stops at 179; our own limit stands between.
            warnings.simplefilter("ignore")
            with Image.open(source, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PhotoError(f"{name}: {image.width}x{image.height} pixels are too many", _ADVICE)
                if image.mode not in _MODES:
                    raise PhotoError(f"{name}: its pixels are of an unusual kind ({image.mode})", _ADVICE)
                yield image
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError(f"{name}: it has too many pixels", _ADVICE) from None
    except FileNotFoundError:
        raise PhotoError(f"{name}: no such file") from None
    except UnidentifiedImageError:
        raise PhotoError(f"{name}: not a photo of a kind that can be used, or damaged", _ADVICE) from None
    except Exception as error:  # decoders raise nearly anything, from SyntaxError to struct.error
        raise PhotoError(f"{name}: damaged, or cut off: {error}", _ADVICE) from None


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or the EXIF is damaged, as the pixels may be sound."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # the EXIF is as hostile as the rest, and its reader may raise nearly anything
        return 1
    return value if value in range(1, 9) else 1


def _solid(image: Image.Image, paper: tuple[int, int, int]) -> Image.Image:
    """The image without palette, see-through pixels or 16-bit depth."""
    if image.mode in ("I;16", "I;16B"):
        return _eight_bit(image)
    if image.mode in ("RGB", "L", "CMYK", "LAB"):
        return image if "transparency" not in image.info else _flat(image.convert("RGBA"), paper)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _flat(image.convert("RGBA"), paper)
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey to eight: the high byte of each pixel."""
    raw = image.tobytes("raw", "I;16B" if image.mode == "I;16B" else "I;16")
    return Image.frombytes("L", image.size, raw[0 if image.mode == "I;16B" else 1 :: 2])


def _flat(image: Image.Image, paper: tuple[int, int, int]) -> Image.Image:
    ground = Image.new("RGB", image.size, paper)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _preview(image: Image.Image, profile: bytes) -> Image.Image:
    """The image, or a small one if it is to be converted, as RGB or L."""
    if image.mode in ("RGB", "L"):
        return image
    small = crop.fitting(image.size, crop.LARGEST)
    return _to_srgb(image.resize(small, Image.Resampling.BOX), profile)


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Through the photo's own ICC profile where it has a usable one, else as its mode is usually meant."""
    transform = _transform(profile, image.mode) if profile else None
    if transform is not None:
        return ImageCms.applyTransform(image, transform) or image
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> Any:
    """From a profile to sRGB; None if the profile is sRGB itself, damaged, or for another kind of image."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "sRGB" in (ImageCms.getProfileDescription(opened) or ""):
            return None
        return ImageCms.buildTransform(
            opened, ImageCms.createProfile("sRGB"), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
