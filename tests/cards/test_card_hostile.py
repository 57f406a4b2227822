"""Photos made to do harm: none ends the process that reads it, holds it up, or fills its memory."""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import damage
import pytest
from pictures import KINDS, PAPER, chunk, halves, saved
from PIL import Image

from syndication.cards import photo
from syndication.errors import PhotoError

MOST_SECONDS, MOST_MEGABYTES = 2, 300
KINDS_DAMAGED = ["JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF"]


def read_apart(*arguments: object) -> dict[str, Any]:
    """Have photos read in a process of their own; what that took. A crash fails the test and names the file."""
    run = subprocess.run(
        [sys.executable, "-W", "error", damage.__file__, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, f"file {run.stderr.splitlines()[-1:]} ended the process: {run.stderr[-2000:]}"
    told: dict[str, Any] = json.loads(run.stdout)
    assert set(told["outcomes"]) <= {"drawn", "refused"}
    assert told["slowest"] < MOST_SECONDS
    assert told["peak"] < MOST_MEGABYTES
    return told


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS_DAMAGED)
def test_a_thousand_damaged_files_do_no_harm(kind: str) -> None:
    """Of 1,000 damaged files of a format each gives a picture or an error with its remedy, in 2 s and 300 MB."""
    if kind == "HEIF" and find_spec("pillow_heif") is None:
        pytest.skip("the extra `heic` is not installed")
    outcomes = read_apart(kind, 1000, 2026)["outcomes"]
    assert min(outcomes["drawn"], outcomes["refused"]) > 50  # the damage is neither too little nor too much


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_photos_cut_off_anywhere_are_refused(kind: str, tmp_path: Path) -> None:
    """A file cut off at any fiftieth of its length is refused, or whole but for bytes after its pixels."""
    data, whole = KINDS[kind], None
    for part in range(50, -1, -1):
        (tmp_path / "photo").write_bytes(data[: len(data) * part // 50])
        try:
            picture = photo.load(tmp_path / "photo", [(200, 150)], PAPER).cover((200, 150))
        except PhotoError as error:
            assert error.hint
        else:
            whole = whole or picture
            assert picture == whole, f"drawn differently with {part} of 50 parts"
    assert whole is not None


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1
    return data.replace(old, new)


def png(*chunks: bytes, side: int = 400, claimed: int = 0) -> bytes:
    """A sound PNG of `side` pixels, or one whose header claims others, with chunks before its pixels."""
    header = struct.pack(">IIBBBBB", claimed or side, claimed or side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side + 1) * side)
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *chunks, chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    )


def many_scans(scans: int) -> bytes:
    """A progressive JPEG of 40 megapixels that repeats its last scan: each goes through the whole picture."""
    data = saved(Image.new("L", (6300, 6300)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xc4", 0, data.rindex(b"\xff\xda")) : -2]
    return data[:-2] + last * scans + data[-2:]


def many_pages(pages: int) -> bytes:
    """A TIFF of one picture with many directories, the last of which leads back to the first."""
    data = saved(Image.new("L", (16, 16)), "TIFF")
    first = struct.unpack("<I", data[4:8])[0]
    (entries,) = struct.unpack("<H", data[first : first + 2])
    directory = data[first : first + 2 + 12 * entries]
    out = bytearray(data[: first + len(directory)])
    for _ in range(pages):
        out += struct.pack("<I", len(out) + 4) + directory
    return bytes(out) + struct.pack("<I", first)


def overlapping_tags(count: int, size: int) -> bytes:
    """EXIF whose many tags all hold the same long bytes: read one by one they would fill the memory."""
    start = 8 + 2 + 12 * count + 4
    tags = b"".join(struct.pack("<HHII", 0xA000 + n, 7, size, start) for n in range(count))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", count) + tags + b"\0\0\0\0" + b"x" * size


def said_larger(data: bytes, form: str) -> bytes:
    """The file with its 400 by 300 pixels, where they stand in this form, called 60000 by 60000."""
    old, new = struct.pack(form, 400, 300), struct.pack(form, 60000, 60000)
    return patched(data, old, new)


def said_larger_tiff(data: bytes) -> bytes:
    """The TIFF with its width and height, the tags 256 and 257, called 60000."""
    for tag, side in ((256, 400), (257, 300)):
        data = patched(data, struct.pack("<HHII", tag, 4, 1, side), struct.pack("<HHII", tag, 4, 1, 60000))
    return data


def wide_webp() -> bytes:
    """An extended WebP whose canvas is as large as it can be, around a small picture (RFC 9649, 2.7)."""
    data = saved(halves("RGBA"), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")
    at = data.index(b"VP8X") + 12
    return data[:at] + b"\xff\x3f\0\xff\x3f\0" + data[at + 6 :]


BOMBS: dict[str, Callable[[], bytes]] = {
    "png 60000x60000": lambda: png(claimed=60000),
    "png as large as can be": lambda: saved(Image.new("RGBA", (6300, 6300)), "PNG", compress_level=1),
    "webp as large as can be": lambda: saved(
        Image.new("RGBA", (3600, 3600)), "WEBP", lossless=True, quality=0
    ),
    "progressive jpeg as large as can be": lambda: saved(
        Image.new("RGB", (6300, 6300)), "JPEG", progressive=True, subsampling=0
    ),
    "png that lies in its header": lambda: png(claimed=6000),
    "png with a text of 200 MB": lambda: png(
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9))
    ),
    "png with a profile of 200 MB": lambda: png(
        chunk(b"iCCP", b"ICC\0\0" + zlib.compress(b"\0" * 200_000_000, 9))
    ),
    "png with XMP of 60 MB": lambda: png(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x>" * 20_000_000, 9))
    ),
    "png with ten thousand texts": lambda: png(*[chunk(b"tEXt", b"Comment\0" + b"x" * 500)] * 10_000),
    "png with overlapping tags": lambda: png(chunk(b"eXIf", overlapping_tags(5000, 300_000))),
    "jpeg with overlapping tags": lambda: saved(
        halves(), "JPEG", exif=b"Exif\0\0" + overlapping_tags(2500, 30_000)
    ),
    "jpeg in 1,000 scans": lambda: many_scans(1000),
    "jpeg in a million segments": lambda: KINDS["jpeg"][:2] + b"\xff\xfe\0\2" * 1_000_000 + KINDS["jpeg"][2:],
    "jpeg in two million markers": lambda: KINDS["jpeg"][:2] + b"\xff\xd0" * 2_000_000 + KINDS["jpeg"][2:],
    "png in a million chunks": lambda: png(chunk(b"teXt", b"") * 1_000_000),
    "gif with a million comments": lambda: KINDS["gif"].replace(
        b"\x2c\0\0\0\0", b"\x21\xfe\1x\0" * 1_000_000 + b"\x2c\0\0\0\0", 1
    ),
    "jpeg with 500 long comments": lambda: (
        KINDS["jpeg"][:2] + (b"\xff\xfe\xff\xff" + b"x" * 65533) * 500 + KINDS["jpeg"][2:]
    ),
    "webp with overlapping tags": lambda: saved(halves(), "WEBP", exif=overlapping_tags(5000, 300_000)),
    "webp with a giant canvas": lambda: wide_webp(),
    "gif 60000x60000": lambda: said_larger(KINDS["gif"], "<HH"),
    "gif with a frame outside its canvas": lambda: patched(
        KINDS["gif"], b"\x2c\0\0\0\0" + struct.pack("<HH", 400, 300), b"\x2c\x60\xea\x60\xea\x60\xea\x60\xea"
    ),
    "tiff 60000x60000": lambda: said_larger_tiff(KINDS["tiff"]),
    "tiff with 60,000 pages in a ring": lambda: many_pages(60_000),
    "tiff that leads back to itself": lambda: many_pages(0),
    "avif 60000x60000": lambda: said_larger(KINDS["avif"], ">II"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_do_no_harm(kind: str, tmp_path: Path) -> None:
    """Files that claim, unpack to, or lead to far more than they hold are read or refused in 2 s and 300 MB."""
    (tmp_path / "photo").write_bytes(BOMBS[kind]())
    outcomes = read_apart(tmp_path / "photo")["outcomes"]
    if any(word in kind for word in ("60000x60000", "giant", "lies", "million", "scans")):
        assert outcomes == {"refused": 1}
    if "as large as can be" in kind:
        assert outcomes == {"drawn": 1}


@pytest.mark.parametrize("kind", ["gif 60000x60000", "tiff 60000x60000", "png 60000x60000"])
def test_what_claims_too_much_is_refused_by_its_header(kind: str) -> None:
    """The claim alone is enough: nothing is decoded to find it out."""
    with pytest.raises(PhotoError, match="too many"):
        photo.probe_bytes(BOMBS[kind]())
