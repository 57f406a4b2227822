"""Photos as they come -> RGB pixels of the story's picture: checked before decoding, turned upright, in sRGB.

Nothing of a photo's metadata goes with them; what it says of its rights, `rights` reads.
"""

import hashlib
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageFile, UnidentifiedImageError

from syndication.cards import cicp, crop, kinds, pixels
from syndication.cards.simd import scaled
from syndication.errors import PhotoError

MAX_PIXELS = 100_000_000
# Where a photo cannot be decoded at a fraction of its size it is in memory as a whole, at up to 4 bytes a pixel, and
# some decoders hold it once or twice more: by kind, what stays within 300 MB (measured 2026-11 with Pillow 13).
_MOST_WHOLE = 40_000_000
_MOST_SCANS = 40  # encoders make about ten; each takes up to 30 ms of a photo that is as large as can be
_MOST = {"WEBP": 13_000_000, "AVIF": 25_000_000, "HEIF": 25_000_000}

_WHITE = 230  # of 255: what is as light as that, or lighter

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


def size(image: Image.Image) -> tuple[int, int]:
    """The width and height in pixels, upright, of a photo that is `opened`."""
    return image.size if _orientation(image) < 5 else image.size[::-1]


def digest(path: Path) -> str:
    """The SHA-256 of a photo's bytes, in hex. Raises OSError."""
    whole, piece = hashlib.sha256(), bytearray(1 << 16)  # so small that it stays in the processor's cache
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(piece):
            whole.update(memoryview(piece)[:count])
    return whole.hexdigest()


