"""What kind of file it is that somebody sent as a photo, told by its first bytes and never by its name."""

import io
import re
from functools import lru_cache
from importlib.util import find_spec
from typing import BinaryIO

from syndication.errors import PhotoError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF")
ADVICE = "Send a JPEG, PNG, WebP, GIF, TIFF or AVIF photo of at most 100 megapixels."

_HEAD = 4096
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_MOST_READS = 200_000  # a photo of 100 MB takes some ten thousand
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_VIDEO_BRANDS = {b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"3gp4", b"3gp5"}
_BEGINNINGS = {
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript drawing",
    b"\xc5\xd0\xd3\xc6": "a PostScript drawing",
    b"8BPS": "a Photoshop file",
    b"BM": "a BMP picture",
    b"\0\0\1\0": "an icon",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\x1f\x8b": "a packed file",
    b"PK\3\4": "a ZIP archive",
    b"\x1aE\xdf\xa3": "a video",
}


class Reader(io.BufferedReader):
    """A file that is not read in endless small steps: Pillow goes through its segments, chunks or blocks one by one."""

    _reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file. Raises OSError after too many calls."""
        self._reads += 1
        if self._reads > _MOST_READS:
            raise OSError("it is in too many pieces")
        return super().read(size)


def openers(file: BinaryIO, name: str) -> tuple[str, ...]:
    """The formats, in Pillow's words, that a file may be opened as; what it is not is never tried.

    `name` is for messages. Raises PhotoError for what is known to be no photo, with what it is.
    """
    head = file.read(_HEAD)
    file.seek(0)
    if head.startswith(
        (_JPEG, _PNG)
    ):  # as nearly all photos and logos do: to look at them as text takes longer than all else here
        return FORMATS
    brands = _brands(head)
    if brands & _HEIC_BRANDS and not brands & {b"avif", b"avis"}:
        if not _heic_opens():
            raise PhotoError(
                f"{name}: a HEIC photo, which is not opened here",
                "To have them opened: pip install 'syndication[heic]'. Or send it as JPEG.",
            )
        return ("HEIF",)
    if _is_svg(head):
        raise PhotoError(
            f"{name}: an SVG drawing, which may hold scripts and call other sites",
            "It is never opened, whatever its name. Export it as PNG.",
        )
    if what := _known(head, brands):
        raise PhotoError(f"{name}: {what}, not a photo", ADVICE)
    return FORMATS


def scans(file: BinaryIO) -> int:
    """In how many scans a JPEG file comes; 1 only of a baseline one with all its colours in its first scan.

    Of any other, libjpeg holds the whole photo's coefficients, however small it is to be decoded, and goes through all
    of them once for each scan.
    """
    file.seek(2)
    baseline, colours = False, b""
    while len(marker := file.read(4)) == 4 and marker[0] == 0xFF:
        kind, length = marker[1], int.from_bytes(marker[2:]) - 2
        if kind == 0xFF:  # padding before a marker
            file.seek(-3, 1)
        elif 0xC0 <= kind <= 0xC2:  # start of frame: depth, height, width, number of colours
            baseline, colours = kind != 0xC2, file.read(max(length, 0))[5:6]
        elif kind == 0xDA:  # start of scan: number of colours
            if file.read(1) == colours and baseline:
                return 1
            # Within a scan the marker's bytes never follow each other (ITU T.81, F.1.2.3).
            return 2 + file.read().count(b"\xff\xda")
        else:
            file.seek(max(length, 0), 1)
    return 2


def _brands(head: bytes) -> set[bytes]:
    """The brands of a file of the ISO base media format (ISO/IEC 14496-12, 4.3), in which HEIC and AVIF come."""
    if head[4:8] != b"ftyp":
        return set()
    box = head[8 : min(int.from_bytes(head[:4]), _HEAD)]
    return {box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}


def _is_svg(head: bytes) -> bool:
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    return bool(
        re.match(r"[\ufeff\s]*<", text) and re.search(r"<(?:[\w-]+:)?svg[\s>/:]|<!DOCTYPE\s+svg", text, re.I)
    )


def _known(head: bytes, brands: set[bytes]) -> str:
    """What a file is that is no photo, in an editor's words; empty if it may be one."""
    if brands & _VIDEO_BRANDS and not brands & {b"avif", b"avis"}:
        return "a video"
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|\?xml)", head, re.I):
        return "a web page or another text"
    return next((what for beginning, what in _BEGINNINGS.items() if head.startswith(beginning)), "")


@lru_cache(maxsize=1)
def _heic_opens() -> bool:
    """Whether the extra for HEIC is installed; then Pillow can open it from now on."""
    if find_spec("pillow_heif") is None:
        return False
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener(thumbnails=False)
    return True