class Source(NamedTuple):
    """A decoded photo: upright, in one of the modes RGB, L, CMYK or LAB, not yet in sRGB."""

    image: Image.Image
    profile: bytes
    interest: crop.Interest

    def cover(self, size: tuple[int, int], covered: Sequence[crop.Box] = ()) -> Image.Image:
        """The part of the photo that covers `size` pixels and keeps what is of interest; RGB in sRGB.

        `covered` are the boxes that words will cover, as shares of the part.
        """
        box = crop.window(self.image.size, size, self.interest, covered)
        return pixels.to_srgb(scaled(self.image, size, box), self.profile)

    def is_white(self) -> bool:
        """Whether most of its lower part, on which words stand, is white or nearly so, as of snow or in a studio.

        What would have to be darkened for light words there is no longer white.
        """
        small = pixels.to_srgb(self.image.resize((48, 30), Image.Resampling.NEAREST), self.profile)
        light = small.convert("L").crop((0, 12, 48, 30)).histogram()
        return sum(light[_WHITE:]) > sum(light) / 2

    def subjects(self, size: tuple[int, int], covered: Sequence[crop.Box] = ()) -> list[tuple[str, crop.Box]]:
        """What is sure to matter in the part that `cover` takes: a focal point or faces, each named.

        The boxes are shares of the part, and reach beyond it where it leaves something out.
        """
        told = self.interest
        if not (told.focal or told.faces):
            return []  # where the photo's middle is of most interest, nothing is lost that anybody named
        left, top, right, bottom = crop.window(self.image.size, size, told, covered)
        (across, down), (width, height) = self.image.size, (right - left, bottom - top)
        named = [("focal point", (*told.focal, *told.focal))] if told.focal else []
        named += [] if told.focal else [("face", face) for face in told.faces]
        return [
            (
                name,
                (
                    (x * across - left) / width,
                    (y * down - top) / height,
                    (to_x * across - left) / width,
                    (to_y * down - top) / height,
                ),
            )
            for name, (x, y, to_x, to_y) in named
        ]


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
        width, height = size(image)
        scale = max(max(across / width, down / height) for across, down in targets)
        wanted = round(image.width * scale + 0.5), round(image.height * scale + 0.5)
        if scale < 1:  # libjpeg can leave out what would be thrown away: an eighth, quarter or half the size
            image.draft(None, wanted)
        _check_pixels(image, str(path), _MOST_WHOLE)
        image.load()
        profile = image.info["icc_profile"]
        factor = max(1, min(image.width // wanted[0], image.height // wanted[1]))
        picture = pixels.upright(pixels.plain(image, factor, paper), orientation)
        picture.info = {}  # Pillow would write a comment in it into the card
    interest = crop.Interest(focal) if focal else crop.look(_preview(picture, profile))
    return Source(picture, profile, interest)


@contextmanager
def opened(source: Path | io.BytesIO, name: str = "") -> Iterator[ImageFile.ImageFile]:
    """Open a photo whatever it holds. All that a decoder may raise on hostile bytes becomes a PhotoError."""
    name = name or str(source)
    try:
        with warnings.catch_warnings(), ExitStack() as stack:
            # Pillow warns at 89 megapixels and stops at 179; our own limits stand below.
            warnings.simplefilter("ignore")
            raw = source.open("rb", buffering=0) if isinstance(source, Path) else source
            file = stack.enter_context(kinds.Reader(raw))
            image = stack.enter_context(Image.open(file, formats=kinds.openers(file, name)))
            _check_pixels(image, name, _most(image, file, name))
            if image.mode not in _MODES:
                raise PhotoError(f"{name}: its pixels are of an unusual kind ({image.mode})", kinds.ADVICE)
            icc = image.info.get("icc_profile")
            image.info["icc_profile"] = cicp.profile(
                file, image.format or "", name, icc if isinstance(icc, bytes) else b""
            )
            yield image
    except PhotoError:
        raise
    except Image.DecompressionBombError:
        raise PhotoError(f"{name}: it has too many pixels", kinds.ADVICE) from None
    except FileNotFoundError:
        raise PhotoError(f"{name}: no such file") from None
    except PermissionError:
        raise PhotoError(
            f"{name}: it may not be read", "Allow it to the user that syndicate runs as."
        ) from None
    except UnidentifiedImageError:
        raise PhotoError(
            f"{name}: not a photo of a kind that can be used, or damaged", kinds.ADVICE
        ) from None
    except Exception as error:  # decoders raise nearly anything, from SyntaxError to struct.error
        raise PhotoError(
            f"{name}: damaged, or cut off: {error}",
            "Send it again, or another one; it may have been half sent.",
        ) from None


def _most(image: ImageFile.ImageFile, file: BinaryIO, name: str) -> int:
    """How many pixels a photo of its kind may have."""
    if image.format not in ("JPEG", "MPO"):
        return _MOST.get(image.format or "", _MOST_WHOLE)
    scans = kinds.scans(file)
    if scans > _MOST_SCANS:
        raise PhotoError(
            f"{name}: a JPEG in {scans} scans, which takes too long to read", "Save it as a baseline JPEG."
        )
    return MAX_PIXELS if scans == 1 else _MOST_WHOLE


def _check_pixels(image: Image.Image, name: str, most: int) -> None:
    if image.width * image.height > most:
        raise PhotoError(
            f"{name}: {image.width}x{image.height} pixels are too many;"
            f" {most // 1_000_000} megapixels is the limit for this kind of {image.format} file",
            "Send it as a baseline JPEG of at most 100 megapixels, or smaller.",
        )


def _orientation(image: Image.Image) -> int:
    """How the pixels are to be turned: the EXIF orientation, 1 to 8, and 1 where the EXIF is damaged or missing."""
    if image.format in ("TIFF", "HEIF"):  # their readers turn them
        return 1
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # the EXIF is as hostile as the rest, and its reader may raise nearly anything
        return 1
    return value if value in range(1, 9) else 1


def _preview(image: Image.Image, profile: bytes) -> Image.Image:
    """The image, or a small one if it is to be converted, as RGB or L."""
    if image.mode in ("RGB", "L"):
        return image
    small = crop.fitting(image.size, crop.LARGEST)
    return pixels.to_srgb(image.resize(small, Image.Resampling.BOX), profile)
